import { expect, test } from "vitest";
import { aToB, mirrorMakerV1 } from "../test/policies/manifests";
import { found } from "../test/policies/resources";

const secret = { secretName: "s", password: "p" };
const onA = (authentication: unknown) => aToB({}, { clusters: { a: { authentication }, b: {} } });
const said = (rule: string, one: ReturnType<typeof onA>) => found(rule, [one]).map(({ message }) => message);

test.each<[string, object, string]>([
  ["a user", { type: "scram-sha-512", passwordSecret: secret }, "username is missing"],
  ["a password", { type: "plain", username: "u" }, "passwordSecret is missing"],
  ["both", { type: "scram-sha-256" }, "username, spec.clusters[0].authentication.passwordSecret are missing"],
  ["an empty user", { type: "scram-sha-512", username: "", passwordSecret: secret }, "username is missing"],
  ["a certificate", { type: "tls" }, "certificateAndKey is missing"],
])("a login without %s is reported, because the operator refuses the mirror", (_what, authentication, missing) => {
  expect(said("field-refused", onA(authentication))).toEqual([
    expect.stringMatching(
      /spec\.clusters\[0\]\.authentication\.\w+.*the operator refuses the resource: it becomes NotReady/,
    ),
  ]);
  expect(said("field-refused", onA(authentication))[0]).toContain(missing);
});

test.each<[string, unknown]>([
  ["SCRAM", { type: "scram-sha-512", username: "u", passwordSecret: secret }],
  ["certificates", { type: "tls", certificateAndKey: { secretName: "s", certificate: "c", key: "k" } }],
  ["OAuth", { type: "oauth", accessToken: { secretName: "s", key: "k" } }],
  ["none", undefined],
])("a complete login is not reported: %s", (_what, authentication) => {
  expect(said("field-refused", onA(authentication))).toEqual([]);
});

test("a misspelt field of a login is reported once", () => {
  const one = onA({ type: "plain", username: "u", passwordSecrets: secret });
  expect(said("field-refused", one)).toEqual([]);
  expect(said("unknown-field", one)).toHaveLength(1);
});

test("a key that the operator drops from a custom login is reported", () => {
  const custom = (config: object) => mirrorMakerV1({ authentication: { type: "custom", sasl: true, config } }, [{}]);
  const good = { "sasl.mechanism": "AWS_MSK_IAM", "ssl.keystore.location": "/x" };
  expect(said("dropped-options", custom(good))).toEqual([]);
  expect(said("dropped-options", custom({ ...good, "security.protocol": "SASL_SSL" }))).toEqual([
    expect.stringMatching(/target\.authentication\.config "security\.protocol": .*only keys that begin with "sasl\."/),
  ]);
});
