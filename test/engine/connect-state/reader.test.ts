import type { Producer } from "kafkajs";
import { afterAll, describe, expect, it } from "vitest";
import { uniqueName } from "@kafka-migration/sandbox/testing";
import { ConnectStateReader, effectiveIsolation } from "../../../engine/connect-state";
import { connectorNames } from "../../../engine/naming";
import { FakeMirror } from "../gate/fake-mirror";
import { withPorts } from "../kafka/support";

const ports = withPorts("port-state");
const producers: Producer[] = [];
afterAll(async () => {
  for (const p of producers) await p.disconnect();
});

describe("reading Connect's topics", () => {
  it("continues where it stopped and sees new records", async () => {
    const mirror = await FakeMirror.start(ports);
    const reader = new ConnectStateReader(ports.target, mirror.model.mirror);
    await mirror.copied("orders", 5);
    expect([...(await reader.read()).offsets]).toEqual([["orders:0", 5]]);
    await mirror.copied("orders", 9);
    await mirror.copied("other", 1, 3);
    expect([...(await reader.read()).offsets].sort()).toEqual([
      ["orders:0", 9],
      ["other:3", 1],
    ]);
    await mirror.copied("other", null, 3);
    expect([...(await reader.read()).offsets]).toEqual([["orders:0", 9]]);
    await mirror.assign("orders-0,orders-1");
    expect((await reader.read()).assignments).toMatchObject([
      {
        task: 0,
        status: { state: "RUNNING" },
        partitions: [
          { topic: "orders", partition: 0 },
          { topic: "orders", partition: 1 },
        ],
      },
    ]);
    expect((await reader.read()).assignments).toHaveLength(1);
  });

  it("starts again if a topic was recreated", async () => {
    const mirror = await FakeMirror.start(ports);
    const { offsetStorageTopic } = mirror.model.mirror;
    const reader = new ConnectStateReader(ports.target, mirror.model.mirror);
    for (let i = 0; i < 5; i++) await mirror.copied("orders", i);
    expect((await reader.read()).offsets.size).toBe(1);
    await ports.target.deleteTopics([offsetStorageTopic]);
    expect(await reader.read()).toMatchObject({ missingTopics: [offsetStorageTopic] });
    await ports.target
      .createTopic(offsetStorageTopic, {
        partitions: 3,
        replicationFactor: 1,
        configs: { "cleanup.policy": "compact" },
      })
      .catch(() => {});
    expect((await reader.read()).offsets.size).toBe(0);
  });

  it("counts only committed offsets with exactly-once support", async () => {
    const mirror = await FakeMirror.start(ports);
    const write = async (offset: number, outcome: "commit" | "abort" | "open") => {
      const producer = mirror.target.producer({
        transactionalId: uniqueName("port-eos"),
        idempotent: true,
        maxInFlightRequests: 1,
      });
      producers.push(producer);
      await producer.connect();
      const tx = await producer.transaction();
      const key = JSON.stringify([
        connectorNames(mirror.model.mirror).source,
        { cluster: mirror.model.mirror.originAlias, partition: 0, topic: "orders" },
      ]);
      await tx.send({
        topic: mirror.model.mirror.offsetStorageTopic,
        messages: [{ key, value: JSON.stringify({ offset }) }],
      });
      if (outcome !== "open") await tx[outcome]();
      return tx;
    };
    const read = async (exactlyOnce: boolean) =>
      (await new ConnectStateReader(ports.target, { ...mirror.model.mirror, exactlyOnce }).read()).offsets.get(
        "orders:0",
      );
    await write(5, "commit");
    await write(8, "abort");
    const open = await write(11, "open");
    expect(await read(true)).toBe(5);
    expect(await read(false)).toBe(11);
    await open.commit();
    await expect.poll(() => read(true), { timeout: 20_000 }).toBe(11);
  });

  it("follows a connector to its own offsets topic and its own isolation level", async () => {
    const own = uniqueName("port-state-own-offsets");
    ports.remember(own);
    await ports.target.createTopic(own, { partitions: 1, replicationFactor: 1 });
    const mirror = await FakeMirror.start(
      ports,
      {},
      {
        "offsets.storage.topic": own,
        "consumer.isolation.level": "read_uncommitted",
        "source.consumer.isolation.level": "READ_COMMITTED",
      },
    );
    await mirror.copied("orders", 5);
    const view = await new ConnectStateReader(ports.target, mirror.model.mirror).read();
    expect(view.offsets.size).toBe(0);
    expect(effectiveIsolation(view, mirror.model.mirror)).toBe("read_committed");
  });
});
