import { readOffsetEntry, readStatusEntry } from "../cleanup/formats";
import { readWhole } from "../cleanup/read";
import { Connectors } from "../connect-state";
import { readStatus } from "../connect-state";
import type { KafkaPort } from "../kafka/port";
import type { ConfigTopic, StateTopic } from "./connect";
import { readsHere, writesHere } from "./connect";
import { type Content, isApicurio } from "./storage";
import type { Fate, InventoryMirror, InventoryRegistry } from "./types";

/** Reads the storage topics of Connect clusters completely. They are compacted and small. */
export async function readStorage(
  origin: KafkaPort,
  contents: ReadonlyMap<string, Content>,
): Promise<{ configs: ConfigTopic[]; offsets: StateTopic[]; status: StateTopic[] }> {
  const configs: ConfigTopic[] = [];
  const offsets: StateTopic[] = [];
  const status: StateTopic[] = [];
  for (const [topic, { kind }] of contents) {
    if (kind === "configs") configs.push(await configTopic(origin, topic));
    if (kind === "offsets") offsets.push(await offsetTopic(origin, topic));
    if (kind === "status") status.push(await statusTopic(origin, topic));
  }
  return { configs, offsets, status };
}

async function configTopic(origin: KafkaPort, topic: string): Promise<ConfigTopic> {
  const connectors = new Connectors();
  await readWhole(origin, topic, (key, value) => connectors.addConfig(key, value));
  return { topic, connectors: connectors.byName };
}

async function offsetTopic(origin: KafkaPort, topic: string): Promise<StateTopic> {
  const positions = new Map<string, Set<string>>();
  await readWhole(origin, topic, (key, value) => {
    const connector = key === null ? undefined : readOffsetEntry(key, value)?.connector;
    if (key === null || connector === undefined) return;
    const own = positions.get(connector) ?? new Set();
    positions.set(connector, own);
    if (value === null) own.delete(key.toString("base64"));
    else own.add(key.toString("base64"));
  });
  return {
    topic,
    connectors: new Map([...positions].map(([name, own]) => [name, own.size])),
    workers: new Set(),
  };
}

async function statusTopic(origin: KafkaPort, topic: string): Promise<StateTopic> {
  const connectors = new Map<string, number>();
  const workers = new Set<string>();
  await readWhole(origin, topic, (key, value) => {
    const connector = key === null ? undefined : readStatusEntry(key, value)?.connector;
    if (connector === undefined || value === null) return;
    connectors.set(connector, 0);
    const { worker } = readStatus(value) ?? {};
    if (worker !== undefined) workers.add(worker);
  });
  return { topic, connectors, workers };
}

/** Mirrors that the topics show, besides those whose connectors run in a Connect cluster on the origin. */
export function mirrorsByTopics(
  contents: ReadonlyMap<string, Content>,
  known: readonly InventoryMirror[],
): InventoryMirror[] {
  const found: InventoryMirror[] = [];
  const from = new Set(known.map((m) => m.from));
  for (const [topic, content] of contents) {
    if (content.kind === "offset-syncs") {
      const to = /^mm2-offset-syncs.(.+).internal$/.exec(topic)?.[1];
      found.push(readsHere(to, [topic]));
    }
    if (content.kind === "checkpoints") {
      const source = /^(.+).checkpoints.internal$/.exec(topic)?.[1];
      if (!from.has(source)) found.push(writesHere(source, undefined, [topic]));
    }
    if (content.kind === "heartbeats" && !from.has(content.beat.sourceAlias))
      found.push(writesHere(content.beat.sourceAlias, content.beat.targetAlias, [topic]));
  }
  return found;
}

/** @param fateOf the fate of each topic */
export function registries(
  topics: readonly string[],
  contents: ReadonlyMap<string, Content>,
  fateOf: (topic: string) => Fate,
): InventoryRegistry[] {
  return topics.flatMap((topic): InventoryRegistry[] => {
    const confluent = topic === "_schemas" || contents.get(topic)?.kind === "schemas";
    if (!confluent && !isApicurio(topic)) return [];
    const { moves, when, why, todo } = fateOf(topic);
    const registry = { kind: confluent ? "Confluent" : "Apicurio", topic } as const;
    if (moves === "yes")
      return [
        { ...registry, moves, todo: "start the registry on the target after the cutover of this topic, not before" },
      ];
    return [
      {
        ...registry,
        moves,
        ...(when === undefined ? {} : { when }),
        ...(why === undefined ? {} : { why }),
        todo: todo ?? "or export the schemas and import them with the same ids: records name schemas by their ids",
      },
    ];
  });
}
