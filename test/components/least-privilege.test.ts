import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type KubeObject, type Resource, SECRETS } from "@kafka-migration/sandbox/kubernetes";
import {
  application,
  MIRRORS_V1,
  MIRRORS_V1BETA2,
  settled,
  startWorld,
  until,
  USERS_V1,
  type World,
} from "@kafka-migration/sandbox/testing";
import { administratorAcls } from "../../engine/acls";
import { openKafka } from "../../engine/kafka/client";
import { internalTopics } from "../../engine/naming";
import { mirrorModelOf } from "../../components/mirror/resolve";
import type { MirrorSettings } from "../../components/settings/mirror";
import { describeMirror } from "../../components/mirror/text";
import type { UserRights } from "../../components/settings/parts";
import { describeUser } from "../../components/user/settings";

/**
 * The components' texts, as they are, on a real MirrorMaker 2 whose users have the least rights, narrowed to its
 * patterns.
 */
let world: World;
beforeAll(async () => {
  world = await startWorld({ fullPassMs: 120_000 });
}, 300_000);
afterAll(() => world?.stop(), 120_000);

const SIDES = ["origin", "target"] as const;

/** Makes the user and returns its password once the operator has made it. */
async function user(name: string, rights: UserRights): Promise<string> {
  const { text } = describeUser({ ...rights, name, cluster: rights.role, namespace: `${rights.role}-ns` });
  await world.kube.create(USERS_V1, text as unknown as KubeObject);
  await settled(world.kube, USERS_V1, `${rights.role}-ns`, name);
  const secret = await until(`Secret of ${name}`, () => world.kube.get(SECRETS, `${rights.role}-ns`, name));
  return Buffer.from(secret.data!.password!, "base64").toString();
}

async function startMirror(name: string, resource: Resource, settings: MirrorSettings): Promise<void> {
  const mirror = mirrorModelOf(settings);
  const connection: Record<string, object> = {};
  for (const side of SIDES) {
    const password = await user(name, { role: side, mirror });
    const data = {
      password: Buffer.from(password).toString("base64"),
      "ca.crt": Buffer.from(world[side].ca).toString("base64"),
    };
    await world.kube.create(SECRETS, { metadata: { name: `${name}-${side}`, namespace: "migration" }, data });
    connection[side] = {
      ...settings[side],
      bootstrapServers: world[side].bootstrapServers,
      authentication: {
        type: "scram-sha-512",
        username: name,
        passwordSecret: { secretName: `${name}-${side}`, password: "password" },
      },
      tls: { trustedCertificates: [{ secretName: `${name}-${side}`, certificate: "ca.crt" }] },
    };
  }
  const { text } = describeMirror({
    ...settings,
    name,
    origin: connection.origin as never,
    target: connection.target as never,
  });
  await world.kube.create(resource, text as unknown as KubeObject);
  await settled(world.kube, resource, "migration", name, (s) => s.conditions.some((c) => c.type === "Ready"), 90_000);
}

async function create(topic: string, partitions = 1): Promise<void> {
  const admin = application(world.origin).admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }],
    waitForLeaders: true,
  });
  await admin.disconnect();
}

async function produce(topic: string, count: number, partition = 0): Promise<void> {
  const producer = application(world.origin).producer();
  await producer.connect();
  await producer.send({
    topic,
    messages: Array.from({ length: count }, (_, i) => ({ key: `${i}`, value: "v", partition })),
  });
  await producer.disconnect();
}

async function commit(groupId: string, topic: string, offset: number): Promise<void> {
  const admin = application(world.origin).admin();
  await admin.connect();
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: String(offset) }] });
  await admin.disconnect();
}

/** What the target's super user sees. */
async function onTarget<T>(
  ask: (admin: ReturnType<ReturnType<typeof application>["admin"]>) => Promise<T>,
): Promise<T> {
  const admin = application(world.target).admin();
  await admin.connect();
  return ask(admin).finally(() => admin.disconnect());
}

const records = (topic: string) =>
  onTarget(async (admin) =>
    (await admin.listTopics()).includes(topic) ? (await admin.fetchTopicOffsets(topic)).map((p) => Number(p.high)) : [],
  );

const eventually = (what: string, ask: () => Promise<boolean>) =>
  until(what, async () => ((await ask()) ? true : undefined), 60_000);

