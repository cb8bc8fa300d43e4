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

describe("a wave that returns and cuts over again, through the real command line", () => {
  const at = withSandbox();
  const kafka = (side: "origin" | "target") => applicationClient(at.sandbox[side].connection, "applications");
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
    registerCodecs();
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
    onOrigin = await numbersOn("origin");

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

  /** The numbers in each partition, as a client without a group sees them. */
  async function numbersOn(side: "origin" | "target"): Promise<Record<string, number[]>> {
    const goals = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: TOPIC, partition, upTo: end - 1 }));
    const found = await until(
      `all records on the ${side}`,
      () => kafkajsRead(kafka(side), { group: WITNESS, client: "kafkajs", goals }),
      (all) => all.length === PARTITIONS && all.every((one) => one.numbers.at(-1) === end - 1),
    );
    return Object.fromEntries(found.map((one) => [one.partition, one.numbers]));
  }
});
