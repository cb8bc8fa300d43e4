/**
 * Measures the time from the last record written on the origin to "clients may start". A real MirrorMaker 2 copies
 * between real clusters. Applications write until they are stopped or until the fence stops them. The benchmark calls
 * the engine's functions in the same order as the lifecycle's resources, and keeps connections between them as they do.
 * The result does not include the time that Pulumi itself needs between the steps.
 *
 *   npm run bench cutover -- [--topics 50] [--partitions 10] [--groups 100] [--records 200] [--rounds 3]
 *                            [--profile tuned] [--quick]
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { KafkaCluster } from "@kafka-migration/sandbox/kafka";
import { type HoldOptions, lowerFence, raiseFence, settledLater, whileFenced } from "../engine/fence";
import { type GateResult, runGate } from "../engine/gate";
import { keepLinks } from "../engine/kafka/kept-links";
import type { CountingPort } from "../engine/kafka/client";
import { PROFILES } from "../components/settings/mirror";
import type { MigrationModel } from "../engine/model";
import { defined } from "../engine/objects";
import { applyOffsets, planOffsets } from "../engine/offsets";
import { prepareCutover } from "../engine/prepare";
import { silent } from "../engine/progress";
import { applyReplication } from "../engine/replication";
import { compareCopy } from "../engine/verify";
import { asApplication, commitGroups, withCopy } from "./applications";
import { benchArguments, choice, count, median, print, program, progress, sizeOf, table } from "./common";
import { startWriter, type Writer } from "./writer";

const values = benchArguments({
  topics: { type: "string" },
  partitions: { type: "string", default: "10" },
  groups: { type: "string" },
  records: { type: "string", default: "200" },
  rounds: { type: "string" },
  "warm-rounds": { type: "string" },
  profile: { type: "string", default: "tuned" },
});
const sizes = {
  topics: sizeOf(values, "topics", 50, 10),
  partitions: count("partitions", values.partitions),
  groups: sizeOf(values, "groups", 100, 20),
  records: count("records", values.records),
};
const rounds = sizeOf(values, "rounds", 3, 1);
/** Rounds before those that count. The brokers of a real estate have run for long, and are faster than new ones. */
const warmRounds = sizeOf(values, "warm-rounds", 2, 0);
const profile = choice("profile", values.profile, PROFILES);

const PREFIX = "bench-cutover";
const topics = Array.from({ length: sizes.topics }, (_, i) => `${PREFIX}-${i}`);
/**
 * The gate waits this long while producers still write. The same happens when a user runs `pulumi up` before stopping
 * the producers.
 */
const WRITING_MS = 3_000;
/** Wanted with the fence, in seconds, for estates of up to this size. Without it the 5 quiet seconds are added. */
const WANTED = [
  { partitions: 500, groups: 100, seconds: 2.5 },
  { partitions: 5_000, groups: 1_000, seconds: 8 },
];
const QUIET_S = 5;

/** Seconds. Each step counts from the end of the step before it; the first counts from the last acknowledged record. */
interface Split {
  "mirror caught up and said so": number;
  "quiet origin": number;
  "gate's last check": number;
  /** Time until the benchmark's own groups reach their end. 0 if they reach it before the gate opens. */
  "consumers at their end": number;
  verification: number;
  "offsets planned": number;
  "offsets written": number;
}

interface Round extends Split {
  total: number;
  replication: number;
}

async function main(): Promise<void> {
  await keepLinks(5_000);
  await withCopy({ prefix: PREFIX, topics, sizes, profile }, async ({ origin, port, model }) => {
    const found = { "no fence": [] as Round[], fence: [] as Round[] };
    for (let round = 1; round <= warmRounds + rounds; round++) {
      for (const way of ["no fence", "fence"] as const) {
        const name = `${way.replace(" ", "-")}-${round}`;
        const one = await cutover(model, { origin, port, name, fenced: way === "fence" });
        found[way].push(one);
        const parts = stepsOf(one).map((step) => `${step} ${one[step].toFixed(1)}`);
        progress(`${way}, round ${round}: ${one.total.toFixed(1)} s (${parts.join(", ")})`);
      }
    }
    report(found, model);
  });
}

const stepsOf = (round: Round) =>
  Object.keys(round).filter((k) => k !== "total" && k !== "replication") as (keyof Split)[];

const totals = (of: readonly Round[]) => of.map((round) => round.total.toFixed(1)).join(" ");

