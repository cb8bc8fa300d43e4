import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { supervise, type Supervisor } from "@kafka-migration/sandbox";
import { createScramUser, deleteScramUser, startKafkaCluster } from "@kafka-migration/sandbox/kafka";
import { type TestCluster, uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { aclBindings, administratorAcls, guideAcls, mergeRules } from "../../../engine/acls";
import { openKafka } from "../../../engine/kafka/client";
import type { Acl, KafkaPort } from "../../../engine/kafka/port";
import { previewFence } from "../../../engine/fence";
import type { Connection, MigrationModel, Side } from "../../../engine/model";
import { preflight, type PreflightOptions } from "../../../engine/preflight";
import { eventually, modelFor } from "../support/mirror";

/** The origin lets everybody use what no ACL names, and hides that; the others, as clusters by default, do not. */
const shared = withClusters();
const prefix = uniqueName("open");
const [topic, group, admin] = [`${prefix}-data`, `${prefix}-group`, `${prefix}-admin`];
const password = randomBytes(16).toString("hex");
let open: TestCluster;
let supervisor: Supervisor;
let ports: Record<Side | "closed", KafkaPort>;
let model: MigrationModel;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "kafka-migration-open-"));
  supervisor = supervise(folder);
  const brokerConfig = { "allow.everyone.if.no.acl.found": "true" };
  const started = await startKafkaCluster({ name: "open", brokers: 1, folder, brokerConfig, progress: () => {} });
  open = Object.assign(started, { brokerIds: [...started.brokerIds] });
  const clusters = { origin: open, target: shared.target };
  ports = {
    origin: await openKafka(open.connection, "origin"),
    target: await openKafka(shared.target.connection, "target"),
    closed: await openKafka(shared.origin.connection, "origin"),
  };
  for (const port of [ports.origin, ports.closed]) {
    await port.createTopic(topic, { partitions: 1, replicationFactor: 1 });
    await port.alterGroupOffsets(group, [{ topic, partition: 0, offset: 0n, metadata: "" }]);
  }
  for (const cluster of [open, shared.target, shared.origin]) await createScramUser(cluster, admin, password);
  model = modelFor(clusters, prefix, { topicsPattern: ".*", groupsPattern: ".*" });
}, 300_000);

afterAll(async () => {
  for (const side of ["origin", "target"] as const) await deleteScramUser(shared[side], admin);
  await ports.closed.deleteTopics([topic]);
  await ports.closed.deleteGroups([group]);
  for (const port of Object.values(ports)) await port.close();
  await supervisor.stop();
});

const logged = (connection: Connection): Connection => ({
  ...connection,
  sasl: { mechanism: "SCRAM-SHA-512", username: admin, password },
});
/** Rules for every topic and every group: the widest that this package makes. */
const acls = (side: Side): Acl[] =>
  aclBindings(mergeRules([...guideAcls(side), ...administratorAcls(side, model.mirror)]), `User:${admin}`);
const users = { principals: ["User:mm2", `User:${admin}`], profile: "guide" as const };

/** What preflight says of open clusters. */
async function said(over: Partial<MigrationModel>, options: PreflightOptions = {}): Promise<string[]> {
  const by = { offsetSyncsReplicationFactor: 1, users: { origin: users, target: users }, ...options };
  const lines = await preflight({ ...model, ...over }, by).then(
    ({ warnings }) => warnings.map((w) => `warning ${w.code}: ${w.seen}`),
    (error: { details?: string[] }) => error.details ?? [],
  );
  return lines.filter((line) => /CLUSTER_OPEN|PRIVILEGE/.test(line));
}

/** The administrators have this migration's own ACLs; waits until the brokers know them. */
async function withAcls<T>(work: () => Promise<T>): Promise<T> {
  for (const port of Object.values(ports)) await port.createAcls(acls(port.side));
  try {
    const login = { origin: logged(shared.origin.connection), target: logged(model.target) };
    await eventually("the brokers know the ACLs", async () => !(await said(login)).join().includes("PRIVILEGE"));
    return await work();
  } finally {
    for (const port of Object.values(ports)) await port.deleteAcls(acls(port.side));
  }
}

