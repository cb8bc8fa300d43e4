import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { applicationClient, listEverything, registerCodecs, residueIn } from "@kafka-migration/sandbox/story";
import type { TestCluster } from "@kafka-migration/sandbox/testing";
import {
  CLIENTS,
  faultsOf,
  type Goal,
  type GroupStory,
  javaRead,
  type JavaTask,
  type JavaWitness,
  kafkajsRead,
  openJavaWitness,
  type PartitionRead,
  type ReadTask,
  startWriter,
  type Writer,
} from "@kafka-migration/sandbox/witness";
import { fetchBytesOf, quotaOf } from "../../engine/copy-throttle";
import type { AppliedOffsets } from "../../engine/offsets";
import type { Report } from "../../engine/report";
import { wordCount } from "../engine/offsets/streams/application";
import {
  commitMirror,
  createTopic,
  merge,
  ownStack,
  quotasOn,
  recordsIn,
  settingsFor,
  until,
  withSandbox,
} from "./support";

/**
 * Three waves and the rest, with producers that never stop of their own accord: `early` moves its consumers first,
 * `back` returns and cuts over again, `plain` cuts over with a way back that is ended before its clients need it,
 * `rest` is outside the waves. Every record carries its number, so each group's own reads show what it missed.
 */
const PREFIX = "trio";
const PARTITIONS = 2;
const MINUTES = 60_000;
const FAST_FLUSH_MS = 1_000;
/** Bytes per second of the mirror while every part only copies. */
const RATE = 30_000_000;
type Wave = "early" | "back" | "plain";
type Part = Wave | "rest";
const WAVES: readonly Wave[] = ["early", "back", "plain"];
const PARTS: readonly Part[] = [...WAVES, "rest"];

interface Kind {
  /** Records of each partition before the mirror runs. */
  records: number;
  codec?: string;
  keys?: number;
  /** Records of each transaction, per partition. */
  each?: number;
}

/** The first topic of each part is written all the time. */
const TOPICS: Record<Part, Record<string, Kind>> = {
  early: { clicks: { records: 0 }, gzip: { records: 120, codec: "gzip" }, snappy: { records: 120, codec: "snappy" } },
  back: {
    orders: { records: 0 },
    payments: { records: 150, each: 10 },
    prices: { records: 120, codec: "lz4", keys: 23 },
  },
  plain: { views: { records: 0 }, none: { records: 120, codec: "none" }, zstd: { records: 120, codec: "zstd" } },
  rest: { logins: { records: 0 } },
};
/** These get records whose copies the mirror does not remember when it crashes. */
const REPEATED = ["gzip", "none"];
const WHILE_MIRRORED = 15;
/** Written in transactions on the target, before the wave returns. The last transaction is aborted. */
const PAID_LATER = { from: 150, transactions: 3 };
const PAID_AT_LAST = 180;
const WORDS = ["ape", "bee", "cat"];

const topicOf = (part: Part, kind: string) => `${PREFIX}-${part}-${kind}`;
const liveOf = (part: Part) => topicOf(part, Object.keys(TOPICS[part])[0]!);
/** The topics whose last records the mirror copies twice. */
const repeatedTopic = (kind: string) => topicOf(kind === "gzip" ? "early" : "plain", kind);
const APP = `${PREFIX}-back-app`;
const [SAID, COUNTED] = [topicOf("back", "words"), topicOf("back", "counted")];

interface Group {
  part: Part;
  group: string;
  client: ReadTask["client"];
  lags: boolean;
}
const GROUPS: readonly Group[] = PARTS.flatMap((part) =>
  CLIENTS.filter((client) => part !== "rest" || client === "kafkajs").flatMap((client) =>
    [false, true].map((lags) => ({ part, client, lags, group: `${PREFIX}-${part}-${client}${lags ? "-lags" : ""}` })),
  ),
);
const groupsIn = (part: Part) => GROUPS.filter((group) => group.part === part);

