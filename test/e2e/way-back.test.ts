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
import type { Report } from "../../engine/report";
import { createTopic, merge, ownStack, settingsFor, until, withSandbox } from "./support";

const PREFIX = "back";
const PARTITIONS = 2;
const TOPIC = `${PREFIX}-orders`;
const GROUP = `${PREFIX}-orders-app`;
const OTHER = `${PREFIX}-clicks`;
/** A group that no pattern selects, and that commits nothing. */
const WITNESS = "witness";
/** The last number that the group has read before it stops, each time it changes the cluster. */
const READ_UP_TO = [20, 60, 100];

registerCodecs();
const at = withSandbox();
const kafka = (side: "origin" | "target") => applicationClient(at.sandbox[side].connection, "applications");

describe("a wave that returns and cuts over again, through the real command line", () => {
  const reads: PartitionRead[][] = [];
  const reports: Report[] = [];
  const summaries: Record<string, any>[] = [];
  let writer: Writer;
  let other: Writer;
  let end = 0;
  let otherPaused = 0;
  let residue: string[] = [];
  let onOrigin: Record<string, number[]> = {};
  let afterReturn: string[] = [];

  test("runs to the end", async () => {
    const { sandbox } = at;
    const empty = await residueIn(sandbox, [], []);
    await createTopic(sandbox, TOPIC, PARTITIONS);
    await createTopic(sandbox, OTHER, PARTITIONS);
    writer = await startWriter(kafka("origin"), TOPIC, PARTITIONS, 0);
    other = await startWriter(kafka("origin"), OTHER, PARTITIONS, 0);
    const report = join(sandbox.folder, "report", `migration-${PREFIX}.json`);
    const waves = (phase: string) => ({
      waves: [{ name: "orders", topics: TOPIC, groups: GROUP, phase, wayBack: true }],
    });
    const project = await ownStack(
      sandbox,
      PREFIX,
      merge(settingsFor(sandbox, PREFIX), { gate: { stableSeconds: 0 }, fence: true, ...waves("mirror") }),
    );
    /** Stops the producer when the fence is raised, as it would be refused then. */
    const up = async (change: object, fence?: string) => {
      await project.set(change as Record<string, unknown>);
      await project.up({
        onLine: (line) => {
          at.log.push(line);
          if (fence !== undefined && line.includes(fence)) void writer.stop();
        },
      });
      summaries.push((await project.outputs())["summary"] as Record<string, any>);
      reports.push(JSON.parse(await readFile(report, "utf8")) as Report);
    };
    /** The applications of the wave go on on the other cluster. */
    const moveTo = async (side: "origin" | "target") => {
      end = await writer.stop();
      writer = await startWriter(kafka(side), TOPIC, PARTITIONS, end);
    };
    const read = async (side: "origin" | "target", upTo: number) => {
      const goals = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: TOPIC, partition, upTo }));
      reads.push(
        await until(
          `group ${GROUP} on the ${side}`,
          () => kafkajsRead(kafka(side), { group: GROUP, client: "kafkajs", goals, metadata: "read" }),
          (found) => found.length === PARTITIONS,
        ),
      );
    };

    await up({});
    await read("origin", READ_UP_TO[0]!);
    await up(waves("cutover"), "wave orders: fence: ");
    await moveTo("target");
    await read("target", READ_UP_TO[1]!);
    await up(waves("returned"), "wave orders: way-back: ");
    await moveTo("origin");
    afterReturn = [...(await listEverything(sandbox.origin)).topics.keys()];
    await read("origin", READ_UP_TO[2]!);
    await up(waves("cutover"), "wave orders: fence: ");
    await moveTo("target");
    otherPaused = other.longestPauseMs();
    const written = await other.stop();
    end = await writer.stop();
    await read("target", end - 1);
    expect(written).toBeGreaterThan(0);
    onOrigin = await numbersOn("origin", TOPIC, end);

    await up({ phase: "cutover" });
    await up({ phase: "cleanup" });
    await project.destroy();
    reports.push(JSON.parse(await readFile(report, "utf8")) as Report);
    const left = await residueIn(sandbox, [TOPIC, OTHER], [GROUP, WITNESS]);
    residue = left.filter((one) => !empty.includes(one));
  }, 900_000);

  test("the group reads every record once and in order, across both clusters", () => {
    const stories = Array.from({ length: PARTITIONS }, (_, partition): GroupStory => {
      const numbers = reads.map((one) => one.find((r) => r.partition === partition)!.numbers);
      return {
        group: GROUP,
        topic: TOPIC,
        partition,
        written: Array.from({ length: end }, (_number, n) => n),
        before: numbers[0]!,
        after: numbers.slice(1).flat(),
        announced: 0,
      };
    });
    expect(stories.flatMap(faultsOf)).toEqual([]);
  });

  test("the origin has every record once and in order, too, until the second cutover has ended", () => {
    for (const numbers of Object.values(onOrigin)) {
      expect(numbers.length).toBeGreaterThan(READ_UP_TO[2]!);
      expect(numbers).toEqual(numbers.map((_, n) => n));
    }
    expect(Object.keys(onOrigin)).toHaveLength(PARTITIONS);
  });

  test("producers of other topics never pause", () => {
    expect(otherPaused).toBeLessThan(20_000);
  });

  test("the report shows what can return and what has returned", () => {
    const states = reports.slice(0, 4).map((one) => one.waves!.find((row) => row.wave === "orders")!.state);
    expect(states).toEqual(["copying", "cut over, can return", "returned to the origin", "cut over, can return"]);
  });

  test("the return mirror's topics are gone when the wave has returned", () => {
    expect(afterReturn.filter((name) => name.includes("return"))).toEqual([]);
    expect(afterReturn).toContain(TOPIC);
  });

  test("leaves nothing behind on the clusters and in Kubernetes", () => {
    expect(residue).toEqual([]);
  });
});