const settingsFor = (prefix: string, extra: MirrorSettings): MirrorSettings => ({
  ...extra,
  topicsPattern: `${prefix}-orders,${prefix}-pay-.*`,
  groupsPattern: `${prefix}-group-.*`,
  origin: { alias: `${prefix}-origin` },
  target: {
    alias: `${prefix}-target`,
    brokers: 1,
    groupId: `${prefix}-connect`,
    offsetStorageTopic: `${prefix}-connect-offsets`,
    configStorageTopic: `${prefix}-connect-configs`,
    statusStorageTopic: `${prefix}-connect-status`,
    config: { "offset.flush.interval.ms": 1000 },
  },
  sourceConnector: {
    config: {
      "refresh.topics.interval.seconds": 2,
      "sync.topic.configs.interval.seconds": 2,
      ...extra.sourceConnector?.config,
    },
  },
  checkpointConnector: {
    config: {
      "refresh.groups.interval.seconds": 1,
      "emit.checkpoints.interval.seconds": 1,
      ...(extra.checkpointConnector || undefined)?.config,
    },
  },
});

const atOrigin = { config: { "offset-syncs.topic.location": "source" } };

describe.each([
  ["lst", MIRRORS_V1, {}],
  [
    "grp",
    MIRRORS_V1BETA2,
    {
      dialect: "strimzi-v1beta2",
      sourceConnector: atOrigin,
      checkpointConnector: {
        config: { ...atOrigin.config, "sync.group.offsets.enabled": true, "sync.group.offsets.interval.seconds": 1 },
      },
      heartbeatConnector: {
        config: { "heartbeats.topic.replication.factor": 1, "emit.heartbeats.interval.seconds": 1 },
      },
    },
  ],
  ["eos", MIRRORS_V1, { exactlyOnce: true, profile: "tuned" }],
] as [string, Resource, MirrorSettings][])("the least rights of mirror %s", (prefix, resource, extra) => {
  const settings = settingsFor(prefix, extra);
  const model = mirrorModelOf(settings);

  beforeAll(async () => {
    await create(`${prefix}-orders`);
    await create(`${prefix}-pay-1`);
    await create(`${prefix}-other`);
    await produce(`${prefix}-orders`, 100);
    await produce(`${prefix}-other`, 10);
    await commit(`${prefix}-group-1`, `${prefix}-orders`, 100);
    await startMirror(prefix, resource, settings);
  }, 180_000);

  const markers = model.exactlyOnce ? 1 : 0;

  test("copy the records and the group's checkpoint, and nothing else", async () => {
    await eventually("100 records", async () => ((await records(`${prefix}-orders`))[0] ?? 0) >= 100 + markers);
    const checkpoints = internalTopics(model).find((t) => t.kind === "checkpoints")!.name;
    await eventually("a checkpoint", async () => ((await records(checkpoints))[0] ?? 0) > 0);
    expect(await records(`${prefix}-other`)).toEqual([]);
  });

  test("follow new topics, new partitions and changed configuration", async () => {
    await create(`${prefix}-pay-2`);
    await produce(`${prefix}-pay-2`, 5);
    const admin = application(world.origin).admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: `${prefix}-orders`, count: 2 }] });
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: 2, name: `${prefix}-orders`, configEntries: [{ name: "retention.ms", value: "123456789" }] }],
    });
    await admin.disconnect();
    await eventually("the new topic", async () => ((await records(`${prefix}-pay-2`))[0] ?? 0) >= 5);
    await eventually("the new partition", async () => (await records(`${prefix}-orders`)).length === 2);
    await produce(`${prefix}-orders`, 7, 1);
    await eventually(
      "its records",
      async () => Math.max(...(await records(`${prefix}-orders`)).filter((n) => n < 100)) >= 7,
    );
    await eventually("the configuration", () =>
      onTarget(async (target) => {
        const { resources } = await target.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: 2, name: `${prefix}-orders` }],
        });
        return resources[0]!.configEntries.some(
          (e) => e.configName === "retention.ms" && e.configValue === "123456789",
        );
      }),
    );
  });

  test("sync the group's offsets only if that is enabled", async () => {
    const committed = () =>
      onTarget(
        async (admin) =>
          (await admin.fetchOffsets({ groupId: `${prefix}-group-1` })).find((t) => t.topic === `${prefix}-orders`)
            ?.partitions[0]?.offset,
      );
    if (model.syncGroupOffsets) await eventually("the group's offset", async () => (await committed()) === "100");
    else expect(await committed()).toBeUndefined();
  });

  test("create every internal topic, and no other topic", async () => {
    for (const { name, side } of internalTopics(model)) {
      const admin = application(world[side]).admin();
      await admin.connect();
      expect(await admin.listTopics()).toContain(name);
      await admin.disconnect();
    }
    const known = internalTopics(model)
      .filter((t) => t.side === "target")
      .map((t) => t.name);
    const mine = (await onTarget((admin) => admin.listTopics())).filter((t) => t.includes(prefix));
    expect(mine.filter((t) => !known.includes(t)).sort()).toEqual([
      `${prefix}-orders`,
      `${prefix}-pay-1`,
      `${prefix}-pay-2`,
    ]);
  });
});

