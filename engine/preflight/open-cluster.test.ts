import { describe, expect, it } from "vitest";
import { MigrationError } from "../errors";
import { connectorAcls } from "../connectors";
import type { Acl, KafkaPort } from "../kafka/port";
import { checkOpenCluster, type MadeUsers } from "./open-cluster";
import type { Universe } from "./privileges";
import { mirror } from "../../test/engine/preflight/facts";

const users: MadeUsers = { principals: ["User:mm2", "User:admin"], profile: "least" };
const universe: Universe = { topics: ["orders"], groups: ["billing"], existing: new Set(["orders", "other"]) };
const ours: Acl = {
  resourceType: "topic",
  resourceName: "*",
  patternType: "literal",
  principal: "User:mm2",
  host: "*",
  operation: "Read",
  permission: "allow",
};
const others: Acl = { ...ours, principal: "User:*", operation: "All" };

interface Cluster {
  /** null: the value is hidden. Absent: not set. */
  setting?: string | null;
  acls?: Acl[];
  /** Whether this user may describe a transactional id that no ACL names. undefined: the brokers do not answer this. */
  probe?: boolean | undefined;
  /** What this user may do with any topic or group. */
  held?: string[];
  /** What this user may do with the cluster. */
  cluster?: string[];
  /** True if this user may not read the brokers' settings. */
  denied?: boolean;
  /** The transactional ids in use. undefined: the brokers do not list them. */
  ids?: string[] | undefined;
}

const everything = [
  "ClusterAction",
  "Create",
  "Alter",
  "Describe",
  "DescribeConfigs",
  "AlterConfigs",
  "IdempotentWrite",
];
const anyTopic = ["Delete", "AlterConfigs", "Alter", "Create", "Write", "Read", "Describe", "DescribeConfigs"];

function port({
  setting,
  acls = [],
  held = anyTopic,
  cluster = everything,
  denied = false,
  ...rest
}: Cluster): KafkaPort {
  const config = new Map(
    setting === undefined
      ? []
      : [["allow.everyone.if.no.acl.found", { value: setting, source: "static-broker", sensitive: false }]],
  );
  return {
    side: "origin",
    describeAcls: async () => acls,
    describeCluster: async () => ({
      clusterId: "one",
      controllerId: 1,
      brokers: [{ id: 1, host: "h", port: 1 }],
      authorizedOperations: cluster,
    }),
    describeBrokerConfigs: async () => {
      if (denied) throw new MigrationError("KAFKA_UNAUTHORIZED", "no", { fix: "none" });
      return new Map([[1, config]]);
    },
    topicOperations: async (names: string[]) => new Map(names.map((n) => [n, held])),
    groupOperations: async (names: string[]) =>
      new Map(names.map((n) => [n, held.filter((o) => ["Read", "Describe", "Delete"].includes(o))])),
    transactionalIds: async () => ("ids" in rest ? rest.ids : []),
    mayDescribeTransactionalId: async () => ("probe" in rest ? rest.probe : true),
  } as unknown as KafkaPort;
}

const ofCluster: Acl = {
  ...others,
  resourceType: "cluster",
  resourceName: "kafka-cluster",
  operation: "ClusterAction",
};
const onAll: Acl[] = [others, { ...others, resourceType: "group" }, ofCluster];

const narrow = { ...mirror, topicsPattern: "orders", groupsPattern: "billing" };
const codes = async (cluster: Cluster, told?: boolean, by = narrow) =>
  (await checkOpenCluster(port(cluster), by, users, universe, told)).map((f) => f.code);

