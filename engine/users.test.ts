import { expect, test } from "vitest";
import type { Acl, KafkaPort } from "./kafka/port";
import { MigrationError } from "./errors";
import { requireUnusedName, requireUnusedNames } from "./users";

const acl: Acl = {
  resourceType: "topic",
  resourceName: "orders",
  patternType: "literal",
  principal: "User:mm2-credentials",
  host: "*",
  operation: "Read",
  permission: "allow",
};
const said: string[] = [];

function ask(mechanisms: string[], acls: Acl[], accepted = false): Promise<string> {
  const port = {
    side: "origin",
    close: async () => {},
    scramMechanisms: async () => mechanisms,
    describeAcls: async () => acls,
  } as unknown as KafkaPort;
  const question = {
    side: "origin" as const,
    connection: { bootstrapServers: "o:1" },
    username: "mm2-credentials",
    accepted,
  };
  return requireUnusedName(question, { info: () => {}, warn: (line) => said.push(line) }, async () => port).then(
    () => "free",
    (error: Error) => error.message,
  );
}

test("a name that no one uses is free", async () => expect(await ask([], [])).toBe("free"));

test.each([
  [["SCRAM-SHA-512"], [], "with a SCRAM-SHA-512 credential; it was not changed"],
  [
    ["SCRAM-SHA-256", "SCRAM-SHA-512"],
    [acl, acl],
    "with a SCRAM-SHA-256 credential and a SCRAM-SHA-512 credential and 2 ACLs",
  ],
  [[], [acl], "with 1 ACL"],
])("a name in use is refused: %j", async (mechanisms, acls, part) => {
  const message = await ask(mechanisms, acls);
  expect(message).toMatch(/^USER_TAKEN: user "mm2-credentials" already exists on the origin, with /);
  expect(message).toContain(part);
  expect(message).toContain("origin.names.user");
});

test("an accepted name is taken over, with a warning", async () => {
  expect(await ask(["SCRAM-SHA-512"], [], true)).toBe("free");
  expect(said.join()).toContain("the migration takes it over, because preflight.accept allows this");
});

test("users of applications without ACLs are free on brokers without an authorizer", async () => {
  const port = {
    side: "target",
    close: async () => {},
    scramUsers: async () => [],
    clientQuotas: async () => [],
    describeAcls: async () => {
      throw new MigrationError("KAFKA_REFUSED", "list ACLs: SECURITY_DISABLED", { fix: "-" });
    },
  } as unknown as KafkaPort;
  const question = { side: "target" as const, connection: { bootstrapServers: "t:1" }, principals: ["User:billing"] };
  await expect(requireUnusedNames(question, undefined, async () => port)).resolves.toBeUndefined();
});