describe("the administrator's rights", () => {
  const model = mirrorModelOf(settingsFor("grp", { sourceConnector: atOrigin, checkpointConnector: atOrigin }));
  const orders = { topic: "grp-orders", partition: 0 };

  async function administrator(side: "origin" | "target") {
    const password = await user("administrator", { role: side, rules: administratorAcls(side, model) });
    const { bootstrapServers, ca } = world[side];
    return openKafka(
      { bootstrapServers, tls: { ca }, sasl: { mechanism: "SCRAM-SHA-512", username: "administrator", password } },
      side,
    );
  }

  test("on the origin allow all reads that are needed, and changes only of the mirror's own topic", async () => {
    const port = await administrator("origin");
    try {
      await port.describeCluster();
      expect(await port.listTopics()).toEqual(
        expect.arrayContaining(["grp-orders", "grp-pay-1", "mm2-offset-syncs.grp-target.internal"]),
      );
      expect(await port.listTopics()).not.toContain("grp-other");
      expect((await port.describeTopicConfigs(["grp-orders"])).get("grp-orders")!.size).toBeGreaterThan(0);
      expect((await port.listOffsets([orders], "latest"))[0]!.offset).toBe(100n);
      expect((await port.fetch([{ ...orders, offset: 0n }])).get("grp-orders:0")!.records.length).toBeGreaterThan(0);
      expect((await port.partitionSizes(["grp-orders"])).size).toBeGreaterThan(0);
      expect((await port.listGroups()).map((g) => g.groupId)).toContain("grp-group-1");
      expect((await port.describeGroups(["grp-group-1"]))[0]!.state).toBe("Empty");
      expect((await port.groupOffsets(["grp-group-1"])).get("grp-group-1")![0]!.offset).toBe(100n);
      expect((await port.describeAcls()).length).toBeGreaterThan(0);
      await expect(port.deleteTopics(["grp-orders"])).rejects.toThrow(/KAFKA_UNAUTHORIZED/);
      await expect(port.alterReassignments([{ ...orders, replicas: [1] }])).rejects.toThrow(/KAFKA_UNAUTHORIZED/);
      await expect(
        port.incrementalAlterConfigs([
          { resource: { type: "topic", name: "grp-orders" }, set: { "retention.ms": "1" } },
        ]),
      ).rejects.toThrow(/KAFKA_UNAUTHORIZED/);
    } finally {
      await port.close();
    }
  });

  test("on the target allow every step of the cutover and the clean-up", async () => {
    const port = await administrator("target");
    try {
      const [broker] = (await port.describeCluster()).brokers;
      expect((await port.describeBrokerConfigs([broker!.id])).get(broker!.id)!.size).toBeGreaterThan(0);
      await port.alterReassignments([{ ...orders, replicas: [broker!.id] }]);
      await port.listReassignments();
      await port.electPreferredLeaders([orders]);
      await port.incrementalAlterConfigs([
        {
          resource: { type: "topic", name: "grp-orders" },
          set: { "min.insync.replicas": "1", "leader.replication.throttled.replicas": null },
        },
        {
          resource: { type: "broker", name: String(broker!.id) },
          set: { "leader.replication.throttled.rate": "1000000" },
        },
        { resource: { type: "broker", name: String(broker!.id) }, set: { "leader.replication.throttled.rate": null } },
      ]);
      for (const { name } of internalTopics(model).filter((t) => t.side === "target")) {
        await port.describeTopicConfigs([name]);
        await port.fetch([{ topic: name, partition: 0, offset: 0n }]);
      }
      await port.alterGroupOffsets("grp-group-9", [{ ...orders, offset: 5n, metadata: "" }]);
      expect((await port.groupOffsets(["grp-group-9"])).get("grp-group-9")![0]!.offset).toBe(5n);
      await port.deleteGroupOffsets("grp-group-9", [orders]);
      await port.alterGroupOffsets("grp-group-9", [{ ...orders, offset: 5n, metadata: "" }]);
      await port.deleteGroups(["grp-group-9"]);
      await expect(port.deleteTopics(["grp-orders"])).rejects.toThrow(/KAFKA_UNAUTHORIZED/);

      await world.kube.delete(MIRRORS_V1BETA2, "migration", "grp");
      await eventually(
        "the workers to be gone",
        async () => ((await port.describeGroups(["grp-connect"]))[0]?.members.length ?? 0) === 0,
      );
      await port.deleteGroups(["grp-connect"]);
      const mine = internalTopics(model)
        .filter((t) => t.side === "target")
        .map((t) => t.name);
      await port.deleteTopics(mine);
      expect((await port.listTopics()).filter((t) => mine.includes(t))).toEqual([]);
    } finally {
      await port.close();
    }
  });
});
