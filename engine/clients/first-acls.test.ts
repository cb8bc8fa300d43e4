import { describe, expect, it } from "vitest";
import { MigrationError } from "../errors";
import type { Acl, KafkaPort } from "../kafka/port";
import { testAcl } from "../../test/support/acls";
import { requireNobodyLockedOut } from "./first-acls";

interface Target {
  /** null: the brokers hide the value. Absent: not set. */
  setting?: string | null;
  /** null: the brokers have no authorizer. */
  listed?: Acl[] | null;
  /** Whether a login without ACLs may use what no ACL names. */
  probe?: boolean;
  /** Operations of this login on the cluster. */
  cluster?: string[];
}

const warned: string[] = [];

function ask(
  acls: Acl[],
  { setting, listed = [], probe, cluster = ["Describe"] }: Target,
  told?: boolean,
): Promise<string> {
  const entry = { value: setting ?? null, source: "static-broker" as const, sensitive: setting === null };
  const port = {
    side: "target",
    close: async () => {},
    describeAcls: async () => {
      if (listed === null) throw new MigrationError("KAFKA_REFUSED", "list ACLs: SECURITY_DISABLED", { fix: "-" });
      return listed;
    },
    describeCluster: async () => ({
      clusterId: "t",
      controllerId: 1,
      brokers: [{ id: 1, host: "h", port: 1 }],
      authorizedOperations: cluster,
    }),
    describeBrokerConfigs: async () =>
      new Map([[1, new Map(setting === undefined ? [] : [["allow.everyone.if.no.acl.found", entry]])]]),
    mayDescribeTransactionalId: async () => probe,
    topicOperations: async () => new Map(),
    groupOperations: async () => new Map(),
  } as unknown as KafkaPort;
  return requireNobodyLockedOut(
    {
      side: "target",
      connection: { bootstrapServers: "t:1", sasl: { mechanism: "PLAIN", username: "admin", password: "x" } },
      acls,
      ...(told === undefined ? {} : { everyoneByDefault: told }),
    },
    { info: () => {}, warn: (line) => warned.push(line) },
    async () => port,
  ).then(
    () => "passes",
    (error: Error) => error.message,
  );
}

describe("the ACLs of applications on a target that is open by default", () => {
  const group = testAcl({ resourceType: "group", resourceName: "pay-", patternType: "prefixed" });

  it("stop if they would lock everybody else out", async () => {
    const message = await ask([testAcl(), group], { setting: "true" });
    expect(message).toMatch(/^CLUSTER_OPEN: .*would be the first on topic orders, group pay-\* of the target/);
    expect(await ask([testAcl()], { setting: null, probe: true })).toMatch(/^CLUSTER_OPEN: .*it is not a super user/);
    expect(await ask([testAcl({ permission: "deny" })], { setting: "true" })).toMatch(/^CLUSTER_OPEN/);
  });

  it("stop if the brokers have no authorizer, because they would refuse each of them", async () => {
    const message = await ask([testAcl(), group], { listed: null });
    expect(message).toMatch(/^CLIENTS_NO_AUTHORIZER: the target's brokers .* refuse the 2 ACLs of User:/);
    expect(await ask([], { listed: null })).toBe("passes");
  });

  it("pass on a closed cluster, on resources with ACLs, and if the user says so", async () => {
    expect(await ask([testAcl()], {})).toBe("passes");
    expect(await ask([testAcl()], { setting: null, probe: false })).toBe("passes");
    expect(await ask([testAcl()], { setting: "true" }, false)).toBe("passes");
    expect(await ask([], { setting: "true" })).toBe("passes");
    const others = [testAcl({ principal: "User:mm2", resourceName: "*" }), { ...group, resourceName: "p" }];
    expect(await ask([testAcl(), group], { setting: "true", listed: others })).toBe("passes");
  });

  it("stop if a literal ACL covers only one name of a prefix", async () => {
    const one = { ...group, patternType: "literal" as const };
    expect(await ask([group], { setting: "true", listed: [one, { ...group, resourceName: "pay-2" }] })).toMatch(
      /group pay-\*/,
    );
  });

  it("need an answer from the user if nobody can tell", async () => {
    const everything = "ClusterAction Create Alter Describe DescribeConfigs AlterConfigs IdempotentWrite".split(" ");
    const unknown = { setting: null, probe: true, cluster: everything };
    expect(await ask([testAcl()], unknown)).toMatch(
      /^CLUSTER_OPEN_UNKNOWN: .*fix: set preflight\.everyoneByDefault\.target/s,
    );
    expect(await ask([testAcl()], unknown, true)).toMatch(/^CLUSTER_OPEN: /);
  });
});
