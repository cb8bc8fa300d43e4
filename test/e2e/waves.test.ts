import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { applicationClient, listEverything, registerCodecs, residueIn } from "@kafka-migration/sandbox/story";
import {
  faultsOf,
  type GroupStory,
  kafkajsRead,
  type PartitionRead,
  startWriter,
  type Writer,
} from "@kafka-migration/sandbox/witness";
import { fetchBytesOf, quotaOf } from "../../engine/copy-throttle";
import type { Report } from "../../engine/report";
import { createTopic, merge, ownStack, quotasOn, settingsFor, until, withSandbox } from "./support";

const PREFIX = "waves";
const PARTITIONS = 2;
/** Bytes per second of the mirror while every part only copies. */
const RATE = 30_000_000;
/** Each topic with the last number that its group has read when it stops on the origin. */
const PARTS = { orders: 20, billing: 5, clicks: 10 } as const;
type Part = keyof typeof PARTS;
const topicOf = (part: Part) => `${PREFIX}-${part}`;
/** How a line of the part's own fence begins. */
const fenceOf = (part: Part) => (part === "clicks" ? "running fence: " : `wave ${part}: fence: `);
const groupOf = (part: Part) => `${PREFIX}-${part}-app`;
/** A fence ends a writer (`isWriting`). This only excludes a writer that hangs: a busy machine stalls for seconds. */
const PAUSE_MS = 20_000;

