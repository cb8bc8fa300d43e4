/**
 * Measures how long the applications of one wave wait, while other waves go on writing. A real MirrorMaker 2 copies
 * between real clusters.
 *
 * - Producers: from the last record that the fence let through to "may start on the target". The benchmark calls the
 *   engine's functions in the order of the lifecycle's resources, limited to the wave.
 * - Consumers: from "stopped on the origin" to "may start on the target", while the wave's producers write, too (phase
 *   `consumers`).
 * - Return: from the last record that the target's fence let through to "may start on the origin". A second
 *   MirrorMaker 2 copies the wave back until then.
 *
 *   npm run bench waves -- [--topics 5] [--partitions 10] [--groups 50] [--rate 5] [--rounds 3] [--profile tuned]
 *                          [--quick]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type HoldOptions, lowerFence, raiseFence, settledLater, whileFenced } from "../engine/fence";
import { runGate } from "../engine/gate";
import { type CountingPort, openKafka } from "../engine/kafka/client";
import { keepLinks } from "../engine/kafka/kept-links";
import { PROFILES } from "../components/settings/mirror";
import type { MigrationModel } from "../engine/model";
import { defined } from "../engine/objects";
import { type AppliedOffsets, applyOffsets, planOffsets } from "../engine/offsets";
import { prepareCutover } from "../engine/prepare";
import { silent } from "../engine/progress";
import { waitUntilLeft } from "../engine/cleanup";
import { compareCopy } from "../engine/verify";
import { waitUntilExcluded } from "../engine/way-back/excluded";
import { returnModel } from "../engine/way-back/model";
import { type SourceEnd, writeSourceOffsets } from "../engine/way-back/source-offsets";
import { asApplication, commitGroups, type Copied, withCopy } from "./applications";
import { benchArguments, choice, count, median, print, program, progress, sizeOf, table } from "./common";
import { BenchMirror } from "./mirror";
import { startRate, startWriter, type Writer } from "./writer";

const values = benchArguments({
  topics: { type: "string", default: "5" },
  partitions: { type: "string", default: "10" },
  groups: { type: "string", default: "50" },
  rate: { type: "string", default: "5" },
  rounds: { type: "string" },
  profile: { type: "string", default: "tuned" },
});
const sizes = {
  topics: count("topics", values.topics),
  partitions: count("partitions", values.partitions),
  groups: count("groups", values.groups),
  records: 200,
};
const rate = count("rate", values.rate);
const rounds = sizeOf(values, "rounds", 3, 1);
const profile = choice("profile", values.profile, PROFILES);

const PREFIX = "bench-waves";
const names = (wave: string): string[] => Array.from({ length: sizes.topics }, (_, i) => `${PREFIX}-${wave}-${i}`);
const moving = names("moving");
const others = names("other");
/** The wave and the others are written to for this long before each measurement. */
const WRITING_MS = 5_000;
const WANTED_S = 5;
const RETURN_WANTED_S = 10;
const LIMIT_MS = 120_000;

async function main(): Promise<void> {
  await keepLinks(5_000);
  await withCopy({ prefix: PREFIX, topics: [...moving, ...others], sizes, profile }, async (copied) => {
    const { origin, model: whole } = copied;
    const busy = await startRate(asApplication(origin), others, sizes.partitions, rate * 1e6);
    const found: Found = { producers: [], consumers: [], returns: [] };
    for (let round = 1; round <= rounds; round++) {
      for (const [what, measure] of [
        ["consumers", consumersPause],
        ["producers", producersPause],
        ["returns", returnPause],
      ] as const) {
        const name = `${what}-${round}`;
        found[what].push((await measure(waveOf(whole, name), { ...copied, name })) / 1000);
        progress(`${what}, round ${round}: ${found[what].at(-1)!.toFixed(1)} s`);
      }
    }
    const written = await busy.stop();
    report(found, written, whole.mirror.offsetFlushIntervalMs);
  });
}

