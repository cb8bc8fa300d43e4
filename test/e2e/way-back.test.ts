import { describe, expect, test } from "vitest";
import { applicationClient, registerCodecs, residueIn } from "@kafka-migration/sandbox/story";
import { kafkajsRead } from "@kafka-migration/sandbox/witness";
import { createTopic, ownStack, until, withSandbox } from "./support";

const PARTITIONS = 2;
/** A group that no pattern selects, and that commits nothing. */
const WITNESS = "witness";

registerCodecs();
const at = withSandbox({ target: { brokers: 1 } });
const kafka = (side: "origin" | "target") => applicationClient(at.sandbox[side].connection, "applications");

/** waves-witness.test.ts ends a way back before the migration is destroyed. */
describe("a way back without waves that is still open when everything is destroyed", () => {
  const prefix = "open";
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
