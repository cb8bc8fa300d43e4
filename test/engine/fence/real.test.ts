import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Kafka, logLevel } from "kafkajs";
import { createScramUser, deleteScramUser } from "@kafka-migration/sandbox/kafka";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { checkFence, lowerFence, observeProducers, raiseFence, settledLater, whileFenced } from "../../../engine/fence";
import { openKafka } from "../../../engine/kafka/client";
import { keepLinks } from "../../../engine/kafka/kept-links";
import type { Acl, KafkaPort } from "../../../engine/kafka/port";
import type { OpenKafka } from "../../../engine/clusters";
import type { MigrationModel } from "../../../engine/model";
import { silent } from "../../../engine/progress";
import { connectorNames } from "../../../engine/naming";
import { eventually, modelFor, produce } from "../support/mirror";

const clusters = withClusters();
const prefix = uniqueName("offs");
const [orders, payments, other, syncs] = [
  `${prefix}-data-orders`,
  `${prefix}-data-payments`,
  `${prefix}-other`,
  `mm2-offset-syncs.${prefix}-target.internal`,
];
const app = `${prefix}-app`;
let origin: KafkaPort;
let model: MigrationModel;

const grant = (more: Partial<Acl>): Acl => ({
  resourceType: "topic",
  resourceName: prefix,
  patternType: "prefixed",
  principal: `User:${app}`,
  host: "*",
  operation: "All",
  permission: "allow",
  ...more,
});
const grants = [
  grant({}),
  grant({ resourceName: syncs, patternType: "literal" }),
  grant({ resourceType: "group" }),
  grant({ resourceType: "transactionalId" }),
];

/** An application with rights of its own: no super user. */
function client(): Kafka {
  const { ca, bootstrapServers } = clusters.origin;
  return new Kafka({
    brokers: bootstrapServers.split(","),
    ssl: { ca: [ca] },
    sasl: { mechanism: "scram-sha-512", username: app, password: `${app}-password` },
    logLevel: logLevel.NOTHING,
    retry: { retries: 2, initialRetryTime: 50 },
  });
}

async function write(topic: string): Promise<string> {
  const producer = client().producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ value: "x", partition: 0 }] });
    return "written";
  } catch (error) {
    return (error as { type?: string; cause?: { type?: string } }).type ?? String(error);
  } finally {
    await producer.disconnect();
  }
}

const ours = async (): Promise<Acl[]> =>
  (await origin.describeAcls()).filter((a) => a.permission === "deny" && a.resourceName.includes(prefix));

beforeAll(async () => {
  model = modelFor(clusters, prefix);
  origin = await openKafka(clusters.origin.connection, "origin");
  await createScramUser(clusters.origin, app, `${app}-password`);
  await origin.createAcls(grants);
  for (const topic of [orders, payments, other, syncs])
    await origin.createTopic(topic, { partitions: 1, replicationFactor: 1 });
});

afterAll(async () => {
  await lowerFence(model, {}, silent);
  await origin.deleteAcls(grants);
  await deleteScramUser(clusters.origin, app);
  await origin.deleteTopics([orders, payments, other, syncs]);
  await origin.close();
});