describe("three waves and the rest with every kind of record, record by record", () => {
  const cleaner = { brokerConfig: { "log.cleaner.backoff.ms": "1000" } };
  const at = withSandbox({ origin: cleaner, target: cleaner });
  const kafka = (side: "origin" | "target") => applicationClient(at.sandbox[side].connection, "applications");
  const writers = {} as Record<Part, Writer>;
  /** Numbers of each partition of the live topics: the next one. */
  const next = {} as Record<Part, number>;
  /** What each group read on each partition, with the number of moves before it. */
  const reads = new Map<string, (PartitionRead & { moves: number })[]>();
  /** What each move said that a group will read again on a partition. */
  const announced = new Map<string, number[]>();
  const moves: Record<Part, number> = { early: 0, back: 0, plain: 0, rest: 0 };
  const denied: string[] = [];
  const paused: Record<string, number> = {};
  const summaries: Record<string, any>[] = [];
  const reports: Report[] = [];
  /** Quotas of the mirror's users, after the first up and when the first groups have moved. */
  const quotas: Record<string, number>[] = [];
  const quotasOfMirror = async () => {
    const on = async (side: "origin" | "target") => (await quotasOn(at.sandbox[side]))["mm2-credentials"];
    return { ...(await on("origin")), ...(await on("target")) };
  };
  let java: JavaWitness;
  let returnTopics: string[] = [];
  /** The live topics of the waves that had a way back, when it has ended. */
  const onOrigin = {} as Record<"back" | "plain", Record<string, number[]>>;
  /** The first number that the clients of `plain` wrote on the target. */
  let plainCutAt = 0;
  let residue: string[] = [];
  let counts: Record<string, number> = {};
  let repeated = 0;
  let said = 0;
  let isAllWritten = false;
  let migrated: string[] = [];

  test(
    "runs through every phase",
    async () => {
      const { sandbox } = at;
      registerCodecs();
      const empty = await residueIn(sandbox, [], []);
      java = await openJavaWitness(sandbox.supervisor, sandbox.parts, await folder("witness"));
      for (const part of PARTS)
        for (const [kind, { keys }] of Object.entries(TOPICS[part]))
          await createTopic(sandbox, topicOf(part, kind), PARTITIONS, keys === undefined ? {} : COMPACTED);
      for (const topic of [SAID, COUNTED]) await createTopic(sandbox, topic, PARTITIONS);
      await java.run(sandbox.origin.connection, WAVES.flatMap(firstRecords));
      const app = await wordCount(sandbox.supervisor, {
        applicationId: APP,
        protocol: "classic",
        from: SAID,
        to: COUNTED,
      });
      /** The application counts more words on one side, until it has counted all. */
      const count = async (side: "origin" | "target", words: number) => {
        await say(side, words);
        await app.runUntil(testCluster(side), `${said} counted words`, async () => {
          counts = await countsOn(side);
          return Object.values(counts).reduce((sum, n) => sum + n, 0) >= said;
        });
      };
      await count("origin", 60);

      const waysBack: Partial<Record<Wave, boolean>> = { back: true, plain: true };
      const waves = (...phases: string[]) => ({
        waves: WAVES.map((name, i) => ({
          name,
          topics: `${PREFIX}-${name}-.*`,
          groups: `${PREFIX}-${name}-.*`,
          phase: phases[i],
          ...(waysBack[name] === undefined ? {} : { wayBack: waysBack[name] }),
        })),
      });
      const settings = merge(settingsFor(sandbox, PREFIX), {
        // The mirror commits nothing of its own accord, so that its crash makes it copy the newest records twice.
        mirror: { offsetFlushIntervalMs: 600_000, throttleBytesPerSecond: RATE },
        // A worker that crashed is given up at once, and its tasks go to the next one.
        target: {
          config: {
            "scheduled.rebalance.max.delay.ms": 0,
            "session.timeout.ms": 6_000,
            "heartbeat.interval.ms": 2_000,
          },
        },
        gate: { stableSeconds: 0 },
        verify: { mode: "full" },
        fence: true,
        ...waves("mirror", "mirror", "mirror"),
      });
      const report = join(sandbox.folder, "report", `migration-${PREFIX}.json`);
      const project = await ownStack(sandbox, PREFIX, settings);
      const fastFlush = { mirror: { ...(settings["mirror"] as object), offsetFlushIntervalMs: FAST_FLUSH_MS } };
      /** An `up`. The producer of one part is stopped when that part's fence is raised; the others must not notice. */
      const up = async (
        change: object,
        stopping?: Part,
        fence = stopping === "rest" ? "running fence: " : `wave ${stopping}: fence: `,
      ) => {
        await project.set(change as Record<string, unknown>);
        await project.up({
          onLine: (line) => {
            at.log.push(line);
            if (stopping !== undefined && line.includes(fence) && line.includes(" closed for "))
              void writers[stopping].stop();
          },
        });
        summaries.push((await project.outputs())["summary"] as Record<string, any>);
        reports.push(JSON.parse(await readFile(report, "utf8")) as Report);
      };
      /** Moves the producer of a part, while those of the others go on. */
      const move = async (part: Part, to: "origin" | "target", change: object, fence?: string) => {
        const others = PARTS.filter((other) => other !== part);
        await up(change, part, fence);
        if (part !== "early") hear(await project.exported(), part, to === "origin" ? "way-back" : "consumer-offsets");
        for (const other of others) {
          const when = `${other} in move ${moves[part]} of ${part}`;
          if (!writers[other].isWriting()) denied.push(when);
          paused[when] = writers[other].longestPauseMs();
        }
        next[part] = await writers[part].stop();
        writers[part] = await startWriter(kafka(to), liveOf(part), PARTITIONS, next[part]);
      };

      for (const part of PARTS) writers[part] = await startWriter(kafka("origin"), liveOf(part), PARTITIONS, 0);
      await up({});
      quotas.push(await quotasOfMirror());
      for (const kind of REPEATED) await copied(kind, 0);
      await commitMirror(sandbox, REPEATED.map(repeatedTopic));
      await java.run(sandbox.origin.connection, REPEATED.flatMap(recordsWhileMirrored));
      for (const kind of REPEATED) await copied(kind, 1);
      expect(sandbox.crashMirrors()).toBe(1);
      for (const kind of REPEATED) await copied(kind, 2);
      await readAll("origin", PARTS, 30, 10);

      await up({ ...waves("consumers", "mirror", "mirror"), ...fastFlush });
      quotas.push(await quotasOfMirror());
      hear(await project.exported(), "early", "consumer-offsets");
      await readAll("target", ["early"], 60, 20);
      await move("early", "target", waves("cutover", "mirror", "mirror"));

      await move("back", "target", waves("cutover", "cutover", "mirror"));
      await java.run(sandbox.target.connection, [
        ["transact", topicOf("back", "payments"), `${PARTITIONS}`, ...paid()],
      ]);
      await count("target", 40);
      await readAll("target", ["back"], 60, 20);
      // Both mirrors crash, the one that copies back as well.
      expect(sandbox.crashMirrors()).toBe(2);
      await move("back", "origin", waves("cutover", "returned", "mirror"), "wave back: way-back: fence: ");
      const { topics: afterReturn } = await listEverything(sandbox.origin);
      returnTopics = [...afterReturn.keys()].filter((name) => name.includes("return"));
      await count("origin", 20);
      await readAll("origin", ["back"], 90, 40);
      await move("back", "target", waves("cutover", "cutover", "mirror"));
      await count("target", 10);

      await move("plain", "target", waves("cutover", "cutover", "cutover"));
      plainCutAt = next.plain;
      await until(
        "records of plain that came back",
        () => numbersOn("origin", liveOf("plain")),
        (all) => Object.values(all).every((numbers) => numbers.at(-1)! > plainCutAt),
      );
      waysBack.plain = false;
      await move("rest", "target", { ...waves("cutover", "cutover", "cutover"), phase: "cutover" });
      for (const part of PARTS) next[part] = await writers[part].stop();
      // kafkajs waits for a record at the end, and a transaction ends with a marker.
      await java.run(sandbox.target.connection, writes(topicOf("back", "payments"), PAID_AT_LAST, 1, "none", 0));
      isAllWritten = true;
      await readAll("target", PARTS, "end", "end");
      for (const wave of ["back", "plain"] as const) onOrigin[wave] = await numbersOn("origin", liveOf(wave));
      repeated = (await recordsIn(sandbox.target, topicOf("plain", "none"))) - PARTITIONS * (120 + WHILE_MIRRORED);

      await up({ phase: "cleanup" });
      await project.destroy();
      reports.push(JSON.parse(await readFile(report, "utf8")) as Report);
      const everything = await listEverything(sandbox.target);
      const topics = [...everything.topics.keys()].filter((name) => name.startsWith(PREFIX));
      const left = await residueIn(sandbox, topics, [...GROUPS.map(({ group }) => group), APP, READER]);
      residue = left.filter((one) => !empty.includes(one));
      migrated = topics;
    },
    40 * MINUTES,
  );

  test("every group reads every record once and in order, across both clusters, except what was announced", () => {
    const stories = [...reads].map(([key, all]) => storyOf(key, all));
    expect(stories.flatMap(faultsOf)).toEqual([]);
    expect(stories.flatMap((story) => story.more)).toEqual([]);
    const topics = GROUPS.flatMap(({ part }) => Object.keys(TOPICS[part]));
    expect(stories).toHaveLength(topics.length * PARTITIONS);
    expect(repeated).toBe(PARTITIONS * WHILE_MIRRORED);
    expect([...announced.values()].some((records) => records.at(-1) === WHILE_MIRRORED)).toBe(true);
  });

  test("a Streams application counts every word once, through two cutovers and a return", () => {
    expect(said).toBe(130);
    const again = [...announced].filter(([key]) => key.startsWith(`${APP} `)).flatMap(([, records]) => records);
    expect(again.filter((records) => records > 0)).toEqual([]);
    expect(counts).toEqual(Object.fromEntries(WORDS.map((word, i) => [word, Math.ceil((said - i) / WORDS.length)])));
  });

  test("quotas of the operator's users limit the copy, until a wave needs the rest of its records", () => {
    const brokers = at.sandbox.target.connection.bootstrapServers.split(",").length;
    expect(quotas).toEqual([
      {
        consumer_byte_rate: quotaOf("origin", RATE, fetchBytesOf(RATE, 1)),
        producer_byte_rate: quotaOf("target", RATE / brokers, 0),
      },
      {},
    ]);
  });

  test("no producer of another part is refused or pauses", () => {
    expect(denied).toEqual([]);
    expect(Object.entries(paused).filter(([, ms]) => ms > 20_000)).toEqual([]);
    expect(Object.keys(paused)).toHaveLength(18);
  });

  test("a wave's groups move before its producers, and its cutover leaves them where they are", () => {
    const [, consumers, first] = summaries as any[];
    expect(consumers.waves.early).toMatchObject({ phase: "consumers", passedAt: null, gate: null });
    const groups = groupsIn("early").length;
    const written = groups * Object.keys(TOPICS.early).length * PARTITIONS;
    expect(consumers.waves.early.offsets).toMatchObject({ groups, written });
    // What both moves wrote together. The cutover itself wrote nothing.
    expect(first.waves.early.offsets).toMatchObject({ groups, written });
    const moved = at.log.filter(
      (line) => line.includes("running wave early: consumer-offsets: offsets: ") && line.includes(" written"),
    );
    expect(moved).toEqual([
      expect.stringContaining(`${written} offsets of ${groups} groups`),
      expect.stringContaining("0 offsets of 0 groups"),
    ]);
  });

  test("each wave is proved alone, and the others are not yet", () => {
    const proved = (summary: any) =>
      [...WAVES.map((wave) => summary.waves[wave]), summary].map((part) => part.verification?.equal ?? null);
    const [, consumers, early, back, , , plain, rest] = summaries;
    expect([consumers, early, back, plain, rest].map(proved)).toEqual([
      [null, null, null, null],
      [true, null, null, null],
      [true, true, null, null],
      [true, true, true, null],
      [true, true, true, true],
    ]);
    const partitions = Object.keys(TOPICS.early).length * PARTITIONS;
    expect(early!["waves"].early.gate).toMatchObject({ topics: Object.keys(TOPICS.early).length, partitions });
    expect(early!["waves"].early.passedAt).toMatch(/^20\d\d-/);
    expect(rest!["gate"]).toMatchObject({ topics: 1, partitions: PARTITIONS });
  });

  test("the report has a row for each wave: its state, how long producers waited, and its proof, to the end", () => {
    const row = (report: Report | undefined, part: Part) =>
      report!.waves!.find((one) => one.wave === (part === "rest" ? undefined : part))!;
    const [copying, consumers, early, back, returned, again, plain] = reports;
    expect(copying!.waves!.map((one) => [one.wave, one.state])).toEqual([
      ...WAVES.map((wave) => [wave, "copying"]),
      [undefined, "copying"],
    ]);
    expect(row(consumers, "early")).toMatchObject({ state: "groups moved", tone: "waiting" });
    expect(row(early, "early")).toMatchObject({
      state: "cut over",
      tone: "good",
      groupsMovedBefore: groupsIn("early").length,
    });
    expect(row(early, "back")).toMatchObject({ state: "copying" });
    expect(early!.headline.text).toBe("1 of 3 waves cut over");
    expect([back, returned, again].map((one) => row(one, "back").state)).toEqual([
      "cut over, can return",
      "returned to the origin",
      "cut over, can return",
    ]);
    expect(row(plain, "plain")).toMatchObject({ state: "cut over, can return" });
    for (const report of reports.slice(-3))
      for (const part of ["early", "plain", "rest"] as const) {
        expect(row(report, part)).toMatchObject({ state: "cut over", tone: "good" });
        const { from, to } = row(report, part).producers!;
        expect(Date.parse(to!) - Date.parse(from)).toBeGreaterThan(0);
        expect(Date.parse(to!) - Date.parse(from)).toBeLessThan(PAUSE_MS);
      }
    expect(reports.at(-1)!.headline).toEqual({ tone: "good", text: "Destroyed: no residue" });
  });

  test("the origin has every record of the wave that came back, until it left again", () => {
    expect(returnTopics).toEqual([]);
    expect(Object.keys(onOrigin.back)).toHaveLength(PARTITIONS);
    for (const numbers of Object.values(onOrigin.back)) {
      // What the return mirror copied twice comes a second time.
      const first = [...new Set(numbers)];
      expect(first.length).toBeGreaterThan(90);
      expect(first).toEqual(first.map((_, n) => n));
    }
  });

  test("a way back that is ended has copied once and in order, and nothing comes back after its end", () => {
    expect(Object.keys(onOrigin.plain)).toHaveLength(PARTITIONS);
    for (const numbers of Object.values(onOrigin.plain)) {
      expect(numbers).toEqual(numbers.map((_, n) => n));
      expect(numbers.length).toBeGreaterThan(plainCutAt);
      expect(numbers.length).toBeLessThan(next.plain);
    }
  });

  test("leaves nothing behind on the clusters and in Kubernetes", () => {
    expect(residue).toEqual([]);
    expect(migrated).toEqual(expect.arrayContaining(PARTS.map(liveOf)));
  });

  /** The numbers in each partition, as a client that commits nothing sees them. */
  async function numbersOn(side: "origin" | "target", topic: string): Promise<Record<string, number[]>> {
    const goals = Array.from({ length: PARTITIONS }, (_, partition): Goal => ({ topic, partition, upTo: "end" }));
    const found = await kafkajsRead(kafka(side), { group: READER, client: "kafkajs", goals });
    return Object.fromEntries(found.map((one) => [one.partition, one.numbers]));
  }

  /** Records that exist before the mirror starts. */
  function firstRecords(wave: Wave): JavaTask[] {
    return Object.entries(TOPICS[wave]).flatMap(([kind, { records, codec = "none", keys = 0, each }]): JavaTask[] => {
      const topic = topicOf(wave, kind);
      if (each !== undefined) return [["transact", topic, `${PARTITIONS}`, "0", `${each}`, `${records / each}`]];
      return records === 0 ? [] : writes(topic, 0, records, codec, keys);
    });
  }

  function recordsWhileMirrored(kind: string): JavaTask[] {
    return writes(repeatedTopic(kind), 120, WHILE_MIRRORED, kind, 0);
  }

  function writes(topic: string, from: number, count: number, codec: string, keys: number): JavaTask[] {
    return Array.from({ length: PARTITIONS }, (_, p) => [
      "write",
      topic,
      `${p}`,
      `${from}`,
      `${count}`,
      codec,
      `${keys}`,
    ]);
  }

  function paid(): string[] {
    return [`${PAID_LATER.from}`, "10", `${PAID_LATER.transactions}`];
  }

  /** Waits until the mirror has copied the later records this many times. */
  async function copied(kind: string, times: number): Promise<void> {
    const topic = repeatedTopic(kind);
    await until(
      `${topic}, the later records ${times} times`,
      () => recordsIn(at.sandbox.target, topic),
      (n) => n === PARTITIONS * (120 + times * WHILE_MIRRORED),
    );
  }

  /** All groups of these parts read on, side by side, as applications do. */
  async function readAll(
    side: "origin" | "target",
    parts: readonly Part[],
    upTo: Goal["upTo"],
    lagging: Goal["upTo"],
  ): Promise<void> {
    const tasks = parts.flatMap(groupsIn).map((g): ReadTask => {
      const goals = Object.keys(TOPICS[g.part]).flatMap((kind) =>
        Array.from({ length: PARTITIONS }, (_, partition): Goal => {
          const wanted = g.lags ? lagging : upTo;
          const goal = wanted === "end" ? wanted : Math.min(wanted, writtenTo(g.part, kind).at(-1)!);
          return { topic: topicOf(g.part, kind), partition, upTo: goal };
        }),
      );
      return { group: g.group, client: g.client, goals, metadata: "read" };
    });
    const own = Promise.all(tasks.filter((t) => t.client === "kafkajs").map((t) => kafkajsRead(kafka(side), t)));
    const javas = java.run(at.sandbox[side].connection, tasks.filter((t) => t.client !== "kafkajs").map(javaRead));
    for (const read of [...(await javas), ...(await own).flat()]) {
      const part = read.topic.split("-")[1] as Part;
      reads.set(keyOf(read), [...(reads.get(keyOf(read)) ?? []), { ...read, moves: moves[part] }]);
    }
  }

  /** The committed numbers of a partition, now. */
  function writtenTo(part: Part, kind: string): number[] {
    const { records, each } = TOPICS[part][kind]!;
    if (topicOf(part, kind) === liveOf(part)) {
      // A writer that runs has written more by the time that a group asks.
      return Array.from({ length: Math.max(next[part] ?? 0, 61) }, (_, n) => n);
    }
    const later = REPEATED.includes(kind) ? WHILE_MIRRORED : 0;
    const all = Array.from({ length: records + later }, (_, n) => n);
    if (each === undefined) return all;
    const first = all.filter((n) => Math.floor(n / each) % 3 !== 2 && n < records - each);
    const cutOver = at.log.some((line) => line.includes("wave back: way-back: ") || line.includes("return-start"));
    const paid = cutOver ? Array.from({ length: 20 }, (_, n) => PAID_LATER.from + n) : [];
    return [...first, ...paid, ...(isAllWritten ? [PAID_AT_LAST] : [])];
  }

  /** What was read again after each move but the last must not be more than that move announced. */
  function storyOf(key: string, all: readonly (PartitionRead & { moves: number })[]): GroupStory & { more: number[] } {
    const [before, ...after] = all;
    const { group, topic, partition } = before!;
    const [, part, kind] = topic.split("-") as [string, Part, string];
    const written = writtenTo(part, kind);
    const { keys } = TOPICS[part][kind]!;
    const wasSaid = announced.get(key) ?? [];
    const seen = new Set(before!.numbers);
    const again: number[] = [];
    for (const read of after)
      for (const number of read.numbers) {
        if (seen.has(number)) again[read.moves] = (again[read.moves] ?? 0) + 1;
        seen.add(number);
      }
    const earlier = Array.from({ length: moves[part] }, (_, move) => again[move] ?? 0);
    return {
      group,
      topic,
      partition,
      written,
      before: before!.numbers,
      after: after.flatMap((read) => read.numbers),
      announced:
        earlier.reduce((sum, records) => sum + records, 0) +
        (wasSaid[moves[part]] ?? 0) +
        twiceOnOrigin(topic, partition),
      more: earlier.filter((records, move) => records > (wasSaid[move] ?? 0)),
      ...(keys === undefined ? {} : { mayBeGone: new Set(written.slice(0, -keys)) }),
    };
  }

  /**
   * A move announces how many more records the target holds than the origin. What the return mirror copied twice is
   * on the origin more often.
   */
  function twiceOnOrigin(topic: string, partition: number): number {
    const numbers = topic === liveOf("back") ? onOrigin.back[partition]! : [];
    return numbers.length - new Set(numbers).size;
  }

  /** Notes what a step of the stack announced when it moved the groups of a part. */
  function hear(state: string, part: Part, step: string): void {
    const { deployment } = JSON.parse(state) as { deployment: { resources: { urn: string; outputs?: object }[] } };
    const name = part === "rest" ? `${PREFIX}-${step}` : `${PREFIX}-wave-${part}-${step}`;
    const found = deployment.resources.filter(({ urn }) => urn.endsWith(`::${name}`));
    expect(found).toHaveLength(1);
    const { applied } = found[0]!.outputs as { applied: AppliedOffsets };
    moves[part]++;
    for (const { group, offsets } of applied.groups)
      for (const { topic, partition, rereads = 0 } of offsets) {
        const key = keyOf({ group, topic, partition });
        const all = announced.get(key) ?? [];
        all[moves[part]] = rereads;
        announced.set(key, all);
      }
  }

  function keyOf(r: { group: string; topic: string; partition: number }): string {
    return `${r.group} ${r.topic}-${r.partition}`;
  }

  async function folder(name: string): Promise<string> {
    const path = join(at.sandbox.folder, name);
    await mkdir(path, { recursive: true });
    return path;
  }

  async function say(side: "origin" | "target", count: number): Promise<void> {
    const producer = kafka(side).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const messages = Array.from({ length: count }, (_, i) => ({
      partition: (said + i) % PARTITIONS,
      value: WORDS[(said + i) % WORDS.length]!,
    }));
    await producer.send({ topic: SAID, messages });
    await producer.disconnect();
    said += count;
  }

  /** The newest count of each word in the whole topic, for a reader that commits nothing. */
  async function countsOn(side: "origin" | "target"): Promise<Record<string, number>> {
    const newest: Record<string, number> = {};
    const admin = kafka(side).admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(COUNTED).finally(() => admin.disconnect());
    const left = new Set(ends.filter(({ low, high }) => Number(high) > Number(low)).map(({ partition }) => partition));
    if (left.size === 0) return newest;
    const consumer = kafka(side).consumer({ groupId: READER, maxWaitTimeInMs: 100 });
    await consumer.connect();
    try {
      await consumer.subscribe({ topic: COUNTED, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          for (const message of batch.messages) newest[String(message.key)] = Number(message.value);
          // The last offset is that of a transaction's marker. A batch ends before it.
          const end = Number(ends.find(({ partition }) => partition === batch.partition)!.high);
          if (Number(batch.lastOffset()) >= end - 2) left.delete(batch.partition);
        },
      });
      await until(
        "the counts",
        async () => left.size,
        (n) => n === 0,
        20_000,
      ).catch(() => undefined);
    } finally {
      await consumer.disconnect();
    }
    return newest;
  }

  function testCluster(side: "origin" | "target"): TestCluster {
    const { bootstrapServers, tls, sasl } = at.sandbox[side].connection;
    return { bootstrapServers, ca: tls.ca, admin: sasl } as unknown as TestCluster;
  }
});

/** A fence ends a writer (`isWriting`). This only excludes a writer that hangs: a busy machine stalls for seconds. */
const PAUSE_MS = 60_000;
/** A group that no pattern selects. */
const READER = "witness-of-counts";
const COMPACTED = {
  "cleanup.policy": "compact",
  "segment.ms": "1000",
  "min.cleanable.dirty.ratio": "0.01",
  "max.compaction.lag.ms": "1000",
};