function report(all: Record<"no fence" | "fence", Round[]>, { mirror }: MigrationModel): void {
  print(
    `${sizes.topics * sizes.partitions} partitions in ${sizes.topics} topics, ${sizes.groups} groups (one in ` +
      `ten behind), profile ${profile}, mirror's offsets every ${mirror.offsetFlushIntervalMs / 1000} s,`,
  );
  print(
    `verification in mode tail; seconds, medians of ${rounds} ${rounds === 1 ? "round" : "rounds"} in turn after ` +
      `${warmRounds} to warm up`,
  );
  const found = { "no fence": all["no fence"].slice(warmRounds), fence: all.fence.slice(warmRounds) };
  print();
  const ways = ["no fence", "fence"] as const;
  const steps = stepsOf(found.fence[0]!);
  const line = (name: string, key: keyof Round) => [
    name,
    ...ways.map((way) => median(found[way].map((r) => r[key])).toFixed(1)),
  ];
  print(
    table([
      ["from the last record written", ...ways],
      ...steps.map((step) => line(step, step)),
      line("clients may start after", "total"),
      ["  each round", ...ways.map((way) => totals(found[way]))],
      ...(warmRounds === 0 ? [] : [["  to warm up", ...ways.map((way) => totals(all[way].slice(0, warmRounds)))]]),
      line("replication, while clients run", "replication"),
    ]),
  );
  const wanted = WANTED.find((w) => sizes.topics * sizes.partitions <= w.partitions && sizes.groups <= w.groups);
  if (wanted === undefined) return;
  const { seconds } = wanted;
  const kept = ways.every((way) => {
    const limit = way === "fence" ? seconds : seconds + QUIET_S;
    return median(found[way].map((r) => r.total)) < limit;
  });
  print(
    `wanted for ${wanted.partitions} partitions and ${wanted.groups} groups: under ${seconds} s with the fence, ` +
      `${seconds + QUIET_S} s without; ${kept ? "kept" : "NOT kept"}`,
  );
  if (!kept) process.exitCode = 1;
}

interface Surroundings {
  origin: KafkaCluster;
  port: CountingPort;
  /** Name of this round. Its groups are called `<name>-<number>`. */
  name: string;
  fenced: boolean;
}

async function cutover(all: MigrationModel, { origin, port, name, fenced }: Surroundings): Promise<Round> {
  // Every round uses new groups. The groups of the last round already have offsets on the target.
  const model: MigrationModel = { ...all, mirror: { ...all.mirror, groupsPattern: `${name}-.*` } };
  const writer = await startWriter(asApplication(origin), topics, sizes.partitions);
  try {
    const behind = <T>(work: () => Promise<T>, hold: HoldOptions = {}): Promise<T> =>
      fenced ? whileFenced(model, hold, silent, work).then(({ result }) => result) : work();
    if (fenced) {
      await sleep(WRITING_MS);
      await prepareCutover(model);
    }
    const raised = fenced ? raiseFence(model, settledLater({}), silent) : Promise.resolve(undefined);
    const drained = drain(writer, fenced, () => commitGroups(port, name, topics, sizes));
    drained.catch(() => {});
    const wholeAt = (await raised)?.raisedAt;
    const gate = await behind(() => runGate(model, fenced ? { stableForMs: 0, fenced: true } : {}, silent), {
      untilSettled: true,
      ...defined({ wholeAt }),
    });
    const passed = Date.now();
    const last = await drained;
    const ready = Date.now();
    const { equal, differences } = await behind(() => compareCopy(model, { mode: "tail" }, silent));
    if (!equal) throw new Error(`the copy differs: ${differences[0]?.text}`);
    const verified = Date.now();
    let planned = 0;
    const applied = await behind(async () => {
      const plan = await planOffsets(model, {}, silent);
      planned = Date.now();
      return applyOffsets(model, plan, {}, silent);
    });
    const written = Date.now();
    if (applied.groups.length !== sizes.groups)
      throw new Error(`${applied.groups.length} of ${sizes.groups} groups were moved`);
    await applyReplication(model, {}, silent);
    const replicated = Date.now();
    return {
      ...split(gate, last, passed, ready, verified, planned, written),
      total: (written - last) / 1000,
      replication: (replicated - written) / 1000,
    };
  } finally {
    await writer.stop();
    if (fenced) await lowerFence(model, {}, silent);
  }
}

/**
 * Stops the writer, or waits until the fence does, and lets the groups commit as their consumers would.
 * @returns when the last record was acknowledged, ms since the epoch
 */
async function drain(writer: Writer, fenced: boolean, commit: () => Promise<void>): Promise<number> {
  if (fenced) await writer.denied;
  else await sleep(WRITING_MS);
  const last = await writer.stop();
  await commit();
  return last;
}

function split(
  gate: GateResult,
  last: number,
  passed: number,
  ready: number,
  verified: number,
  planned: number,
  written: number,
): Split {
  const lastLook = Date.parse(gate.passedAt);
  const seconds = (from: number, to: number) => (to - from) / 1000;
  return {
    "mirror caught up and said so": seconds(last, lastLook - gate.quietMs),
    "quiet origin": gate.quietMs / 1000,
    "gate's last check": seconds(lastLook, passed),
    "consumers at their end": seconds(passed, ready),
    verification: seconds(ready, verified),
    "offsets planned": seconds(verified, planned),
    "offsets written": seconds(planned, written),
  };
}

program(main);