/** Seconds of each round. */
type Found = Record<"producers" | "consumers" | "returns", number[]>;

function report(found: Found, written: { bytesPerSecond: number; longestGapMs: number }, flushMs: number): void {
  print(
    `a wave of ${sizes.topics * sizes.partitions} partitions and ${sizes.groups} groups, profile ${profile}, mirror's ` +
      `offsets every ${flushMs / 1000} s, verification in mode tail;`,
  );
  print(
    `other waves wrote ${(written.bytesPerSecond / 1e6).toFixed(1)} MB/s, longest time between two acknowledgements ` +
      `${(written.longestGapMs / 1000).toFixed(1)} s; seconds`,
  );
  print();
  const line = (what: string, pauses: number[]): string[] => [
    what,
    median(pauses).toFixed(1),
    pauses.map((pause) => pause.toFixed(1)).join(" "),
  ];
  print(
    table([
      ["pause of", "median", "each round"],
      line("producers, from the fence to the target", found.producers),
      line("groups, while producers write", found.consumers),
      line("both in a return, from the target's fence to the origin", found.returns),
    ]),
  );
  const kept =
    [found.producers, found.consumers].every((pauses) => median(pauses) < WANTED_S) &&
    median(found.returns) < RETURN_WANTED_S;
  print(`wanted: under ${WANTED_S} s each, a return under ${RETURN_WANTED_S} s; ${kept ? "kept" : "NOT kept"}`);
  if (!kept) process.exitCode = 1;
}

/** The part of the mirror that moves in this round. Every round uses new groups. */
function waveOf(whole: MigrationModel, name: string): MigrationModel {
  const scope = { wave: "moving", topics: `${PREFIX}-moving-.*`, groups: `${name}-.*` };
  return { ...whole, mirror: { ...whole.mirror, scope } };
}

interface Round extends Copied {
  /** The groups of this round are called `<name>-<number>`. */
  name: string;
}

/** @returns ms */
async function producersPause(wave: MigrationModel, round: Round): Promise<number> {
  const writer = await startWriter(asApplication(round.origin), moving, sizes.partitions);
  try {
    const { ended } = await cutOver(wave, round, writer);
    return ended - (await writer.stop());
  } finally {
    await writer.stop();
    await lowerFence(wave, {}, silent);
  }
}

const behind = <T>(model: MigrationModel, work: () => Promise<T>, hold: HoldOptions = {}): Promise<T> =>
  whileFenced(model, hold, silent, work).then(({ result }) => result);

/**
 * The gate as the step runs it: it also waits for the end of the writes.
 * @param wholeAt when the fence was raised. Absent: this raises it
 */
const passGate = (model: MigrationModel, wholeAt?: string) =>
  behind(model, () => runGate(model, { stableForMs: 0, fenced: true }, silent), {
    untilSettled: true,
    ...defined({ wholeAt }),
  });

/** Cuts over the wave, and leaves its fence up. @returns when clients could start on the target, ms since the epoch */
async function cutOver(
  wave: MigrationModel,
  { port, name }: Round,
  writer: Writer,
): Promise<{ ended: number; applied: AppliedOffsets }> {
  await sleep(WRITING_MS);
  await prepareCutover(wave);
  const drained = writer.denied.then(() => commitGroups(port, name, moving, sizes));
  drained.catch(() => {});
  const { raisedAt } = await raiseFence(wave, settledLater({}), silent);
  await passGate(wave, raisedAt);
  await drained;
  const applied = await proveAndMove(wave);
  return { ended: Date.now(), applied };
}

async function proveAndMove(model: MigrationModel): Promise<AppliedOffsets> {
  const { equal, differences } = await behind(model, () => compareCopy(model, { mode: "tail" }, silent));
  if (!equal) throw new Error(`the copy differs: ${differences[0]?.text}`);
  // On the way back the groups have the offsets there that they left with.
  const options = { overwrite: true };
  const move = async () => applyOffsets(model, await planOffsets(model, options, silent), options, silent);
  const applied = await behind(model, move);
  everyGroupMoved(applied);
  return applied;
}

