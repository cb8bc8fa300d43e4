/**
 * Measures how long the applications of one wave wait, while other waves go on writing. A real MirrorMaker 2 copies
 * between real clusters.
 *
 * - Producers: from the last record that the fence let through to "may start on the target". The benchmark calls the
 *   engine's functions in the order of the lifecycle's resources, limited to the wave.
 * - Consumers: from "stopped on the origin" to "may start on the target", while the wave's producers write, too (phase
 *   `consumers`).
 *
 *   npm run bench waves -- [--topics 5] [--partitions 10] [--groups 50] [--rate 5] [--rounds 3] [--profile tuned]
 *                          [--quick]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { KafkaCluster } from "@kafka-migration/sandbox/kafka";
import { lowerFence, raiseFence, whileFenced } from "../engine/fence";
import { runGate } from "../engine/gate";
import type { CountingPort } from "../engine/kafka/client";
import type { MigrationModel, Profile } from "../engine/model";
import { type AppliedOffsets, applyOffsets, planOffsets } from "../engine/offsets";
import { silent } from "../engine/progress";
import { compareCopy } from "../engine/verify";
import { asApplication, commitGroups, withCopy } from "./applications";
import { count, median, print, program, progress, table } from "./common";
import { startRate, startWriter } from "./writer";

const { values } = parseArgs({
  options: {
    topics: { type: "string", default: "5" },
    partitions: { type: "string", default: "10" },
    groups: { type: "string", default: "50" },
    rate: { type: "string", default: "5" },
    rounds: { type: "string" },
    profile: { type: "string", default: "tuned" },
    quick: { type: "boolean", default: false },
  },
});
const sizes = {
  topics: count("topics", values.topics),
  partitions: count("partitions", values.partitions),
  groups: count("groups", values.groups),
  records: 200,
};
const rate = count("rate", values.rate);
const rounds = values.rounds === undefined ? (values.quick ? 1 : 3) : count("rounds", values.rounds);
const profile = values.profile as Profile;
if (!["guide", "tuned", "least"].includes(profile))
  throw new Error(`--profile ${profile}: one of guide, tuned, least is wanted`);

const PREFIX = "bench-waves";
const names = (wave: string): string[] => Array.from({ length: sizes.topics }, (_, i) => `${PREFIX}-${wave}-${i}`);
const moving = names("moving");
const others = names("other");
/** The wave and the others are written to for this long before each measurement. */
const WRITING_MS = 5_000;
const WANTED_S = 5;

async function main(): Promise<void> {
  await withCopy(
    { prefix: PREFIX, topics: [...moving, ...others], sizes, profile },
    async ({ origin, port, model: whole }) => {
      const busy = await startRate(asApplication(origin), others, sizes.partitions, rate * 1e6);
      const found = { producers: [] as number[], consumers: [] as number[] };
      for (let round = 1; round <= rounds; round++) {
        for (const [what, measure] of [
          ["consumers", consumersPause],
          ["producers", producersPause],
        ] as const) {
          const name = `${what}-${round}`;
          found[what].push((await measure(waveOf(whole, name), { origin, port, name })) / 1000);
          progress(`${what}, round ${round}: ${found[what].at(-1)!.toFixed(1)} s`);
        }
      }
      const written = await busy.stop();
      report(found, written, whole.mirror.offsetFlushIntervalMs);
    },
  );
}

function report(
  found: Record<"producers" | "consumers", number[]>,
  written: { bytesPerSecond: number; longestGapMs: number },
  flushMs: number,
): void {
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
    ]),
  );
  const kept = [found.producers, found.consumers].every((pauses) => median(pauses) < WANTED_S);
  print(`wanted: under ${WANTED_S} s each; ${kept ? "kept" : "NOT kept"}`);
  if (!kept) process.exitCode = 1;
}

/** The part of the mirror that moves in this round. Every round uses new groups. */
function waveOf(whole: MigrationModel, name: string): MigrationModel {
  const scope = { wave: "moving", topics: `${PREFIX}-moving-.*`, groups: `${name}-.*` };
  return { ...whole, mirror: { ...whole.mirror, scope } };
}

interface Round {
  origin: KafkaCluster;
  port: CountingPort;
  /** The groups of this round are called `<name>-<number>`. */
  name: string;
}

/** @returns ms */
async function producersPause(wave: MigrationModel, { origin, port, name }: Round): Promise<number> {
  const writer = await startWriter(asApplication(origin), moving, sizes.partitions);
  const behind = <T>(work: () => Promise<T>): Promise<T> =>
    whileFenced(wave, {}, silent, work).then(({ result }) => result);
  try {
    await sleep(WRITING_MS);
    const drained = writer.denied.then(() => commitGroups(port, name, moving, sizes));
    drained.catch(() => {});
    await raiseFence(wave, {}, silent);
    await behind(() => runGate(wave, { stableForMs: 0 }, silent));
    await drained;
    const { equal, differences } = await behind(() => compareCopy(wave, { mode: "tail" }, silent));
    if (!equal) throw new Error(`the copy differs: ${differences[0]?.text}`);
    const applied = await behind(async () => applyOffsets(wave, await planOffsets(wave, {}, silent), {}, silent));
    const ended = Date.now();
    everyGroupMoved(applied);
    return ended - (await writer.stop());
  } finally {
    await writer.stop();
    await lowerFence(wave, {}, silent);
  }
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