describe("real brokers that allow everyone if no ACL is found, and hide that", () => {
  it("stop a migration whose rules cover every name; closed brokers cause no warning", async () => {
    await withAcls(async () => {
      const found = await said({ origin: logged(model.origin), target: logged(model.target) });
      expect(found).toEqual([expect.stringMatching(/^CLUSTER_OPEN: the origin's brokers let this login use/)]);
      expect(await said({ origin: logged(shared.origin.connection), target: logged(model.target) })).toEqual([]);
      expect(found[0]).toContain(`would be the first on 1 topic (${topic}), 1 group (${group}) and the cluster itself`);
    });
  });

  it("need an answer from the user if the login is a super user", async () => {
    expect(await said({})).toEqual([expect.stringMatching(/^CLUSTER_OPEN_UNKNOWN: the origin's brokers set/)]);
    expect(await said({}, { everyoneByDefault: { origin: false } })).toEqual([]);
    expect(await said({}, { everyoneByDefault: { origin: true } })).toEqual([expect.stringMatching(/^CLUSTER_OPEN: /)]);
    await withAcls(async () => {
      expect(await said({})).toEqual([expect.stringMatching(/^CLUSTER_OPEN_UNKNOWN: .*may do everything/)]);
    });
  });

  it("stop a migration that would close only the cluster itself", async () => {
    const everybody = { principal: "User:*", host: "*", operation: "All", permission: "allow" } as const;
    const named = (["topic", "group"] as const).map(
      (resourceType): Acl => ({ ...everybody, resourceType, resourceName: "*", patternType: "literal" }),
    );
    await ports.origin.createAcls(named);
    try {
      const first = /^CLUSTER_OPEN: .* would be the first on the cluster itself \(kafka-cluster\) of the origin/;
      const options = { everyoneByDefault: { origin: true } };
      await eventually("the brokers know the ACLs", async () => first.test((await said({}, options)).join()));
      expect(await said({}, options)).toHaveLength(1);
      // The claim is true: the first ACL on the cluster takes its operations from a login without one.
      const login = await openKafka(logged(open.connection), "origin");
      const may = async () => (await login.describeCluster()).authorizedOperations?.includes("Alter");
      expect(await may()).toBe(true);
      const own = administratorAcls("origin", model.mirror).filter((rule) => rule.resource.type === "cluster");
      await ports.origin.createAcls(aclBindings(own, "User:mm2"));
      await eventually("the cluster is closed", async () => (await may()) === false);
      await ports.origin.deleteAcls(aclBindings(own, "User:mm2"));
      await login.close();
    } finally {
      await ports.origin.deleteAcls(named);
    }
  });

  it("stop a migration that creates its own administrator if no one has an ACL yet", async () => {
    const found = await said({ origin: logged(model.origin) });
    expect(found).toEqual([
      expect.stringMatching(/^CLUSTER_OPEN_UNKNOWN: .*may do everything on either kind of cluster/),
    ]);
  });

  it("need no option for the fence if its administrator is not a super user", async () => {
    const administrator = administratorAcls("origin", model.mirror, { fence: true }).filter(
      (rule) => rule.resource.type === "cluster",
    );
    const rights = aclBindings(administrator, `User:${admin}`);
    const preview = (origin: Connection) => previewFence({ ...model, origin }, {});
    await expect(preview(open.connection)).rejects.toThrow(/FENCE_DEFAULT_UNKNOWN/);
    await ports.origin.createAcls(rights);
    // One rule denies writes to everybody, and one keeps the topic open to readers.
    await eventually("the brokers know the ACLs", async () =>
      preview(logged(open.connection)).then(
        ({ topics, rules }) => topics === 1 && rules === 2,
        () => false,
      ),
    );
    await ports.origin.deleteAcls(rights);
  });

  it("are checked without leaving anything behind", async () => {
    expect((await ports.origin.listTopics()).filter((name) => name !== topic)).toEqual(["__consumer_offsets"]);
    expect(await ports.origin.describeAcls()).toEqual([]);
    expect(await ports.origin.mayDescribeTransactionalId(prefix)).toBe(true);
    expect(await ports.origin.transactionalIds()).toEqual([]);
  });
});
