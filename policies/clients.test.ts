import { expect, test } from "vitest";
import { describeClients } from "../components/clients/describe";
import { dialects, type DialectName } from "../components/dialects";
import { Mistakes } from "../engine/errors";
import { all, custom, kafka, stack } from "../test/policies/resources";
import type { AnyResource } from "./read";

/*
 * The users of applications are on the same cluster as the mirror's users. The rules about the mirror's users do not
 * judge them.
 */

const wide = [
  { resource: "topic", name: "*", operations: ["All"] },
  { resource: "group", name: "*", operations: ["Read", "Delete"] },
  {
    resource: "topic",
    name: "secret-",
    pattern: "prefixed",
    permission: "deny",
    host: "10.0.0.1",
    operations: ["All"],
  },
  { resource: "transactionalId", name: "tx-", pattern: "prefixed", operations: ["Write"] },
  { resource: "cluster", name: "kafka-cluster", operations: ["IdempotentWrite"] },
] as const;
const users = [
  { name: "billing", acls: [...wide], quotas: { producerByteRate: 1024 } },
  { name: "web", authentication: "tls", acls: [...wide] },
  { name: "own", authentication: "tls-external", acls: [] },
  { name: "oauth", authentication: "none", acls: [wide[0]] },
] as const;

const said = (resources: AnyResource[]) => all(resources).map(({ rule, message }) => `${rule}: ${message}`);

test.each(Object.keys(dialects).filter((name) => name !== "event-streams-v1beta1") as DialectName[])(
  "users of applications in %s change no finding about the mirror",
  (dialect) => {
    const mistakes = new Mistakes();
    const { texts } = describeClients(
      {
        users: users as never,
        origin: { operator: { cluster: "origin", namespace: "origin-ns", dialect } },
        target: { operator: { cluster: "target", namespace: "target-ns", dialect } },
      },
      mistakes,
    );
    expect(mistakes.list).toEqual([]);
    expect(texts).toHaveLength(4);
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "billing-client-password", namespace: "target-ns" },
      data: { password: "aGk=" },
    };
    const declared = [...texts.map(({ text }) => custom(text as never)), custom(secret)];
    expect(said(stack({ dialect, more: declared }))).toEqual(said(stack({ dialect })));
  },
);

test("users of applications through the Kafka protocol change no finding about the mirror", () => {
  const on = (name: string) => ({
    aclPrincipal: "User:billing",
    aclResourceType: "Topic",
    aclResourceName: name,
    aclOperation: "All",
    aclPermissionType: "Allow",
    aclHost: "*",
  });
  const servers = "target.example.com:9093";
  const declared = [
    kafka("UserScramCredential", { username: "billing", scramMechanism: "SCRAM-SHA-512" }, servers, "billing"),
    kafka("Acl", on("*"), servers, "every"),
    kafka("Acl", { ...on("secret"), aclPermissionType: "Deny" }, servers, "denied"),
  ];
  expect(said(stack({ more: declared }))).toEqual(said(stack()));
});
