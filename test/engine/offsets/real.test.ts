import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import {
  applyOffsets,
  checkApplied,
  planFromCheckpoints,
  planOffsets,
  planToTime,
  revertOffsets,
  type OffsetPlan,
} from "../../../engine/offsets";
import type { KafkaPort } from "../../../engine/kafka/port";
import type { MigrationModel } from "../../../engine/model";
import { internalTopics } from "../../../engine/naming";
import { silent } from "../../../engine/progress";
import { connectorNames } from "../../../engine/naming";
import { eventually, modelFor, startMirror, type RunningMirror } from "../support/mirror";
import { application, open, readAll, resume, seed, type Estate, type Witnessed } from "./estate";

const clusters = withClusters();
const prefix = uniqueName("offs");
let model: MigrationModel;
let origin: KafkaPort;
let target: KafkaPort;
let estate: Estate;
let mirror: RunningMirror | undefined;
/** Every record, as kafkajs sees it. */
const here = new Map<string, Map<number, Witnessed[]>>();
const there = new Map<string, Map<number, Witnessed[]>>();
/** What each group has committed, by `topic:partition`. */
const committed = new Map<string, Map<string, number>>();

const group = (name: string): string => `${prefix}-group-${name}`;

async function commit(name: string, offsets: Record<string, number>, metadata = ""): Promise<void> {
  const list = Object.entries(offsets).map(([at, offset]) => {
    const [topic, partition] = at.split(":") as [string, string];
    return { topic, partition: Number(partition), offset: BigInt(offset), metadata };
  });
  await origin.alterGroupOffsets(group(name), list);
  committed.set(group(name), new Map(Object.entries(offsets)));
}

/** The last mirrored offset of each partition, from the worker itself. */
async function mirrored(): Promise<Map<string, number>> {
  const name = encodeURIComponent(connectorNames(model.mirror).source);
  const answer = await fetch(`${mirror?.worker.restUrl}/connectors/${name}/offsets`);
  if (!answer.ok) return new Map();
  const { offsets } = (await answer.json()) as {
    offsets: { partition: { topic: string; partition: number }; offset: { offset: number } }[];
  };
  return new Map(offsets.map((o) => [`${o.partition.topic}:${o.partition.partition}`, o.offset.offset]));
}

beforeAll(async () => {
  model = modelFor(clusters, prefix, { offsetFlushIntervalMs: 600_000 });
  [origin, target] = await Promise.all([open(clusters.origin, "origin"), open(clusters.target, "target")]);
  estate = await seed(clusters.origin, origin, prefix);
  for (const [kind, topic] of Object.entries(estate))
    if (kind !== "elsewhere") here.set(topic, await readAll(clusters.origin, topic, kind === "plain" ? 2 : 1));

  // A worker that is killed has flushed nothing: the next one copies everything a second time.
  mirror = await startMirror(clusters, model);
  const plainThere = async () =>
    (await target.describeTopics([estate.plain])).length > 0 &&
    (await target.listOffsets([{ topic: estate.plain, partition: 0 }], "latest"))[0]?.offset === 1500n;
  await eventually("the first copy of the plain topic", plainThere, 120_000);
  process.kill(mirror.worker.pid, "SIGKILL");
  await mirror.worker.exited;
  await mirror.stop();
  // A new worker that still sees the dead one in its group waits five minutes for it to come back.
  await eventually(
    "the end of the dead worker's session",
    async () => (await target.describeGroups([model.mirror.groupId]))[0]?.members.length === 0,
  );
  mirror = await startMirror(clusters, { ...model, mirror: { ...model.mirror, offsetFlushIntervalMs: 1000 } });
  let missing: string[] = [];
  const copied = async () => {
    const done = await mirrored();
    missing = [...here].flatMap(([topic, partitions]) =>
      [...partitions].flatMap(([p, list]) => {
        const last = list.at(-1)?.offset ?? -1;
        const is = done.get(`${topic}:${p}`) ?? -1;
        return is >= last ? [] : [`${topic}-${p}: ${is} of ${last}`];
      }),
    );
    return missing.length === 0;
  };
  await eventually("the whole copy", copied, 120_000).catch((error) => {
    throw new Error(`${(error as Error).message}: ${missing.join(", ")}`);
  });
  for (const [topic, partitions] of here) there.set(topic, await readAll(clusters.target, topic, partitions.size));
}, 600_000);