describe("a cluster that allows everyone if no ACL is found", () => {
  it("stops a migration whose ACLs would lock others out, and names the topics and groups", async () => {
    const [found] = await checkOpenCluster(port({ setting: "true" }), narrow, users, universe);
    expect(found).toMatchObject({ code: "CLUSTER_OPEN", severity: "error" });
    expect(found!.seen).toMatch(
      /User:mm2 and User:admin would be the first on 1 topic \(orders\), 1 group \(billing\) and the cluster itself \(kafka-cluster\) of the origin/,
    );
    // The rules of wide patterns also cover topics that do not move.
    const [wide] = await checkOpenCluster(
      port({ setting: "true" }),
      { ...narrow, topicsPattern: ".*" },
      users,
      universe,
    );
    expect(wide!.seen).toContain("2 topics (orders, other)");
  });

  it("stops a migration that would close only the cluster itself", async () => {
    const find = async (acls: Acl[]) => checkOpenCluster(port({ setting: "true", acls }), narrow, users, universe);
    const [found, ...more] = await find(onAll.slice(0, 2));
    expect(found).toMatchObject({ code: "CLUSTER_OPEN", severity: "error" });
    expect(found!.seen).toContain("would be the first on the cluster itself (kafka-cluster) of the origin");
    expect(found!.fix).toContain("give the clients and brokers of the origin ACLs of their own first");
    expect(more).toEqual([]);
    // An ACL of this migration does not let anybody else in. A denial closes the resource, too.
    expect(await find([...onAll.slice(0, 2), { ...ofCluster, principal: "User:admin" }])).toHaveLength(1);
    expect(await find([...onAll.slice(0, 2), { ...ofCluster, permission: "deny" }])).toEqual([]);
  });

  it("counts only the ACLs of the users that the migration creates", async () => {
    const find = (only: MadeUsers["only"], acls: Acl[], more: Partial<MadeUsers> = {}) =>
      checkOpenCluster(port({ setting: "true", acls }), narrow, { ...users, ...more, ...(only && { only }) }, universe);
    // The mirror's user of the origin needs no right on the cluster. A given administrator gets no ACL.
    expect(await find(undefined, onAll.slice(0, 2))).toHaveLength(1);
    expect(await find("mirror", onAll.slice(0, 2))).toEqual([]);
    expect(await find("administrator", onAll.slice(0, 2))).toHaveLength(1);
    const named: Acl[] = [others, { ...others, resourceType: "group", resourceName: "billing" }, ofCluster];
    expect((await find("administrator", named, { groups: ["extra"] }))[0]!.seen).toContain("1 group (extra)");
    expect(await find("mirror", named, { groups: ["extra"] })).toEqual([]);
  });

  it("stops a migration if exactly-once would close other clients' transactional ids", async () => {
    const find = (ids: string[] | undefined, acls: Acl[] = []) => {
      const target = { ...port({ setting: "true", acls: [...onAll, ...acls], ids }), side: "target" as const };
      return checkOpenCluster(target, { ...narrow, exactlyOnce: true }, users, universe);
    };
    const { groupId, originAlias, targetAlias } = narrow;
    const own = [
      `connect-cluster-${groupId}`,
      `${groupId}-${originAlias}->${targetAlias}.MirrorSourceConnector-0`,
      "else",
    ];
    expect(await find(own)).toEqual([]);
    const [found] = await find([...own, `${groupId}-app`]);
    expect(found!.seen).toContain(`the first on 1 transactional id (${groupId}-app) of the target`);
    expect((await find(undefined))[0]!.seen).toContain(`1 transactional id (${groupId}-)`);
    const covered: Acl = { ...others, resourceType: "transactionalId", resourceName: groupId, patternType: "prefixed" };
    expect(await find([`${groupId}-app`], [covered])).toEqual([]);
    expect(await checkOpenCluster(port({ setting: "true", acls: onAll, ids: own }), narrow, users, universe)).toEqual(
      [],
    );
  });

  it("counts the storage topics and groups of Kafka Connect that exist and that others use", async () => {
    const more = connectorAcls("origin", [
      { name: "connect", origin: { offsetStorageTopic: "connect-offsets", groupId: "connect-workers" } },
    ]);
    const find = async (acls: Acl[], over: Partial<MadeUsers> = { more }) => {
      const cluster = {
        ...port({ setting: "true", acls }),
        listTopics: async () => ["orders", "connect-offsets", "connect-status"],
        listGroups: async () => [{ groupId: "connect-workers" }],
      } as unknown as KafkaPort;
      return (await checkOpenCluster(cluster, narrow, { ...users, ...over }, universe)).map((f) => f.seen);
    };
    const covered = [
      { ...others, resourceName: "orders" },
      { ...others, resourceType: "group" as const, resourceName: "billing" },
      ofCluster,
    ];
    expect(await find(covered, {})).toEqual([]);
    expect(await find(covered)).toEqual([
      expect.stringMatching(
        /the first on 2 topics \(connect-offsets, connect-status\) and 1 group \(connect-workers\) of the origin/,
      ),
    ]);
    expect(await find(covered, { more, only: "mirror" })).toEqual([]);
    expect(await find(onAll)).toEqual([]);
  });

  it("counts the groups that move in addition to the pattern's groups", async () => {
    const acls = [others, ofCluster, { ...others, resourceType: "group" as const, resourceName: "billing" }];
    const more = { ...users, groups: ["orders-app"] };
    const [found] = await checkOpenCluster(port({ setting: "true", acls }), narrow, more, universe);
    expect(found!.seen).toContain("the first on 1 group (orders-app) of the origin");
  });

  it("stops a migration even if its own administrator already has ACLs", async () => {
    expect(await codes({ setting: "true", acls: [ours, { ...ours, resourceType: "group" }] })).toEqual([
      "CLUSTER_OPEN",
    ]);
  });

  it("stops nothing if others have ACLs on everything or the default is to deny", async () => {
    expect(await codes({ setting: "true", acls: onAll })).toEqual([]);
    expect(await codes({ setting: "false" })).toEqual([]);
    expect(await codes({})).toEqual([]);
    expect(await codes({ setting: null }, false)).toEqual([]);
  });

  it("needs an answer from the user if the brokers hide the setting and the login may do everything", async () => {
    expect(await codes({ setting: null })).toEqual(["CLUSTER_OPEN_UNKNOWN"]);
    expect(await codes({ setting: null }, true)).toEqual(["CLUSTER_OPEN"]);
    expect(await codes({ setting: null }, false)).toEqual([]);
    const [found] = await checkOpenCluster(port({ setting: null }), narrow, users, universe);
    expect(found!.fix).toContain("preflight.everyoneByDefault.origin");
    // An error, because somebody has changed Kafka's default.
    expect(found!.severity).toBe("error");
  });

  it("is known to be closed if the login may not see what no ACL names", async () => {
    for (const at of [{ setting: null }, { denied: true }]) {
      expect(await codes({ ...at, probe: false })).toEqual([]);
      // On brokers before Kafka 3.0 the check asks about a topic instead.
      expect(await codes({ ...at, probe: undefined, held: [] })).toEqual([]);
    }
  });

  it("is known to be open if a login without full rights may use what no ACL names", async () => {
    expect(await codes({ setting: null, cluster: ["Describe"] })).toEqual(["CLUSTER_OPEN"]);
    expect(await codes({ denied: true, cluster: ["Describe"] })).toEqual(["CLUSTER_OPEN"]);
    expect(await codes({ denied: true, cluster: ["Describe"], probe: undefined })).toEqual(["CLUSTER_OPEN"]);
    // The user's rights on the topic come only from its own rules.
    expect(await codes({ setting: null, acls: [ours], held: ["Read", "Describe"] })).toEqual(["CLUSTER_OPEN"]);
  });

  it("stays unknown for a super user, whose rights come from no ACL", async () => {
    const find = (cluster: Cluster, principal?: string) =>
      checkOpenCluster(port(cluster), narrow, users, universe, undefined, principal);
    for (const principal of [undefined, "User:admin"]) {
      expect(await find({ setting: null, acls: [ours] }, principal)).toMatchObject([{ code: "CLUSTER_OPEN_UNKNOWN" }]);
    }
    // Rights that an ACL gives to `User:*` do not show a super user, because everybody has them.
    const rights = everything.map(
      (operation): Acl => ({ ...others, resourceType: "cluster", resourceName: "kafka-cluster", operation }),
    );
    expect(await find({ setting: null, acls: [...rights, ours], held: ["Read"] }, "User:admin")).toMatchObject([
      { code: "CLUSTER_OPEN" },
    ]);
  });

  it("causes only a warning if every name has an ACL and the settings cannot be read", async () => {
    const all = (["topic", "group"] as const).map((resourceType): Acl => ({ ...ours, resourceType }));
    const [found] = await checkOpenCluster(
      port({ denied: true, probe: undefined, acls: all }),
      narrow,
      users,
      universe,
    );
    expect(found).toMatchObject({ code: "CLUSTER_OPEN_UNKNOWN", severity: "warning" });
  });
});
