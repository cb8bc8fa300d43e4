import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { compareGrants, grantsOf, userOfPrincipal, type AclRule, type Grant } from "./operator/user/acl";
import { userCertificate } from "./operator/user/clients-ca";
import { decode, generatePassword, isOwnSecret, secretOfUser, userSecret } from "./operator/user/secret";
import { createAuthority } from "./tls";
import { readUser, usernameOf } from "./operator/user/spec";
import type { KubeObject } from "./operator/kube/client";

const user = (spec: Record<string, unknown>): KubeObject => ({
  apiVersion: "kafka.strimzi.io/v1",
  kind: "KafkaUser",
  metadata: { name: "mm2", namespace: "origin-ns", uid: "1-2", labels: { "strimzi.io/cluster": "origin", team: "a" } },
  spec,
});
const acls = (...rules: AclRule[]): Record<string, unknown> => ({ authorization: { type: "simple", acls: rules } });
const literal = (resourceType: Grant["resourceType"], resourceName: string, operation: string): Grant => ({
  resourceType,
  resourceName,
  patternType: "literal",
  host: "*",
  operation,
  permission: "allow",
});

describe("rules of a KafkaUser", () => {
  it("become one ACL per operation, with Strimzi's defaults", () => {
    expect(grantsOf([{ resource: { type: "topic", name: "*" }, operations: ["Read", "Describe"] }])).toEqual([
      literal("topic", "*", "Read"),
      literal("topic", "*", "Describe"),
    ]);
  });

  it("keep prefix, host and deny, and always name the cluster kafka-cluster", () => {
    expect(
      grantsOf([
        {
          type: "deny",
          host: "10.0.0.1",
          resource: { type: "group", name: "app-", patternType: "prefix" },
          operations: ["Read"],
        },
        { resource: { type: "cluster", name: "ignored", patternType: "prefix" }, operations: ["Alter"] },
      ]),
    ).toEqual([
      {
        resourceType: "group",
        resourceName: "app-",
        patternType: "prefixed",
        host: "10.0.0.1",
        operation: "Read",
        permission: "deny",
      },
      literal("cluster", "kafka-cluster", "Alter"),
    ]);
  });

  it("lose duplicates, but keep the same operation on another resource", () => {
    const topic = (name: string): AclRule => ({ resource: { type: "topic", name }, operations: ["Read", "Read"] });
    expect(grantsOf([topic("a"), topic("a"), topic("b")])).toHaveLength(2);
  });

  it("are refused without the name of a resource", () => {
    expect(() => grantsOf([{ resource: { type: "transactionalId" }, operations: ["Write"] }])).toThrow(
      "Name is required for resource type: TRANSACTIONAL_ID",
    );
  });

  it("are compared: missing ones are added, extra ones are removed", () => {
    const [a, b, c] = [
      literal("topic", "a", "Read"),
      literal("topic", "b", "Read"),
      { ...literal("topic", "a", "Read"), permission: "deny" as const },
    ];
    expect(compareGrants([a, c], [a, b])).toEqual({ add: [b], remove: [c] });
  });
});