afterAll(async () => {
  await mirror?.stop();
  for (const [port, side] of [
    [origin, "origin"],
    [target, "target"],
  ] as const) {
    const groups = (await port.listGroups()).map((g) => g.groupId).filter((g) => g.includes(prefix));
    await port.deleteGroups(groups);
    const internal = internalTopics(model.mirror)
      .filter((t) => t.side === side)
      .map((t) => t.name);
    const names = (await port.listTopics()).filter((t) => t.startsWith(prefix) || internal.includes(t));
    await port.deleteTopics(names);
    await port.close();
  }
}, 120_000);

/** Compaction goes on by itself on both sides: only a plan that it did not overtake can be held against the records. */
async function planBetweenCompactions(): Promise<OffsetPlan> {
  const look = () =>
    Promise.all([readAll(clusters.origin, estate.compacted, 1), readAll(clusters.target, estate.compacted, 1)]);
  let before = await look();
  for (let attempt = 0; attempt < 10; attempt++) {
    const plan = await planOffsets(model, {}, silent);
    const after = await look();
    [here, there].forEach((side, i) => side.set(estate.compacted, after[i] as Map<number, Witnessed[]>));
    if (JSON.stringify(before.map((m) => [...m])) === JSON.stringify(after.map((m) => [...m]))) return plan;
    before = after;
  }
  throw new Error("compaction never rests");
}

/** Every planned offset against every record on both sides. */
function expectRight(plan: OffsetPlan): void {
  for (const g of plan.groups) {
    for (const t of g.topics) {
      for (const p of t.partitions) {
        const at = `${g.group} ${t.topic}-${p.partition} ${p.originOffset} -> ${p.targetOffset}`;
        const stays = here
          .get(t.topic)
          ?.get(p.partition)
          ?.filter((r) => r.offset >= Number(p.originOffset))
          .map((r) => r.content) as string[];
        const moves = there
          .get(t.topic)
          ?.get(p.partition)
          ?.filter((r) => r.offset >= Number(p.targetOffset))
          .map((r) => r.content) as string[];
        expect(moves[0], at).toBe(stays[0]);
        expect(p.rereads, at).toBe(Math.max(0, moves.length - stays.length));
        if (p.exact && p.rereads === 0 && t.topic !== estate.compacted) expect(moves, at).toEqual(stays);
      }
    }
  }
}