/**
 * Cuts over the wave and opens its way back. Clients write to the target. Then the wave returns, in the order of the
 * step WayBack.
 * @returns ms
 */
async function returnPause(wave: MigrationModel, round: Round): Promise<number> {
  const { origin, target, mirror, workspace, port, name } = round;
  const back = returnModel(wave);
  const there = await openKafka(target.connection, "target");
  const sides = { origin: port, target: there };
  try {
    const first = await startWriter(asApplication(origin), moving, sizes.partitions);
    await cutOver(wave, round, first).finally(() => first.stop());
    const pattern = wave.mirror.scope!.topics!;
    await mirror.copy(`${PREFIX}-.*`, "1", pattern);
    const left = { limitMs: LIMIT_MS, topics: moving };
    await waitUntilExcluded(there, wave.mirror, (topic) => moving.includes(topic), left);
    await writeSourceOffsets({ origin: there, target: port }, back.mirror, await endsOf(there), silent, {
      stopped: true,
    });
    const returning = await BenchMirror.start(workspace, {
      profile,
      origin: target,
      target: origin,
      targetBootstrap: origin.bootstrapServers,
      name: `back-${name}`,
      back: back.mirror,
    });
    try {
      await returning.copy(back.mirror.topicsPattern, "1");
      const writer = await startWriter(asApplication(target), moving, sizes.partitions);
      await sleep(WRITING_MS);
      const drained = writer.denied.then(() => commitGroups(there, name, moving, sizes));
      drained.catch(() => {});
      // A return raises the target's fence in the same step.
      await passGate(back);
      await drained;
      await proveAndMove(back);
      await writeSourceOffsets(sides, wave.mirror, await endsOf(port), silent);
      await returning.stop();
      await waitUntilLeft(port, back.mirror, { limitMs: LIMIT_MS }, silent);
      await lowerFence(back, {}, silent);
      await mirror.copy(`${PREFIX}-.*`, "1");
      await lowerFence(wave, {}, silent);
      const ended = Date.now();
      return ended - (await writer.stop());
    } finally {
      await returning.stop();
    }
  } finally {
    await lowerFence(back, {}, silent);
    await lowerFence(wave, {}, silent);
    await there.deleteGroups(Array.from({ length: sizes.groups }, (_, i) => `${name}-${i}`));
    await port.deleteTopics((await port.listTopics()).filter((topic) => topic.includes(back.mirror.groupId)));
    await there.close();
  }
}

/** The wave's partitions and their ends. */
async function endsOf(port: CountingPort): Promise<SourceEnd[]> {
  const all = moving.flatMap((topic) =>
    Array.from({ length: sizes.partitions }, (_, partition) => ({ topic, partition })),
  );
  return (await port.listOffsets(all, "latest")).map(({ topic, partition, offset }) => ({
    topic,
    partition,
    end: offset,
  }));
}

/** @returns ms */
async function consumersPause(wave: MigrationModel, { origin, port, name }: Round): Promise<number> {
  const writer = await startWriter(asApplication(origin), moving, sizes.partitions);
  try {
    await sleep(WRITING_MS);
    await commitGroups(port, name, moving, sizes);
    const stopped = Date.now();
    const plan = await planOffsets(wave, { copiedSoFar: true }, silent);
    everyGroupMoved(await applyOffsets(wave, plan, {}, silent));
    return Date.now() - stopped;
  } finally {
    await writer.stop();
  }
}

function everyGroupMoved(applied: AppliedOffsets): void {
  if (applied.groups.length !== sizes.groups)
    throw new Error(`${applied.groups.length} of ${sizes.groups} groups were moved`);
}

program(main);
