import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createScramUser, deleteScramUser } from "@kafka-migration/sandbox/kafka";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { type AclOperation, aclBindings, administratorAcls, allows, guideAcls, leastAcls } from "../../../engine/acls";
import { openKafka } from "../../../engine/kafka/client";
import type { Acl, KafkaPort } from "../../../engine/kafka/port";
import type { Connection, MigrationModel, Side } from "../../../engine/model";
import { checkMirrorPrivileges, preflight } from "../../../engine/preflight";
import { eventually, modelFor } from "../support/mirror";

const clusters = withClusters();
const prefix = uniqueName("acl");
const data = `${prefix}-data`;
const group = `${prefix}-group`;
const user = `${prefix}-mirror`;
const admin = `${prefix}-admin`;
const password = randomBytes(16).toString("hex");

let ports: Record<Side, KafkaPort>;
let model: MigrationModel;

const as = (side: Side, username: string): Connection => ({
  ...clusters[side].connection,
  sasl: { mechanism: "SCRAM-SHA-512", username, password },
});

beforeAll(async () => {
  ports = {
    origin: await openKafka(clusters.origin.connection, "origin"),
    target: await openKafka(clusters.target.connection, "target"),
  };
  // Every kind of privilege that there is.
  model = modelFor(clusters, prefix, { syncGroupOffsets: true, exactlyOnce: true });
  await ports.origin.createTopic(data, { partitions: 1, replicationFactor: 1 });
  await ports.origin.alterGroupOffsets(group, [{ topic: data, partition: 0, offset: 0n, metadata: "" }]);
  for (const side of ["origin", "target"] as const)
    for (const name of [user, admin]) await createScramUser(clusters[side], name, password);
});

afterAll(async () => {
  for (const side of ["origin", "target"] as const) {
    for (const name of [user, admin]) {
      await ports[side].deleteAcls(await ports[side].describeAcls({ principal: `User:${name}` }));
      await deleteScramUser(clusters[side], name);
    }
  }
  await ports.origin.deleteTopics([data]);
  await ports.origin.deleteGroups([group]);
  await ports.origin.close();
  await ports.target.close();
});

const shown = (acl: Acl) =>
  `${acl.operation} on ${acl.resourceType} ${acl.resourceName}${acl.patternType === "prefixed" ? "*" : ""}`;

