import { type AclOperation, allows, PROBE } from "../acls";
import type { KafkaPort, TopicDescription } from "../kafka/port";
import { isCompacting } from "../log/compaction";
import { partitionKey } from "../log/partition";
import type { MirrorModel } from "../model";
import { targetTopicName } from "../naming";
import { Ends } from "../plan/ends";
import { defined } from "../objects";
import type { Progress } from "../progress";
import { STOP } from "../records";
import { walkFetched } from "../records/read";
import { countText } from "../units";
import { withoutSecrets } from "./objects";
import { type Content, contentOf, type Sample } from "./storage";
import type { Fate, InventoryTopic } from "./types";
import type { Optional } from "./types";

/** Records that are looked at to recognize a topic. */
const SAMPLED = 20;
/** Bytes of one partition in that look. */
const SAMPLE_BYTES = 64 * 1024;
const TOPICS_AT_ONCE = 100;

export interface TopicsRead {
  described: TopicDescription[];
  /** What this login may not read, one sentence each. */
  refused: string[];
  /** The compacted topics of services, by name. */
  contents: Map<string, Content>;
  ends: Ends;
  /** Reads the rest and puts the entries together. */
  finish(onTarget: ReadonlySet<string>, fateOf: (topic: string) => Fate): Promise<InventoryTopic[]>;
}

/** Reads the topics of the origin. The time until `finish` is the time over which rates are measured. */
export async function readTopics(
  origin: KafkaPort,
  mirror: MirrorModel,
  optional: Optional,
  progress: Progress,
): Promise<TopicsRead> {
  const described = await origin.describeTopics();
  const names = described.map((t) => t.name);
  const shown = allowedTo("DescribeConfigs", described);
  const readable = allowedTo("Read", described);
  const ends = new Ends(origin, described);
  await optional("the ends of the topics", () => ends.first());
  progress.info(`inventory: reading ${countText(names.length, "topic")}`);
  const settings = await optional("the settings of the topics", () => readSettings(origin, shown));
  const maybeServices = described.filter((t) => !t.internal && settings?.get(t.name)?.compacted !== false);
  const contents = await optional("which topics belong to Connect, schema registries and mirrors", () =>
    readContents(
      origin,
      maybeServices.filter((t) => readable.includes(t.name)),
      ends,
    ),
  );
  const sizes = await optional("the sizes of the topics", () => origin.partitionSizes(names));
  return {
    described,
    refused: await refusals(origin, {
      DescribeConfigs: names.length - shown.length,
      Read: maybeServices.filter((t) => !readable.includes(t.name)).length,
    }),
    contents: contents ?? new Map(),
    ends,
    async finish(onTarget, fateOf) {
      await optional("how much is written", () => ends.second());
      const quiet = ends.partitions.filter((p) => !ends.moved(p) && ends.records(p) > 0);
      const newest = await optional("when the last records were written", () => origin.newestRecords(quiet));
      const last = new Map<string, number>();
      for (const { topic, timestamp } of newest ?? [])
        if (Number(timestamp) > (last.get(topic) ?? 0)) last.set(topic, Number(timestamp));
      return described.map((topic): InventoryTopic => {
        const { name, partitions } = topic;
        const own = settings?.get(name)?.own;
        const at = ends.movedIn(topic) ? Date.now() : last.get(name);
        return defined<InventoryTopic>({
          name,
          partitions: partitions.length,
          ...fateOf(name),
          settings: own as Record<string, string>,
          now: defined({
            bytes: sumOf(topic, sizes) as number,
            records: ends.recordsOf(topic),
            recordsPerSecond: ends.perSecond(topic) as number,
            lastRecordAt: (at === undefined ? undefined : new Date(at).toISOString()) as string,
            onTarget: onTarget.has(targetTopicName(mirror, name)),
          }),
        });
      });
    },
  };
}

/** Names of the topics on which this login has the right. Brokers that return no rights refuse later. */
const allowedTo = (operation: AclOperation, topics: readonly TopicDescription[]): string[] =>
  topics.filter(({ authorizedOperations: own }) => own === undefined || allows(own, operation)).map(({ name }) => name);

/** @param lacking number of topics on which the right is missing */
async function refusals(origin: KafkaPort, lacking: Record<"DescribeConfigs" | "Read", number>): Promise<string[]> {
  // Brokers leave out topics that the login may not describe. They answer in the same way about a name without a topic.
  const seesAll = (await origin.topicOperations([PROBE])).get(PROBE) !== null;
  const of = (count: number) => countText(count, "topic");
  return [
    ...(seesAll
      ? []
      : ["topics that the administrator may not see: grant it Describe and DescribeConfigs on every topic"]),
    ...(lacking.DescribeConfigs === 0
      ? []
      : [`the settings of ${of(lacking.DescribeConfigs)}: grant the administrator DescribeConfigs on every topic`]),
    ...(lacking.Read === 0
      ? []
      : [
          `whether Connect, a schema registry or a mirror uses ${of(lacking.Read)}: grant the administrator Read on ` +
            "every compacted topic",
        ]),
  ];
}

interface Settings {
  /** What the topic has itself, without secrets. Absent: nothing. */
  own?: Record<string, string>;
  compacted: boolean;
}

async function readSettings(origin: KafkaPort, names: readonly string[]): Promise<Map<string, Settings>> {
  const found = new Map<string, Settings>();
  for (const [topic, entries] of await origin.describeTopicConfigs(names)) {
    const own = [...entries].flatMap(([key, { value, source, sensitive }]) =>
      source === "dynamic-topic" && !sensitive && value !== null ? [[key, value] as const] : [],
    );
    const kept = withoutSecrets("settings", own);
    const compacted = isCompacting(entries.get("cleanup.policy")?.value ?? "");
    found.set(topic, { ...(kept.length === 0 ? {} : { own: Object.fromEntries(kept) }), compacted });
  }
  return found;
}

/** Looks at the first records of one partition of each topic. */
async function readContents(
  origin: KafkaPort,
  topics: readonly TopicDescription[],
  ends: Ends,
): Promise<Map<string, Content>> {
  const found = new Map<string, Content>();
  const filled = topics.flatMap((topic) => {
    const first = topic.partitions.find((p) => ends.records({ topic: topic.name, partition: p.partition }) > 0);
    return first === undefined ? [] : [{ topic: topic.name, partition: first.partition }];
  });
  for (let from = 0; from < filled.length; from += TOPICS_AT_ONCE) {
    const some = filled.slice(from, from + TOPICS_AT_ONCE).map((p) => ({ ...p, offset: ends.start(p) }));
    const answers = await origin.fetch(some, { maxBytes: SAMPLE_BYTES });
    for (const asked of some) {
      const samples: Sample[] = [];
      const fetched = answers.get(partitionKey(asked));
      if (fetched === undefined || fetched.outOfRange === true) continue;
      walkFetched(fetched, asked, fetched.highWatermark, "read_uncommitted", (record) => {
        const { key, value } = record.toRecord();
        samples.push({ key, value });
        return samples.length < SAMPLED ? undefined : STOP;
      });
      const content = contentOf(asked.topic, samples);
      if (content !== undefined) found.set(asked.topic, content);
    }
  }
  return found;
}

function sumOf({ name, partitions }: TopicDescription, sizes: ReadonlyMap<string, bigint> | undefined) {
  let sum = 0;
  for (const { partition } of partitions) {
    const size = sizes?.get(partitionKey({ topic: name, partition }));
    if (size === undefined) return undefined;
    sum += Number(size);
  }
  return sum;
}