describe("a fence on a real cluster", () => {
  it("stops writes to the migrated topics only, and leaves nothing behind", async () => {
    expect(await write(orders)).toBe("written");
    const raised = await raiseFence(model, {}, silent);
    expect(raised).toMatchObject({ topics: 2, created: 2, writing: [] });
    expect(await Promise.all([orders, payments, other, syncs].map(write))).toEqual([
      "TOPIC_AUTHORIZATION_FAILED",
      "TOPIC_AUTHORIZATION_FAILED",
      "written",
      "written",
    ]);

    // The application goes on reading.
    const consumer = client().consumer({ groupId: `${prefix}-reader` });
    const seen: string[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic: orders, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void seen.push(String(message.value)) });
    await eventually("a record", async () => seen.length === 1);
    await consumer.disconnect();
    await origin.deleteGroups([`${prefix}-reader`]);

    expect(await checkFence(model, {})).toMatchObject({ state: "up", rules: 2, missing: [], leftovers: [] });
    expect(await raiseFence(model, {}, silent)).toMatchObject({ created: 0 });
    expect(await lowerFence(model, {}, silent)).toEqual({ removed: 2 });
    expect(await ours()).toEqual([]);
    await eventually("writes again", async () => (await write(orders)) === "written");
  });

  it("lets an open transaction end, whose marker is no write, and no new one begin", async () => {
    const producer = client().producer({ transactionalId: `${prefix}-tx`, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    try {
      const transaction = await producer.transaction();
      await transaction.send({ topic: orders, messages: [{ value: "in", partition: 0 }] });
      await raiseFence(model, {}, silent);
      await expect(
        transaction.send({ topic: payments, messages: [{ value: "late", partition: 0 }] }),
      ).rejects.toMatchObject({ type: "TOPIC_AUTHORIZATION_FAILED" });
      const watched = await observeProducers(model, 200, silent);
      expect(watched.open).toEqual([expect.objectContaining({ topic: orders, partition: 0 })]);
      expect(watched.writers).toEqual([
        expect.objectContaining({ transactionalId: `${prefix}-tx`, partitions: [`${orders}-0`] }),
      ]);
      const end = async () => (await origin.listOffsets([{ topic: orders, partition: 0 }], "latest"))[0]?.offset;
      const { report } = await whileFenced(model, { settleMs: 200 }, silent, async () => {
        const before = await end();
        await transaction.abort();
        await eventually("the transaction's marker", async () => (await end()) !== before);
      });
      expect(report.wrote).toEqual([]);
      // Ids are listed in every state.
      expect(await origin.transactionalIds()).toContain(`${prefix}-tx`);
      await eventually("the transaction's end", async () => (await observeProducers(model, 100, silent)).quiet);
    } finally {
      await producer.disconnect();
      await lowerFence(model, {}, silent);
    }
  });

  it("interrupts the work if it can no longer be held, and throws the cause", async () => {
    let broken = false;
    const failing: OpenKafka = async (...how) => {
      const port = await openKafka(...how);
      const describeAcls = port.describeAcls.bind(port);
      port.describeAcls = (filter) =>
        broken ? Promise.reject(new Error("the ACLs cannot be read")) : describeAcls(filter);
      return port;
    };
    let interrupted = false;
    const work = async (lost: AbortSignal) => {
      broken = true;
      await new Promise((resolve) => lost.addEventListener("abort", resolve));
      interrupted = true;
      throw new Error("the work was interrupted");
    };
    try {
      const held = whileFenced(model, { everyMs: 100, settleMs: 200 }, silent, work, failing);
      await expect(held).rejects.toThrow("the ACLs cannot be read");
      expect(interrupted).toBe(true);
      // A fence that is not held stays up: nobody may write because a look at it failed.
      expect(await write(orders)).not.toBe("written");
    } finally {
      await lowerFence(model, {}, silent);
    }
  });

  it("is not looked at twice between two steps of a run, and what happens there is found all the same", async () => {
    const counted: string[] = [];
    const counting: OpenKafka = async (...how) => {
      const port = await openKafka(...how);
      const describeAcls = port.describeAcls.bind(port);
      port.describeAcls = (filter) => {
        counted.push(how[1]);
        return describeAcls(filter);
      };
      return port;
    };
    const step = () => whileFenced(model, { settleMs: 200 }, silent, async () => "done", counting);
    await keepLinks(10_000);
    try {
      await raiseFence(model, { settleMs: 200 }, silent, counting);
      counted.length = 0;
      expect((await step()).report).toMatchObject({ gaps: [], wrote: [] });
      expect((await step()).report).toMatchObject({ gaps: [], wrote: [] });
      expect(counted).toEqual(["origin", "origin"]);
      // Between two steps somebody lowers the fence with other tools, and an application writes.
      const denials = (await origin.describeAcls()).filter((acl) => acl.permission === "deny");
      await origin.deleteAcls(denials);
      await eventually("a write", async () => (await write(orders)) === "written");
      const { report } = await step();
      const wrote = [...report.wrote, ...report.gaps.flatMap((gap) => gap.wrote)];
      expect(wrote).toEqual([expect.objectContaining({ topic: orders })]);
      // The next step looks first, because this one has seen a gap.
      counted.length = 0;
      await step();
      expect(counted).toEqual(["origin", "origin"]);
    } finally {
      await keepLinks(0);
      await lowerFence(model, {}, silent);
    }
  });

  it("is renewed if someone removes it, and the records of the gap are reported", async () => {
    const end = async () =>
      (await origin.listOffsets([{ topic: payments, partition: 0 }], "latest"))[0]?.offset.toString();
    const producer = client().producer();
    await producer.connect();
    try {
      const { result, report } = await whileFenced(model, { everyMs: 500, settleMs: 200 }, silent, async () => {
        const before = await end();
        let writing = true;
        let writes = 0;
        // An application that never gives up.
        const hammer = (async () => {
          while (writing) {
            await producer.send({ topic: payments, messages: [{ value: "x", partition: 0 }] }).then(
              () => writes++,
              () => {},
            );
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
        })();
        try {
          await origin.deleteAcls(await ours());
          await eventually("writes through the gap", async () => writes > 0);
          await eventually("the renewed fence", async () => (await checkFence(model, {})).state === "up");
        } finally {
          writing = false;
          await hammer;
        }
        return { before, after: await end() };
      });
      expect(report.gaps.flatMap((g) => g.topics)).toContain(payments);
      const told = report.gaps.flatMap((g) => g.wrote).filter((m) => m.topic === payments);
      expect([told[0]?.from, told.at(-1)?.to]).toEqual([result.before, result.after]);
      expect(report.wrote).toEqual([]);
    } finally {
      await producer.disconnect();
      await lowerFence(model, {}, silent);
    }
  });

  it("needs no second wait if it is already up", async () => {
    const started = Date.now();
    await raiseFence(model, { settleMs: 2000 }, silent);
    expect(Date.now() - started).toBeGreaterThan(2000);
    const { report } = await whileFenced(model, { settleMs: 600_000 }, silent, async () => {});
    expect(report).toMatchObject({ gaps: [], wrote: [] });
    await lowerFence(model, {}, silent);
  });

  it("shows a write that ends shortly after the raise, although the work is done before", async () => {
    const late = { ...settledLater({}), everyMs: 60_000 };
    await raiseFence(model, late, silent);
    let written: Promise<unknown> = Promise.resolve();
    const hold = { untilSettled: true, settleMs: 1500, everyMs: 60_000 };
    const { report } = await whileFenced(model, hold, silent, async () => {
      // A super user, because the fence stops all others at once on a single broker.
      written = sleep(300).then(() => produce(clusters.origin, payments, [{ key: "late", value: "x" }]));
    });
    await written;
    expect(report.wrote.map((m) => m.topic)).toEqual([payments]);
    await lowerFence(model, {}, silent);
  });

  it("is up during the work and after it", async () => {
    const { result, report } = await whileFenced(model, { everyMs: 200 }, silent, async () => write(orders));
    expect(result).toBe("TOPIC_AUTHORIZATION_FAILED");
    expect(report).toMatchObject({ gaps: [], wrote: [] });
    expect((await checkFence(model, {})).state).toBe("up");
    await lowerFence(model, {}, silent);
  });
});

describe("a mirror that copies ACLs", () => {
  it("prevents the fence, because it would copy the fence to the target", async () => {
    const target = await openKafka(clusters.target.connection, "target");
    const { configStorageTopic } = model.mirror;
    // As Connect stores a connector.
    const connector = (properties: Record<string, string>) =>
      produce(clusters.target, configStorageTopic, [
        { key: `connector-${connectorNames(model.mirror).source}`, value: JSON.stringify({ properties }) },
      ]);
    await target.createTopic(configStorageTopic, {
      partitions: 1,
      replicationFactor: 1,
      configs: { "cleanup.policy": "compact" },
    });
    try {
      await connector({});
      await expect(raiseFence(model, {}, silent)).rejects.toThrow("FENCE_ACL_SYNC");
      await expect(whileFenced(model, {}, silent, async () => {})).rejects.toThrow("FENCE_ACL_SYNC");
      expect(await ours()).toEqual([]);
      await connector({ "sync.topic.acls.enabled": "false" });
      expect(await raiseFence(model, {}, silent)).toMatchObject({ created: 2 });
    } finally {
      await lowerFence(model, {}, silent);
      await target.deleteTopics([configStorageTopic]);
      await target.close();
    }
  });
});

describe("watching the producers", () => {
  it("finds none on a quiet origin", async () => {
    expect(await observeProducers(model, 300, silent)).toMatchObject({
      quiet: true,
      moving: [],
      open: [],
      writers: [],
    });
  });

  it("names partitions that move and the producers' ids", async () => {
    const producer = client().producer({ idempotent: true });
    await producer.connect();
    let writing = true;
    const busy = (async () => {
      while (writing) await producer.send({ topic: orders, messages: [{ value: "x", partition: 0 }] });
    })();
    try {
      const report = await observeProducers(model, 500, silent);
      expect(report.quiet).toBe(false);
      expect(report.moving.map((m) => m.topic)).toEqual([orders]);
      expect(report.writers).toEqual([
        { producerId: expect.stringMatching(/^\d+$/), lastWrite: expect.any(String), partitions: [`${orders}-0`] },
      ]);
    } finally {
      writing = false;
      await busy;
      await producer.disconnect();
    }
  });
});