describe("groups moved by a plan, with real brokers and a MirrorMaker 2 that was killed once", () => {
  it("start from logs with duplicates, markers, gaps and equal records", () => {
    const sizes = (topic: string) => [here, there].map((side) => side.get(topic)?.get(0)?.length);
    expect(sizes(estate.plain)).toEqual([1500, 3000]);
    expect(here.get(estate.transactional)?.get(0)?.at(-1)?.offset).toBeGreaterThan(120);
    expect(sizes(estate.compacted)[0]).toBeLessThan(300);
    expect(here.get(estate.trimmed)?.get(0)?.[0]?.offset).toBe(70);
  });

  it("are placed correctly in every kind of topic", async () => {
    for (const [topic, partitions] of here) {
      for (const [partition, list] of partitions) {
        const end = (list.at(-1)?.offset ?? -1) + 1;
        const places = [
          0,
          1,
          2,
          69,
          70,
          71,
          Math.floor(end / 3),
          Math.floor(end / 2),
          end - 40,
          end - 5,
          end - 1,
          end,
          end + 1,
          end + 5,
        ];
        for (const offset of new Set(places.filter((o) => o >= 0))) {
          const name = `at-${offset}`;
          const known = committed.get(group(name)) ?? new Map<string, number>();
          await commit(name, Object.fromEntries([...known, [`${topic}:${partition}`, offset]]), `commit ${offset}`);
        }
      }
    }
    await commit("elsewhere", { [`${estate.elsewhere}:0`]: 5 });
    const plan = await planBetweenCompactions();
    expect(plan.groups.map((g) => g.group).sort()).toEqual([...committed.keys()].sort());
    expect(plan.groups.find((g) => g.group === group("elsewhere"))?.notMigrated).toEqual([estate.elsewhere]);
    expectRight(plan);
    expect(plan.summary.by.incomplete).toBeUndefined();
    // Nothing but equal records may be inexact.
    for (const g of plan.groups)
      for (const t of g.topics)
        for (const p of t.partitions)
          expect([t.topic, p.originOffset, p.exact || t.topic === estate.same]).toEqual([
            t.topic,
            p.originOffset,
            true,
          ]);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it("continue with the next record, and can be reverted", async () => {
    const plan = await planOffsets(model, {}, silent);
    const applied = await applyOffsets(model, plan, {}, silent);
    expect(applied.written).toBe(plan.summary.offsets);
    expect(await applyOffsets(model, await planOffsets(model, {}, silent), {}, silent)).toMatchObject({
      written: 0,
      inPlace: plan.summary.offsets,
    });

    const name = group("at-750");
    const seen = await resume(clusters.target, name, estate.plain, 1500);
    const expected = [0, 1].flatMap((p) =>
      Array.from({ length: 750 }, (_, i) => `${p}:${estate.plain}#${(750 + i) * 2 + p}`),
    );
    expect(seen.map((r) => `${r.partition}:${r.content}`).sort()).toEqual(expected.sort());
    expect((await target.groupOffsets([name])).get(name)?.every((o) => o.metadata === "commit 750")).toBe(true);

    const reverted = await revertOffsets(model, applied, silent);
    expect(reverted.left).toEqual([]);
    const left = (await target.listGroups()).map((g) => g.groupId).filter((g) => committed.has(g));
    expect(left).toEqual([]);
  });

  it("are not changed while they are active on the target", async () => {
    const name = group("at-750");
    const consumer = application(clusters.target).consumer({ groupId: name });
    await consumer.connect();
    await consumer.subscribe({ topic: estate.plain });
    await consumer.run({ autoCommit: false, eachMessage: async () => {} });
    try {
      await eventually(
        "the consumer's group",
        async () => (await target.describeGroups([name]))[0]?.state === "Stable",
      );
      const plan = await planOffsets(model, {}, silent);
      await expect(applyOffsets(model, plan, {}, silent)).rejects.toThrow(
        /OFFSETS_BLOCKED[^]*at-750" active on the target: .*kafkajs/,
      );
      expect((await target.groupOffsets([group("at-0")])).get(group("at-0"))).toEqual([]);
    } finally {
      await consumer.disconnect();
    }
  });

  it("are compared with the guide's two ways", async () => {
    const exact = await planOffsets(model, {}, silent);
    await eventually("checkpoints", async () =>
      (await planFromCheckpoints(model, exact, silent)).groups.some((g) =>
        g.topics.some((t) => t.partitions.some((p) => p.targetOffset !== null)),
      ),
    );
    const byCheckpoints = await planFromCheckpoints(model, exact, silent);
    const byTime = await planToTime(model, exact, Date.now(), silent);
    expect(byCheckpoints.summary.offsets).toBe(exact.summary.offsets);
    expect(byCheckpoints.summary.skips).toBe(0);
    expect(byCheckpoints.summary.rereads).toBeGreaterThan(exact.summary.rereads);
    expect(byTime.summary.skips).toBeGreaterThan(0);
  });

  it("replace what the mirror's own group sync wrote, without overwrite, and stay there", async () => {
    const name = encodeURIComponent(connectorNames(model.mirror).checkpoint);
    const url = `${mirror?.worker.restUrl}/connectors/${name}/config`;
    const config = (await (await fetch(url)).json()) as Record<string, string>;
    const synced = { ...config, "sync.group.offsets.enabled": "true", "sync.group.offsets.interval.seconds": "1" };
    expect(
      (
        await fetch(url, {
          method: "PUT",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(synced),
        })
      ).ok,
    ).toBe(true);
    const behind = group("at-1");
    await eventually(
      "the mirror's group sync",
      async () => ((await target.groupOffsets([behind])).get(behind) ?? []).length > 0,
    );

    const syncing = { ...model, mirror: { ...model.mirror, syncGroupOffsets: true } };
    const before = await planBetweenCompactions();
    expect(before.summary.attention.join()).toContain("on the target already");
    await expect(applyOffsets(model, before, {}, silent)).rejects.toThrow(/has other offsets on the target/);
    let applied = await eventuallyApplied(syncing);
    // The mirror may write once more over a group that it had not known there.
    await eventually("offsets that stay", async () => {
      const moved = await checkApplied(syncing, applied);
      if (moved.length > 0) applied = await eventuallyApplied(syncing);
      return moved.length === 0;
    });
    expectRight(await planBetweenCompactions());
  });
});

/** The mirror writes new offsets every second, so a plan may be overtaken. */
async function eventuallyApplied(syncing: MigrationModel): Promise<Awaited<ReturnType<typeof applyOffsets>>> {
  let last: unknown;
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      return await applyOffsets(syncing, await planOffsets(syncing, {}, silent), {}, silent);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}