/** What these ACLs, and only these, let the check say: `""` when it passes. */
async function said(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

/** Takes each ACL away, alone, expects the check to name it, and gives it back. */
async function takeAwayInTurn(side: Side, acls: readonly Acl[], check: () => Promise<unknown>): Promise<void> {
  for (const acl of acls) {
    // Taking away what another one implies changes nothing.
    const others = acls
      .filter((a) => a !== acl && a.resourceType === acl.resourceType && a.resourceName === acl.resourceName)
      .map((a) => a.operation);
    if (allows(others, acl.operation as AclOperation)) continue;
    await ports[side].deleteAcls([acl]);
    let message = "";
    // Brokers learn of it one after the other.
    await eventually(
      `${side}: ${shown(acl)} is missed, said: ${message}`,
      async () => (message = await said(check)) !== "",
      15_000,
    );
    expect(message, `${side} without ${shown(acl)}`).toMatch(
      new RegExp(
        `${side}[^\\n]*${acl.operation} on (the cluster|(topic|group|transactional id) [^\\n]*${acl.resourceName})`,
      ),
    );
    await ports[side].createAcls([acl]);
    await eventually(`${side}: ${shown(acl)} is back`, async () => (await said(check)) === "", 15_000);
  }
}

describe("the mirror's users", () => {
  const mirror = () => ({ origin: as("origin", user), target: as("target", user) });
  const check = () => checkMirrorPrivileges(model, mirror(), undefined, { patienceMs: 0 });
  const least = (side: Side) => aclBindings(leastAcls(side, model.mirror), `User:${user}`);

  beforeAll(async () => {
    for (const side of ["origin", "target"] as const) await ports[side].createAcls(least(side));
  });

  it("pass with the least-privilege set as soon as the brokers know it", async () => {
    await expect(checkMirrorPrivileges(model, mirror())).resolves.toEqual({ topics: 1, groups: 1, warnings: [] });
  });

  it.each(["origin", "target"] as const)(
    "%s: each missing right of the least-privilege set is named, with its effect",
    async (side) => {
      await takeAwayInTurn(side, least(side), check);
      await ports[side].deleteAcls([least(side)[0]!]);
      await eventually(
        "the effect is said",
        async () =>
          /without it the (connector|worker|mirror)|without it .*(copied|made|checkpoints|synchronised)/.test(
            await said(check),
          ),
        15_000,
      );
      await ports[side].createAcls([least(side)[0]!]);
    },
    300_000,
  );

  it("do not pass if a deny rule overrides a right", async () => {
    const deny: Acl = {
      ...least("origin")[0]!,
      permission: "deny",
      resourceName: data,
      patternType: "literal",
      operation: "Read",
    };
    await ports.origin.createAcls([deny]);
    await eventually(
      "it is seen",
      async () => new RegExp(`origin, User:${user}: Read on topic ${data}: without it`).test(await said(check)),
      15_000,
    );
    await ports.origin.deleteAcls([deny]);
  });

  it("cause an authentication error with a wrong password", async () => {
    const wrong = {
      ...mirror(),
      target: { ...as("target", user), sasl: { mechanism: "SCRAM-SHA-512" as const, username: user, password: "no" } },
    };
    await expect(checkMirrorPrivileges(model, wrong, undefined, { patienceMs: 0 })).rejects.toThrow(
      /KAFKA_AUTHENTICATION: the target cluster/,
    );
  });

  it("pass with the guide's own ACLs for the guide's configuration", async () => {
    for (const side of ["origin", "target"] as const) {
      await ports[side].deleteAcls(least(side));
      await ports[side].createAcls(aclBindings(guideAcls(side), `User:${user}`));
    }
    const guide = { ...model, mirror: { ...model.mirror, syncGroupOffsets: false, exactlyOnce: false } };
    await expect(checkMirrorPrivileges(guide, mirror())).resolves.toMatchObject({ warnings: [] });
    // They do not suffice for exactly-once.
    await expect(checkMirrorPrivileges(model, mirror(), undefined, { patienceMs: 0 })).rejects.toThrow(
      /Write on transactional id connect-cluster-.*the worker does not start/,
    );
  });
});

it("All on the cluster gives no right on topics, groups or transactional ids", async () => {
  const all = (["origin", "target"] as const).map(
    (side) =>
      [
        side,
        aclBindings(
          [{ type: "allow", host: "*", resource: { type: "cluster", patternType: "literal" }, operations: ["All"] }],
          `User:${user}`,
        ),
      ] as const,
  );
  for (const [side, acls] of all) {
    await ports[side].deleteAcls(await ports[side].describeAcls({ principal: `User:${user}` }));
    await ports[side].createAcls(acls);
  }
  const check = () =>
    checkMirrorPrivileges(model, { origin: as("origin", user), target: as("target", user) }, undefined, {
      patienceMs: 0,
    });
  let message = "";
  await eventually("the brokers know it", async () => !/on the cluster/.test((message = await said(check))), 15_000);
  expect(message).toMatch(new RegExp(`Read on topic ${data}`));
  expect(message).toMatch(new RegExp(`on group ${group}`));
  expect(message).toMatch(/Write on transactional id/);
});

describe("the administrator", () => {
  const own = (): MigrationModel => ({ ...model, origin: as("origin", admin), target: as("target", admin) });
  const check = () => preflight(own(), { offsetSyncsReplicationFactor: 1 });
  const acls = (side: Side) => aclBindings(administratorAcls(side, model.mirror), `User:${admin}`);

  beforeAll(async () => {
    for (const side of ["origin", "target"] as const) await ports[side].createAcls(acls(side));
  });

  it("passes with its least-privilege set", async () => {
    await eventually("the brokers know it", async () => (await said(check)) === "", 15_000);
    await expect(check()).resolves.toMatchObject({ topics: 1, partitions: 1, groups: 1 });
  });

  it.each(["origin", "target"] as const)(
    "%s: each missing right is named",
    async (side) => {
      await takeAwayInTurn(side, acls(side), check);
    },
    300_000,
  );

  it.each(["origin", "target"] as const)(
    "%s: a call of the engine is refused without each right",
    async (side) => {
      // A prefix covers the topic of its own name, too.
      const named = acls(side)
        .filter((acl) => acl.resourceType === "topic")
        .map((acl) => acl.resourceName);
      const topics = [...new Set(named)].filter((name) => side === "target" || name !== data);
      const make = (topic: string) =>
        ports[side].createTopic(topic, {
          partitions: 1,
          replicationFactor: 1,
          configs: { "cleanup.policy": "compact" },
        });
      for (const topic of topics) await make(topic);
      const port = await openKafka(as(side, admin), side);
      try {
        // Hidden topics look like absent ones to a client that may not describe them.
        await eventually(
          "it sees its topics",
          async () => (await port.listTopics()).filter((t) => topics.includes(t)).length === topics.length,
          15_000,
        );
        for (const acl of acls(side)) {
          const call = engineCall(port, side, acl);
          await ports[side].deleteAcls([acl]);
          await eventually(
            `${side}: refused without ${shown(acl)}`,
            async () => {
              const refused = /KAFKA_UNAUTHORIZED/.test(await said(call));
              // Not on every broker yet, so it was done.
              if (!refused && acl.operation === "Delete" && acl.resourceType === "topic") await make(acl.resourceName);
              return refused;
            },
            30_000,
          );
          await ports[side].createAcls([acl]);
          // Another call may need it too. A deletion is not tried again: it would be done.
          if (acl.operation !== "Delete")
            await eventually(
              `${side}: ${shown(acl)} is back`,
              async () => !/KAFKA_UNAUTHORIZED/.test(await said(call)),
              30_000,
            );
        }
      } finally {
        await port.close();
        await ports[side].deleteTopics(topics);
      }
    },
    300_000,
  );

  /** What the engine does with this privilege, on the resource that it is for. */
  function engineCall(
    port: KafkaPort,
    side: Side,
    { resourceType, resourceName: name, operation }: Acl,
  ): () => Promise<unknown> {
    const first = { topic: resourceType === "topic" ? name : data, partition: 0 };
    const calls: Record<string, () => Promise<unknown>> = {
      "topic Read": () => port.fetch([{ ...first, offset: 0n }]),
      "topic DescribeConfigs": () => port.describeTopicConfigs([name]),
      "topic AlterConfigs": () =>
        port.incrementalAlterConfigs([{ resource: { type: "topic", name }, set: { "min.insync.replicas": "1" } }]),
      "topic Delete": () => port.deleteTopics([name]),
      "topic Create": () => port.createTopic(name, { partitions: 1, replicationFactor: 1 }),
      "topic Write": () => port.append(name, [{ key: Buffer.from("k"), value: Buffer.from("v") }]),
      "group Describe": () => port.groupOffsets([name]),
      "group Read": () => port.alterGroupOffsets(name, [{ ...first, offset: 0n, metadata: "" }]),
      "group Delete": () => port.deleteGroups([name]),
      "cluster Describe": () => port.describeAcls(),
      "cluster Alter": () => port.alterReassignments([{ ...first, replicas: [clusters[side].brokerIds[0]!] }]),
      "cluster AlterConfigs": () =>
        port.incrementalAlterConfigs([
          {
            resource: { type: "broker", name: String(clusters[side].brokerIds[0]) },
            set: { "leader.replication.throttled.rate": null },
          },
        ]),
    };
    const call = calls[`${resourceType} ${operation}`];
    if (call === undefined)
      throw new Error(`no call of the engine is known that needs ${operation} on a ${resourceType}`);
    return call;
  }
});
