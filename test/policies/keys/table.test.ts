import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { classPath, kafkaParts } from "@kafka-migration/sandbox/kafka";
import { BLOCKS, CLIENTS, type KeyFact } from "../../../engine/rules/keys";
import { BROKER, TOPIC } from "../../../engine/rules/keys/others";

const CLASSES = {
  source: "org.apache.kafka.connect.mirror.MirrorSourceConfig",
  checkpoint: "org.apache.kafka.connect.mirror.MirrorCheckpointConfig",
  heartbeat: "org.apache.kafka.connect.mirror.MirrorHeartbeatConfig",
  connector: "org.apache.kafka.connect.runtime.SourceConnectorConfig",
  target: "org.apache.kafka.connect.runtime.distributed.DistributedConfig",
  origin: "org.apache.kafka.connect.mirror.MirrorClientConfig",
  producer: "org.apache.kafka.clients.producer.ProducerConfig",
  consumer: "org.apache.kafka.clients.consumer.ConsumerConfig",
  admin: "org.apache.kafka.clients.admin.AdminClientConfig",
  broker: "org.apache.kafka.server.config.AbstractKafkaConfig",
  topic: "org.apache.kafka.common.config.TopicConfig",
};

/** By block, of the Kafka that the sandbox runs. */
const real = new Map<string, Map<string, { type: string; byDefault: string; validator: string }>>();

beforeAll(async () => {
  const { java, kafka } = await kafkaParts(undefined, () => {});
  const named = Object.entries(CLASSES).map(([block, name]) => `${block}=${name}`);
  const { stdout } = await promisify(execFile)(
    java,
    ["-cp", await classPath(kafka), join(__dirname, "ConfigKeys.java"), ...named],
    { maxBuffer: 2 ** 24 },
  );
  for (const line of stdout.trim().split("\n")) {
    const [block, name, type, byDefault, validator] = line.split("\t") as [string, string, string, string, string];
    if (!real.has(block)) real.set(block, new Map());
    real.get(block)!.set(name, { type, byDefault, validator });
  }
}, 600_000);

const facts = { ...BLOCKS, ...CLIENTS };
const blocks = Object.keys(facts) as (keyof typeof facts)[];

test.each(blocks)("the table has exactly the keys that the real %s reads", (block) => {
  const own = ["source", "checkpoint", "heartbeat"].includes(block)
    ? [...real.get(block)!.keys(), ...real.get("connector")!.keys()]
    : [...real.get(block)!.keys()];
  // Filters are configured through the checkpoint connector, too; brokers alone ask for client certificates.
  const elsewhere = [
    "topics",
    "topics.exclude",
    "use.defaults.from",
    "ssl.client.auth",
    "bootstrap.servers",
    "config.providers",
  ];
  const current = [...facts[block].values()].filter(({ until }) => until === undefined).map(({ name }) => name);
  const apart = (names: readonly string[]) => [...new Set(names)].filter((name) => !elsewhere.includes(name)).sort();
  expect(apart(current)).toEqual(apart(own));
});

test.each(blocks)("the table has the type, default and limits of each key of the real %s", (block) => {
  const wrong = [...facts[block].values()].flatMap((fact) => {
    const it = real.get(block)!.get(fact.name);
    return it === undefined || same(fact, it) ? [] : [{ fact, it }];
  });
  expect(wrong).toEqual([]);
});

test("the table's broker and topic settings exist", () => {
  for (const [names, block] of [
    [BROKER, "broker"],
    [TOPIC, "topic"],
  ] as const) {
    expect(names.split(/\s+/).filter((name) => name !== "" && !real.get(block)!.has(name))).toEqual([]);
  }
});

/** What a validator says of itself; those that say it in words are not compared. */
function same(
  fact: KeyFact,
  { type, byDefault, validator }: { type: string; byDefault: string; validator: string },
): boolean {
  if (!["factor", "partitions"].includes(fact.type) && fact.type !== type.toLowerCase()) return false;
  if (fact.byDefault !== undefined && fact.byDefault !== byDefault) return false;
  const range = /^\[(-?[\d.]+),\.\.\.(?:,(-?[\d.]+))?\]$/.exec(validator);
  if (range !== null)
    return (
      fact.range?.least === Number(range[1]) &&
      fact.range.most === (range[2] === undefined ? Infinity : Number(range[2]))
    );
  const words = /^(\(case insensitive\) )?\[([\w., -]+)\]$/.exec(validator);
  // This validator ignores the case, and does not say so.
  if (words === null || fact.name === "connect.protocol") return true;
  return (
    fact.words?.anyCase === (words[1] !== undefined) &&
    [...fact.words.allowed].sort().join() === words[2]!.split(", ").sort().join()
  );
}
