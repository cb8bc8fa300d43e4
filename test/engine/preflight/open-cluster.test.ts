import { describe, expect, it } from "vitest";
import type { Acl, KafkaPort } from "../../../engine/kafka/port";
import { checkOpenCluster, type MadeUsers } from "../../../engine/preflight/open-cluster";
import type { Universe } from "../../../engine/preflight/privileges";
import { mirror } from "./facts";

const users: MadeUsers = { principals: ["User:mm2", "User:admin"], profile: "least" };
const universe: Universe = { topics: ["orders"], groups: ["billing"], existing: new Set(["orders", "other"]) };
const ours: Acl = { resourceType: "topic", resourceName: "*", patternType: "literal", principal: "User:mm2", host: "*", operation: "Read", permission: "allow" };
const others: Acl = { ...ours, principal: "User:*", operation: "All" };

interface Cluster {
  /** null: hidden. Absent: not set. */
  setting?: string | null;
  acls?: Acl[];
  /** What this user may do with a name that no ACL has. */
  probe?: string[] | null;
}

function port({ setting, acls = [], probe = ["Read"] }: Cluster): KafkaPort {
  const config = new Map(setting === undefined ? [] : [["allow.everyone.if.no.acl.found", { value: setting, source: "static-broker", sensitive: false }]]);
  return {
    side: "origin",
    describeAcls: async () => acls,
    describeCluster: async () => ({ clusterId: "one", controllerId: 1, brokers: [{ id: 1, host: "h", port: 1 }] }),
    describeBrokerConfigs: async () => new Map([[1, config]]),
    topicOperations: async (names: string[]) => new Map(names.map((n) => [n, probe])),
  } as unknown as KafkaPort;
}

const narrow = { ...mirror, topicsPattern: "orders", groupsPattern: "billing" };
const codes = async (cluster: Cluster, told?: boolean, by = narrow) => (await checkOpenCluster(port(cluster), by, users, universe, told)).map((f) => f.code);

describe("a cluster that lets everybody use what no ACL names", () => {
  it("stops the migration whose ACLs would lock everybody else out, and names the topics and groups", async () => {
    const [found] = await checkOpenCluster(port({ setting: "true" }), narrow, users, universe);
    expect(found).toMatchObject({ code: "CLUSTER_OPEN", severity: "error" });
    expect(found!.seen).toMatch(/User:mm2 and User:admin would be the first on 1 topic \(orders\) and 1 group \(billing\) of the origin/);
    // The rules of wide patterns touch what does not move, too.
    const [wide] = await checkOpenCluster(port({ setting: "true" }), { ...narrow, topicsPattern: ".*" }, users, universe);
    expect(wide!.seen).toContain("2 topics (orders, other)");
  });

  it("also after this migration has made its own administrator, whose ACLs do not count", async () => {
    expect(await codes({ setting: "true", acls: [ours, { ...ours, resourceType: "group" }] })).toEqual(["CLUSTER_OPEN"]);
  });

  it("stops nothing where others have ACLs on all of it, where the setting is false or not set, or where that is told", async () => {
    expect(await codes({ setting: "true", acls: [others, { ...others, resourceType: "group" }] })).toEqual([]);
    expect(await codes({ setting: "false" })).toEqual([]);
    expect(await codes({})).toEqual([]);
    expect(await codes({ setting: null }, false)).toEqual([]);
  });

  it("is told by the user where the brokers hide it", async () => {
    expect(await codes({ setting: null })).toEqual(["CLUSTER_OPEN_UNKNOWN"]);
    expect(await codes({ setting: null }, true)).toEqual(["CLUSTER_OPEN"]);
    const [found] = await checkOpenCluster(port({ setting: null }), narrow, users, universe);
    expect(found!.fix).toContain("preflight.everyoneByDefault.origin");
    // With rules for every name nothing tells, and a closed cluster must not be stopped by that.
    expect(found!.severity).toBe("warning");
  });

  it("is known to be closed where this user may do nothing with a name that no ACL has", async () => {
    expect(await codes({ setting: null, probe: null })).toEqual([]);
    expect(await codes({ setting: null, probe: [] })).toEqual([]);
  });
});