describe("a migration in two waves and the rest, through the real command line", () => {
  const at = withSandbox();
  const origin = () => applicationClient(at.sandbox.origin.connection, "applications");
  const target = () => applicationClient(at.sandbox.target.connection, "applications");
  const writers = {} as Record<Part, Writer>;
  /** Numbers of each partition: written on the origin, and on both clusters. */
  const cutAt = {} as Record<Part, number>;
  const endAt = {} as Record<Part, number>;
  const before = new Map<Part, PartitionRead[]>();
  const after = new Map<Part, PartitionRead[]>();
  const paused: Record<string, number> = {};
  const denied: string[] = [];
  /** Quotas of the mirror's users, after the first up and when the first groups have moved. */
  const quotas: Record<string, number>[] = [];
  const quotasOfMirror = async () => {
    const on = async (side: "origin" | "target") => (await quotasOn(at.sandbox[side]))["mm2-credentials"];
    return { ...(await on("origin")), ...(await on("target")) };
  };
  const summaries: Record<string, any>[] = [];
  const reports: Report[] = [];
  let ordersWhileCopying: PartitionRead[] = [];
  let residue: string[] = [];
  let topics: string[] = [];

  test("runs through every phase while producers of other waves write", async () => {
    const { sandbox } = at;
    registerCodecs();
    const empty = await residueIn(sandbox, [], []);
    for (const part of parts) {
      await createTopic(sandbox, topicOf(part), PARTITIONS);
      writers[part] = await startWriter(origin(), topicOf(part), PARTITIONS, 0);
    }
    const report = join(sandbox.folder, "report", `migration-${PREFIX}.json`);
    const waves = (orders: string, billing: string) => ({
      waves: [
        { name: "orders", topics: topicOf("orders"), groups: groupOf("orders"), phase: orders },
        { name: "billing", topics: topicOf("billing"), groups: groupOf("billing"), phase: billing },
      ],
    });
    const settings = { gate: { stableSeconds: 0 }, fence: true, mirror: { throttleBytesPerSecond: RATE } };
    const project = await ownStack(
      sandbox,
      PREFIX,
      merge(settingsFor(sandbox, PREFIX), { ...settings, ...waves("mirror", "mirror") }),
    );
    /** An `up`. The producers of one part stop when its fence is raised; those of the others must not notice. */
    const up = async (change: object, stopping?: Part) => {
      await project.set(change as Record<string, unknown>);
      await project.up({
        onLine: (line) => {
          at.log.push(line);
          if (stopping !== undefined && line.includes(fenceOf(stopping))) void writers[stopping].stop();
        },
      });
      summaries.push((await project.outputs())["summary"] as Record<string, any>);
      reports.push(JSON.parse(await readFile(report, "utf8")) as Report);
    };
    const cutOver = async (part: Part, change: object) => {
      const others = parts.filter((other) => other !== part && writers[other].isWriting());
      await up(change, part);
      for (const other of others) if (!writers[other].isWriting()) denied.push(`${other} while ${part} was cut over`);
      cutAt[part] = await writers[part].stop();
      writers[part] = await startWriter(target(), topicOf(part), PARTITIONS, cutAt[part]);
    };
    await up({});
    quotas.push(await quotasOfMirror());
    await Promise.all(parts.map(async (part) => before.set(part, await read("origin", part, PARTS[part]))));

    await up(waves("consumers", "mirror"));
    quotas.push(await quotasOfMirror());
    ordersWhileCopying = await read("target", "orders", PARTS.orders + 10);
    await cutOver("orders", waves("cutover", "mirror"));
    for (const part of ["billing", "clicks"] as const)
      paused[`${part} in the first wave`] = writers[part].longestPauseMs();
    await cutOver("billing", waves("cutover", "cutover"));
    paused["clicks in the second wave"] = writers.clicks.longestPauseMs();
    await cutOver("clicks", { phase: "cutover" });
    for (const part of parts) {
      endAt[part] = await writers[part].stop();
      after.set(part, await read("target", part, endAt[part] - 1));
    }

    await up({ phase: "cleanup" });
    await project.destroy();
    reports.push(JSON.parse(await readFile(report, "utf8")) as Report);
    const left = await residueIn(sandbox, parts.map(topicOf), parts.map(groupOf));
    residue = left.filter((one) => !empty.includes(one));
    topics = [...(await listEverything(sandbox.target)).topics.keys()];
  }, 600_000);

  test("no producer outside a wave pauses while the wave is cut over", () => {
    expect(Object.entries(paused).filter(([, ms]) => ms > PAUSE_MS)).toEqual([]);
    expect(Object.keys(paused)).toHaveLength(3);
    expect(denied).toEqual([]);
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

  test("every group reads every record once and in order, on both clusters together", () => {
    const stories = parts.flatMap((part) =>
      before.get(part)!.map((read): GroupStory => {
        const there = (reads: PartitionRead[]) => reads.find((r) => r.partition === read.partition)!.numbers;
        const earlier = part === "orders" ? there(ordersWhileCopying) : [];
        return {
          group: read.group,
          topic: read.topic,
          partition: read.partition,
          written: Array.from({ length: endAt[part] }, (_, n) => n),
          before: read.numbers,
          after: [...earlier, ...there(after.get(part)!)],
          announced: 0,
        };
      }),
    );
    expect(stories.flatMap(faultsOf)).toEqual([]);
    expect(stories).toHaveLength(parts.length * PARTITIONS);
  });

  test("a wave's groups move before its producers, and its cutover leaves them where they are", () => {
    for (const read of ordersWhileCopying) {
      expect(read.found?.offset).toBe(PARTS.orders + 1);
      expect(read.numbers[0]).toBe(PARTS.orders + 1);
    }
    const [, consumers, first] = summaries as any[];
    expect(consumers.waves.orders).toMatchObject({ phase: "consumers", passedAt: null, gate: null });
    expect(consumers.waves.orders.offsets).toMatchObject({ groups: 1, written: PARTITIONS });
    // What both moves wrote together. The cutover itself wrote nothing.
    expect(first.waves.orders.offsets).toMatchObject({ groups: 1, written: PARTITIONS });
    const moved = at.log.filter(
      (line) => line.includes("running wave orders: consumer-offsets: offsets: ") && line.includes(" written"),
    );
    expect(moved).toEqual([
      expect.stringContaining("2 offsets of 1 group"),
      expect.stringContaining("0 offsets of 0 groups"),
    ]);
  });

  test("each wave is proved alone, and the others are not yet", () => {
    const [copying, , first, second, third] = summaries as any[];
    const proved = (summary: any) =>
      [summary.waves.orders, summary.waves.billing, summary].map((part) => part.verification?.equal ?? null);
    expect([copying, first, second, third].map(proved)).toEqual([
      [null, null, null],
      [true, null, null],
      [true, true, null],
      [true, true, true],
    ]);
    expect(first.waves.orders.gate).toMatchObject({ topics: 1, partitions: PARTITIONS });
    expect(first.waves.orders.passedAt).toMatch(/^20\d\d-/);
    expect(third.gate).toMatchObject({ topics: 1, partitions: PARTITIONS });
  });

  test("the report has a row for each wave: its state, how long producers waited, and its proof, to the end", () => {
    const row = (report: Report, part: Part) =>
      report.waves!.find((one) => one.wave === (part === "clicks" ? undefined : part))!;
    const [copying, consumers, first] = reports as [Report, Report, Report];
    expect(copying.waves!.map((one) => [one.wave, one.state])).toEqual([
      ["orders", "copying"],
      ["billing", "copying"],
      [undefined, "copying"],
    ]);
    expect(row(consumers, "orders")).toMatchObject({ state: "groups moved", tone: "waiting" });
    expect(row(first, "orders")).toMatchObject({ state: "cut over", tone: "good", groupsMovedBefore: 1 });
    expect(row(first, "billing")).toMatchObject({ state: "copying" });
    expect(first.headline.text).toBe("1 of 2 waves cut over");
    for (const report of reports.slice(-3)) {
      for (const part of parts) {
        expect(row(report, part)).toMatchObject({ state: "cut over", tone: "good" });
        const { from, to } = row(report, part).producers!;
        expect(Date.parse(to!) - Date.parse(from)).toBeGreaterThan(0);
        expect(Date.parse(to!) - Date.parse(from)).toBeLessThan(60_000);
      }
    }
    expect(reports.at(-1)!.headline).toEqual({ tone: "good", text: "Destroyed: no residue" });
  });

  test("leaves nothing behind on the clusters and in Kubernetes", () => {
    expect(residue).toEqual([]);
    expect(topics).toEqual(expect.arrayContaining(parts.map(topicOf)));
  });

  const parts = Object.keys(PARTS) as Part[];

  async function read(side: "origin" | "target", part: Part, upTo: number): Promise<PartitionRead[]> {
    const goals = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: topicOf(part), partition, upTo }));
    const task = { group: groupOf(part), client: "kafkajs" as const, goals, metadata: "read" };
    const kafka = side === "origin" ? origin() : target();
    return until(
      `group ${task.group} on the ${side}`,
      () => kafkajsRead(kafka, task),
      (reads) => reads.length === PARTITIONS,
    );
  }
});