describe.each([
  ["is ended", true],
  ["is still open when everything is destroyed", false],
])("a way back without waves that %s", (_how, isEnded) => {
  const prefix = isEnded ? "ended" : "open";
  const topic = `${prefix}-bills`;
  const RECORDS = 50;
  let residue: string[] = [];
  const found: Record<string, Record<string, number[]>> = {};

  test("runs to the end", async () => {
    const { sandbox } = at;
    const empty = await residueIn(sandbox, [], []);
    await createTopic(sandbox, topic, PARTITIONS);
    await write("origin", 0);
    const project = await ownStack(sandbox, prefix, { gate: { stableSeconds: 0 }, wayBack: true });
    const up = async (change: Record<string, unknown>) => {
      await project.set(change);
      await project.up({ onLine: (line) => void at.log.push(line) });
    };
    await up({});
    await up({ phase: "cutover" });
    await write("target", RECORDS);
    found["origin"] = await numbersOn("origin", topic, 2 * RECORDS);
    if (isEnded) await up({ wayBack: false });
    await project.destroy();
    // A forward mirror that copies again what came back would have written it by now: its gate passes before a destroy.
    found["target"] = await numbersOn("target", topic, 2 * RECORDS);
    residue = (await residueIn(sandbox, [topic], [WITNESS])).filter((one) => !empty.includes(one));
  }, 600_000);

  test("has copied everything back, once and in order, and nothing twice", () => {
    const all = Array.from({ length: 2 * RECORDS }, (_, n) => n);
    const wanted = Object.fromEntries(Array.from({ length: PARTITIONS }, (_, partition) => [partition, all]));
    expect(found).toEqual({ origin: wanted, target: wanted });
  });

  test("leaves nothing behind on the clusters and in Kubernetes", () => {
    expect(residue).toEqual([]);
  });

  async function write(side: "origin" | "target", from: number): Promise<void> {
    const producer = kafka(side).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const numbers = Array.from({ length: RECORDS }, (_, n) => from + n);
    const messages = numbers.flatMap((n) =>
      Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, value: `${n}`, headers: { n: String(n) } })),
    );
    await producer.send({ topic, messages });
    await producer.disconnect();
  }
});

/** The numbers in each partition, as a client that commits nothing sees them. Waits until the last one is there. */
async function numbersOn(side: "origin" | "target", topic: string, count: number): Promise<Record<string, number[]>> {
  const goals = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, upTo: "end" as const }));
  const found = await until(
    `all records of ${topic} on the ${side}`,
    () => kafkajsRead(kafka(side), { group: WITNESS, client: "kafkajs", goals }),
    (all) => all.length === PARTITIONS && all.every((one) => one.numbers.at(-1) === count - 1),
  );
  return Object.fromEntries(found.map((one) => [one.partition, one.numbers]));
}
