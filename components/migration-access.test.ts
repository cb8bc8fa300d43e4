import * as kafka from "@pulumi/kafka";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test } from "vitest";
import { triggerOf } from "./migration/report";
import { Migration, type MigrationArgs } from "../index";
import { base64, opened, recordingMocks } from "../test/components/support/mocks";

let mocks: ReturnType<typeof recordingMocks>;
beforeEach(async () => {
  mocks = recordingMocks();
  await mocks.ready;
});

const operated = (side: string) => ({
  bootstrapServers: `${side}:9093`,
  operator: { cluster: side, namespace: `${side}-ns` },
});

/** Declares a migration from this origin and returns what it declared. */
async function declare(origin: MigrationArgs["origin"], more: Partial<MigrationArgs> = {}) {
  new Migration("m", { origin, target: operated("target"), ...more });
  await pulumi.runtime.disconnect();
  const inputs = (type: string, name: string) => opened(mocks.only(type).find((d) => d.name === name)?.inputs);
  const { spec } = inputs("KafkaMirrorMaker2", "m-mirror");
  return {
    inputs,
    source: more.dialect === "strimzi-v1beta2" ? spec.clusters[0] : spec.mirrors[0].source,
    target: spec.target,
  };
}

const mistakes = (origin: object, more: object = {}) => {
  try {
    new Migration("m", { origin, target: operated("target"), ...more } as never);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("mutual TLS", () => {
  test("with users of the operator: certificate and key are beside the mirror and in the connections", async () => {
    const { inputs, source, target } = await declare({
      ...operated("origin"),
      operator: { cluster: "origin", namespace: "origin-ns", authentication: "tls" },
    });
    for (const user of ["m-origin-user", "m-origin-administrator"])
      expect(inputs("KafkaUser", user).spec.authentication).toEqual({ type: "tls" });
    expect(inputs("KafkaUser", "m-target-user").spec.authentication).toEqual({ type: "scram-sha-512" });
    const own = {
      "user.crt": base64("certificate of origin-ns/mm2-credentials"),
      "user.key": base64("key of origin-ns/mm2-credentials"),
    };
    expect(inputs("core/v1:Secret", "m-origin-credentials").data).toEqual(own);
    expect(mocks.only("core/v1:Secret").find((d) => d.name === "m-origin-credentials")!.inputs.data).not.toEqual(own);
    expect(source).toMatchObject({
      authentication: {
        type: "tls",
        certificateAndKey: { secretName: "origin-cluster-credentials", certificate: "user.crt", key: "user.key" },
      },
      tls: { trustedCertificates: [{ secretName: "origin-cluster-ca-cert", certificate: "ca.crt" }] },
    });
    expect(target.authentication.type).toBe("scram-sha-512");
    expect(inputs(":Gate", "m-gate").originConnection).toEqual({
      bootstrapServers: "origin:9093",
      tls: {
        ca: "CA of origin-ns/origin-cluster-ca-cert",
        cert: "certificate of origin-ns/mm2-administrator",
        key: "key of origin-ns/mm2-administrator",
      },
    });
    expect(inputs(":Preflight", "m-privileges").mirrorOriginConnection.tls.key).toBe(
      "key of origin-ns/mm2-credentials",
    );
  });

  test("with existing users: certificate and key are beside the mirror and in the connections", async () => {
    const { inputs, source } = await declare({
      bootstrapServers: "origin:9093",
      ca: "PEM",
      given: { certificate: "C", key: "K" },
      administrator: { certificate: "AC", key: "AK" },
    });
    expect(inputs("core/v1:Secret", "m-origin-credentials").data).toEqual({
      "user.crt": base64("C"),
      "user.key": base64("K"),
    });
    expect(source.authentication.type).toBe("tls");
    expect(inputs(":Gate", "m-gate").originConnection).toEqual({
      bootstrapServers: "origin:9093",
      tls: { ca: "PEM", cert: "AC", key: "AK" },
    });
  });

  test("needs TLS, and both certificate and key", () => {
    const said = mistakes({
      bootstrapServers: "o:1",
      tls: false,
      given: { certificate: "C" },
      administrator: { certificate: "C", key: "K" },
    });
    expect(said).toContain("origin.given: certificate and key are both needed for TLS");
    expect(said).toContain("origin.administrator: a client certificate needs TLS, and tls is false");
    expect(
      mistakes({
        ...operated("origin"),
        tls: false,
        operator: { cluster: "o", namespace: "n", authentication: "tls" },
      }),
    ).toContain("origin.tls is false: users with client certificates need TLS");
    expect(
      mistakes({ ...operated("origin"), operator: { cluster: "o", namespace: "n", authentication: "mtls" } }),
    ).toContain(
      'origin.operator.authentication is "mtls" (did you mean "tls"?): it has to be one of scram-sha-512, tls',
    );
  });
});

describe("OAuth", () => {
  const administrator = { token: "admin-token" };
  const oauth = {
    type: "oauth",
    tokenEndpointUri: "https://idp/token",
    clientId: "mm2",
    clientSecret: { secretName: "mm2-oauth", key: "secret" },
  } as const;

  test("the workers request their tokens, the engine uses a given one, and no Secret contains either", async () => {
    const { inputs, source } = await declare(
      {
        bootstrapServers: "origin:9093",
        ca: "PEM",
        given: { token: "mirror-token", authentication: oauth },
        administrator,
      },
      { dialect: "strimzi-v1beta2" },
    );
    expect(source.authentication).toEqual(oauth);
    expect(inputs(":Gate", "m-gate").originConnection.sasl).toEqual({ mechanism: "OAUTHBEARER", token: "admin-token" });
    expect(inputs(":Preflight", "m-privileges").mirrorOriginConnection.sasl).toEqual({
      mechanism: "OAUTHBEARER",
      token: "mirror-token",
    });
    expect(mocks.only("core/v1:Secret").map((d) => d.name)).not.toContain("m-origin-credentials");
    expect(JSON.stringify(mocks.only("KafkaMirrorMaker2"))).not.toContain("mirror-token");
  });

  test("works in a dialect that has only type custom", async () => {
    const custom = { type: "custom", sasl: true, config: { "sasl.mechanism": "OAUTHBEARER" } } as const;
    const { source } = await declare({
      bootstrapServers: "origin:9093",
      ca: "PEM",
      given: { token: "t", authentication: custom },
      administrator,
    });
    expect(source.authentication).toEqual(custom);
  });

  test("reports what is missing and what the dialect does not have", () => {
    expect(mistakes({ bootstrapServers: "o:1", given: { token: "t" }, administrator })).toContain(
      "origin.given.authentication is missing: with OAUTHBEARER it says how the workers get their tokens (type custom",
    );
    expect(
      mistakes({ bootstrapServers: "o:1", given: { mechanism: "OAUTHBEARER", authentication: oauth }, administrator }),
    ).toContain("origin.given: token is missing for OAUTHBEARER");
    expect(
      mistakes({ bootstrapServers: "o:1", given: { token: "t", authentication: oauth }, administrator }),
    ).toContain('mirror: dialect strimzi-v1 has no authentication "oauth" (origin): use "custom"');
    expect(
      mistakes(
        { bootstrapServers: "o:1", given: { username: "u", password: "p", authentication: oauth }, administrator },
        { dialect: "strimzi-v1beta2" },
      ),
    ).toContain("origin.given.authentication is for OAUTHBEARER, but the mechanism is SCRAM-SHA-512");
  });
});

describe("names", () => {
  test("are used for users, Secrets, principals and the search for residue", async () => {
    const names = {
      user: "mm2-orders",
      administrator: "mm2-orders-admin",
      credentialsSecret: "orders-login",
      caSecret: "orders-ca",
    };
    const { inputs, source } = await declare({ ...operated("origin"), names });
    expect(inputs("KafkaUser", "m-origin-user").metadata.name).toBe("mm2-orders");
    expect(inputs("KafkaUser", "m-origin-administrator").metadata.name).toBe("mm2-orders-admin");
    expect(inputs("KafkaUser", "m-target-user").metadata.name).toBe("mm2-credentials");
    expect(inputs("core/v1:Secret", "m-origin-credentials").metadata.name).toBe("orders-login");
    expect(source).toMatchObject({
      authentication: { username: "mm2-orders", passwordSecret: { secretName: "orders-login" } },
      tls: { trustedCertificates: [{ secretName: "orders-ca" }] },
    });
    expect(inputs(":Gate", "m-gate").originConnection.sasl).toMatchObject({
      username: "mm2-orders-admin",
      password: "password of origin-ns/mm2-orders-admin",
    });
    const { look, kubernetes } = inputs(":Residue", "m-residue-on-destroy");
    expect(look.principals).toEqual({ origin: ["User:mm2-orders"], target: ["User:mm2-credentials"] });
    const places = kubernetes.flatMap((o: any) => o.places.map((p: any) => `${p.kind} ${p.namespace}/${p.name}`));
    expect(places).toEqual(
      expect.arrayContaining([
        "KafkaUser origin-ns/mm2-orders",
        "Secret origin-ns/mm2-orders",
        "Secret migration/orders-login",
        "Secret migration/orders-ca",
        "Secret migration/target-cluster-credentials",
      ]),
    );
    expect(places).not.toContain("Secret migration/origin-cluster-credentials");
  });

  test("include serverName, which the engine checks certificates against", async () => {
    const { inputs } = await declare({ ...operated("origin"), serverName: "broker.internal" });
    expect(inputs(":Gate", "m-gate").originConnection.tls).toEqual({
      ca: "CA of origin-ns/origin-cluster-ca-cert",
      serverName: "broker.internal",
    });
    expect(inputs(":Gate", "m-gate").targetConnection.tls).not.toHaveProperty("serverName");
  });
});

describe("users that are created through Kafka", () => {
  const kafkaOrigin = () => ({
    bootstrapServers: "origin:9093",
    ca: "PEM",
    kafka: { provider: new kafka.Provider("origin-kafka", { bootstrapServers: ["origin:9093"] }) },
    administrator: { username: "admin", password: "P" },
  });

  test("are created only if the name is free or the user accepts a taken one", async () => {
    const { inputs } = await declare(kafkaOrigin());
    expect(inputs(":UnclaimedUser", "m-origin-user-unclaimed")).toMatchObject({
      side: "origin",
      username: "mm2-credentials",
      accepted: false,
      connection: { sasl: { username: "admin", password: "P" } },
    });
    expect(JSON.stringify(mocks.only(":UnclaimedUser")[0]!.inputs)).toContain("4dabf18193072939515e22adb298388d");
  });

  test("use the given name", async () => {
    const { inputs } = await declare(
      { ...kafkaOrigin(), names: { user: "mm2-orders" } },
      { preflight: { accept: ["USER_TAKEN"] } },
    );
    expect(inputs(":UnclaimedUser", "m-origin-user-unclaimed")).toMatchObject({
      username: "mm2-orders",
      accepted: true,
    });
    expect(inputs("UserScramCredential", "m-origin-user").username).toBe("mm2-orders");
  });
});

describe("a cluster that allows everyone to use resources without ACLs", () => {
  const asked = async (more: Partial<MigrationArgs>) => {
    const { inputs } = await declare(operated("origin"), more);
    return ["administrator", "user"].map((part) => inputs(":Unclaimed", `m-origin-${part}-unclaimed`).cluster);
  };
  const looked = { name: "origin", everyoneByDefault: false };

  test("is checked before the administrator is created, and by preflight before the mirror's user", async () => {
    expect(await asked({})).toEqual([{ name: "origin" }, looked]);
  });

  test("can be declared with everyoneByDefault", async () => {
    expect(await asked({ preflight: { everyoneByDefault: { origin: true } } })).toEqual([
      { name: "origin", everyoneByDefault: true },
      looked,
    ]);
  });

  test("can be accepted with CLUSTER_OPEN", async () => {
    expect(await asked({ preflight: { accept: ["CLUSTER_OPEN"] } })).toEqual([looked, looked]);
  });
});

test("the report's trigger contains no secrets", () => {
  const of = (administrator: object) =>
    triggerOf({ origin: { administrator }, mirror: { tolerations: [{ key: "a" }] } });
  expect(of({ key: "K", token: "T", password: "P" })).toBe(of({ key: "other", token: "other", password: "other" }));
  expect(of({ username: "a" })).not.toBe(of({ username: "b" }));
  expect(triggerOf({ mirror: { tolerations: [{ key: "a" }] } })).not.toBe(
    triggerOf({ mirror: { tolerations: [{ key: "b" }] } }),
  );
});

describe("clusters without authentication", () => {
  const anonymous = { bootstrapServers: "origin:9092", anonymous: true, tls: false } as const;

  test("need no login, user, Secret or principal in plain text", async () => {
    const { inputs, source } = await declare(anonymous);
    expect(source).not.toHaveProperty("authentication");
    expect(source).not.toHaveProperty("tls");
    expect(inputs(":Gate", "m-gate").originConnection).toEqual({ bootstrapServers: "origin:9092" });
    expect(inputs(":Preflight", "m-privileges").mirrorOriginConnection).toEqual({ bootstrapServers: "origin:9092" });
    expect(
      mocks.declared.map((d) => d.name).filter((name) => /^m-origin-(user|administrator|credentials|ca)/.test(name)),
    ).toEqual([]);
    expect(inputs(":Residue", "m-residue-on-destroy").look.principals).toEqual({
      origin: [],
      target: ["User:mm2-credentials"],
    });
  });

  test("have the CA beside the mirror and in the engine's connection with TLS alone", async () => {
    const { inputs, source } = await declare({ bootstrapServers: "origin:9093", anonymous: true, ca: "PEM" });
    expect(source).not.toHaveProperty("authentication");
    expect(source.tls).toEqual({
      trustedCertificates: [{ secretName: "origin-cluster-ca-cert", certificate: "ca.crt" }],
    });
    expect(inputs(":Gate", "m-gate").originConnection).toEqual({ bootstrapServers: "origin:9093", tls: { ca: "PEM" } });
  });

  test("allow an administrator who logs in", async () => {
    const { inputs } = await declare({ ...anonymous, administrator: { username: "admin", password: "secret" } });
    expect(inputs(":Gate", "m-gate").originConnection.sasl).toMatchObject({ username: "admin" });
    expect(inputs(":Preflight", "m-privileges").mirrorOriginConnection).not.toHaveProperty("sasl");
  });

  test("report every TLS setting as unused in plain text", () => {
    const notUsed = (key: string) => `origin.${key} is not used: origin.tls is false; remove one of them`;
    const said = mistakes({ ...anonymous, ca: "PEM", serverName: "origin", names: { caSecret: "my-ca" } });
    for (const key of ["ca", "serverName", "names.caSecret"]) expect(said).toContain(notUsed(key));
    const operator = { cluster: "o", namespace: "n", caSecret: "their-ca" };
    expect(mistakes({ bootstrapServers: "o:1", tls: false, operator })).toContain(notUsed("operator.caSecret"));
  });

  test("report settings that contradict it", () => {
    const both = mistakes({ ...anonymous, operator: { cluster: "o", namespace: "n" } });
    expect(both).toContain(
      "origin: operator and anonymous are set, but exactly one of operator, kafka, given, anonymous must be",
    );
    expect(mistakes({ ...anonymous, anonymous: false })).toContain(
      "origin: none is set, but exactly one of operator, kafka, given, anonymous must be",
    );
    expect(mistakes({ ...anonymous, names: { user: "u" } })).toContain(
      "origin.names.user is not used: nobody logs in with anonymous",
    );
  });
});

describe("existing Secrets beside the mirror", () => {
  const existingSecrets = { credentials: true, ca: true };

  test("provide a given user's password, so no Secret is created or has to be gone at the end", async () => {
    const { inputs, source } = await declare({
      bootstrapServers: "origin:9093",
      existingSecrets,
      given: { username: "me" },
      administrator: { username: "a", password: "p" },
    });
    expect(
      mocks
        .only("core/v1:Secret")
        .map((d) => d.name)
        .filter((name) => name.startsWith("m-origin")),
    ).toEqual([]);
    expect(inputs(":Preflight", "m-privileges").mirrorOriginConnection).toEqual({
      bootstrapServers: "origin:9093",
      tls: { ca: "CA of migration/origin-cluster-ca-cert" },
      sasl: {
        mechanism: "SCRAM-SHA-512",
        username: "me",
        password: "password of migration/origin-cluster-credentials",
      },
    });
    expect(source).toMatchObject({
      authentication: {
        username: "me",
        passwordSecret: { secretName: "origin-cluster-credentials", password: "password" },
      },
      tls: { trustedCertificates: [{ secretName: "origin-cluster-ca-cert", certificate: "ca.crt" }] },
    });
    const places = inputs(":Residue", "m-residue-on-destroy").kubernetes.flatMap((o: any) =>
      o.places.map((p: any) => p.name),
    );
    expect(places).not.toContain("origin-cluster-credentials");
    expect(places).not.toContain("origin-cluster-ca-cert");
  });

  test("can be the operator's own if the mirror is in the cluster's namespace", async () => {
    const origin = {
      ...operated("origin"),
      existingSecrets,
      names: { credentialsSecret: "mm2-credentials", caSecret: "origin-cluster-ca-cert" },
    };
    const { source } = await declare(origin, { mirror: { namespace: "origin-ns" } });
    expect(
      mocks
        .only("core/v1:Secret")
        .map((d) => d.name)
        .filter((name) => name.startsWith("m-origin")),
    ).toEqual([]);
    expect(source.authentication.passwordSecret.secretName).toBe("mm2-credentials");
    expect(source.tls.trustedCertificates[0].secretName).toBe("origin-cluster-ca-cert");
  });

  test("are refused for credentials that only the stack knows or that nothing reads", () => {
    const administrator = { username: "a", password: "p" };
    const made = { bootstrapServers: "o:1", existingSecrets: { credentials: true }, administrator };
    const provider = new kafka.Provider("k", { bootstrapServers: ["o:1"] });
    const refused = "origin.existingSecrets.credentials is not used:";
    expect(mistakes({ ...made, kafka: { provider } })).toContain(
      `${refused} with kafka the user's password is created here`,
    );
    const tokenEndpoint = { url: "https://idp", clientId: "c", clientSecret: "s" };
    const authentication = { type: "custom", sasl: true, config: {} };
    for (const bearer of [{ token: "t" }, { tokenFile: "/run/token" }, { tokenEndpoint }]) {
      expect(mistakes({ ...made, given: { ...bearer, authentication } })).toContain(
        `${refused} a token is not for the workers`,
      );
    }
  });

  test("report settings that are not used", () => {
    const administrator = { username: "a", password: "p" };
    const given = { bootstrapServers: "o:1", existingSecrets, administrator };
    expect(mistakes({ ...given, given: { username: "me", password: "x" } })).toContain(
      "origin.given: password is read from the existing Secret",
    );
    expect(mistakes({ ...given, anonymous: true, tls: false })).toMatch(
      /existingSecrets.credentials is not used[^]*existingSecrets.ca is not used: origin.tls is false/,
    );
  });
});