describe("a KafkaUser", () => {
  it("with a singular `operation` is refused with the operator's message if the version has no such field", () => {
    expect(() => readUser(user(acls({ resource: { type: "topic", name: "*" } })))).toThrow(
      "Both fields `operations` and `operation` are null. At least one of them must be specified.",
    );
    const both: AclRule = { resource: { type: "topic", name: "*" }, operation: "Read", operations: ["Read"] };
    expect(() => readUser(user(acls(both)))).toThrow(
      "Both fields `operations` and `operation` cannot be filled in at the same time",
    );
  });

  it("with a singular `operation` is read if an older version serves it", () => {
    expect(grantsOf(readUser(user(acls({ resource: { type: "topic", name: "*" }, operation: "Read" }))).rules)).toEqual(
      [literal("topic", "*", "Read")],
    );
  });

  it("with a rule without `operations` is Ready without that ACL on Strimzi 1.x", () => {
    const [topic, group] = [
      { type: "topic", name: "a" },
      { type: "group", name: "b" },
    ] as const;
    const spec = acls(
      { resource: topic },
      { resource: topic, operation: "Read" },
      { resource: group, operations: ["Read"] },
    );
    expect(grantsOf(readUser(user(spec), "1.2").rules)).toEqual([literal("group", "b", "Read")]);
    expect(() => readUser(user(spec), "0.51")).toThrow("At least one of them must be specified");
  });

  it("has its quotas by Kafka's names", () => {
    const quotas = { producerByteRate: 1, requestPercentage: 20, controllerMutationRate: 0.5 };
    expect(readUser(user({ authentication: { type: "scram-sha-512" }, quotas })).quotas).toEqual({
      producer_byte_rate: 1,
      request_percentage: 20,
      controller_mutation_rate: 0.5,
    });
    expect(readUser(user({ authentication: { type: "scram-sha-512" } })).quotas).toEqual({});
  });

  it("is refused without the place of a given password", () => {
    expect(() =>
      readUser(
        user({ authentication: { type: "scram-sha-512", password: { valueFrom: { secretKeyRef: { name: "x" } } } } }),
      ),
    ).toThrow(/secret name and\/or key/);
  });

  it("has a principal that depends on its authentication", () => {
    expect(usernameOf("mm2", readUser(user({ authentication: { type: "scram-sha-512" } })))).toBe("mm2");
    for (const type of ["tls", "tls-external"])
      expect(usernameOf("mm2", readUser(user({ authentication: { type } })))).toBe("CN=mm2");
    expect(userOfPrincipal("CN=mm2")).toBe("mm2");
    expect(userOfPrincipal("CN=mm2,O=io")).toBe("mm2");
    expect(userOfPrincipal("*")).toBe("*");
  });
});

describe("the certificate of a user", () => {
  it("is of the clients CA, and stays until the CA is another one", async () => {
    const [authority, other] = [await createAuthority("clients-ca"), await createAuthority("clients-ca")];
    const secret = secretOfUser(user({}), "strimzi.io", await userCertificate(authority, "mm2", undefined));
    const certificate = new X509Certificate(decode(secret.data!["user.crt"]!));
    expect(certificate.subject).toBe("CN=mm2");
    expect(certificate.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
    expect(decode(secret.data!["ca.crt"]!)).toBe(authority.cert);
    expect(await userCertificate(authority, "mm2", secret)).toEqual(secret.data);
    const renewed = await userCertificate(other, "mm2", secret);
    expect(new X509Certificate(decode(renewed["user.crt"]!)).verify(new X509Certificate(other.cert).publicKey)).toBe(
      true,
    );
  });
});

describe("the Secret of a user", () => {
  it("contains only password and JAAS configuration, and has owner and labels", () => {
    const owner = user({ template: { secret: { metadata: { labels: { extra: "1" }, annotations: { note: "n" } } } } });
    const secret = userSecret(owner, "strimzi.io", "pa55");
    expect(Object.fromEntries(Object.entries(secret.data!).map(([key, value]) => [key, decode(value)]))).toEqual({
      password: "pa55",
      "sasl.jaas.config":
        'org.apache.kafka.common.security.scram.ScramLoginModule required username="mm2" password="pa55";',
    });
    expect(secret.metadata.ownerReferences).toEqual([
      {
        apiVersion: "kafka.strimzi.io/v1",
        kind: "KafkaUser",
        name: "mm2",
        uid: "1-2",
        controller: false,
        blockOwnerDeletion: true,
      },
    ]);
    expect(secret.metadata.labels).toMatchObject({
      "strimzi.io/cluster": "origin",
      "strimzi.io/kind": "KafkaUser",
      "app.kubernetes.io/part-of": "strimzi-mm2",
      team: "a",
      extra: "1",
    });
    expect(secret.metadata.annotations).toEqual({ note: "n" });
    expect(isOwnSecret(secret, "strimzi.io", "origin")).toBe(true);
    expect(isOwnSecret(secret, "strimzi.io", "target")).toBe(false);
    expect(isOwnSecret({ metadata: { name: "mm2" } }, "strimzi.io", "origin")).toBe(false);
  });

  it("has the operator's prefix before the user's name", () => {
    const secret = userSecret(user({}), "strimzi.io", "pa55", "kafka-");
    expect(secret.metadata.name).toBe("kafka-mm2");
    expect(decode(secret.data!["sasl.jaas.config"]!)).toContain('username="mm2"');
  });

  it("gets unique passwords of 32 letters and digits that begin with a letter", () => {
    const made = new Set(Array.from({ length: 200 }, generatePassword));
    expect(made.size).toBe(200);
    for (const password of made) expect(password).toMatch(/^[a-zA-Z][a-zA-Z0-9]{31}$/);
  });
});
