import type { ConnectorState } from "../connect-state";
import type { ConnectCluster } from "../connectors";
import { defined } from "../objects";
import { compare } from "./sort";
import type { Fate, InventoryConnect, InventoryConnector, InventoryMirror } from "./types";

/** A topic with connector configurations, read completely. */
export interface ConfigTopic {
  topic: string;
  connectors: ReadonlyMap<string, ConnectorState>;
}

/** A topic with statuses or source offsets: what it says about each connector. */
export interface StateTopic {
  topic: string;
  /** Connectors in it. The value is the number of positions, 0 in a status topic. */
  connectors: ReadonlyMap<string, number>;
  /** Addresses of workers, `host:port`. Only in a status topic. */
  workers: ReadonlySet<string>;
}

/** A group whose members are Connect workers. */
export interface WorkerGroup {
  name: string;
  /** Hosts of its members. */
  hosts: readonly string[];
}

export interface ConnectFacts {
  configs: readonly ConfigTopic[];
  offsets: readonly StateTopic[];
  status: readonly StateTopic[];
  groups: readonly WorkerGroup[];
  /** Names of all topics of the origin. */
  topics: ReadonlySet<string>;
  /** The Connect clusters whose source connectors' offsets the cutovers copy. */
  copied: readonly ConnectCluster[];
  /** The fate of a group that exists on the origin. undefined: there is no such group. */
  groupFate: (group: string) => Fate | undefined;
}

/**
 * Puts together which topics and which group belong to one Connect cluster: by the connectors in the topics, by the
 * workers' hosts, then by the names (`x-configs`, `x-offsets`, `x-status`, group `x`).
 */
export function connectClusters(facts: ConnectFacts): InventoryConnect[] {
  const offsets = assign(facts.configs, facts.offsets);
  const status = assign(facts.configs, facts.status);
  const groups = assignGroups(facts.configs, status, facts.groups);
  return facts.configs.map((config, i): InventoryConnect => {
    const positions = offsets[i]?.connectors ?? new Map<string, number>();
    const offsetTopic = offsets[i]?.topic ?? sibling(config.topic, "offset", facts.topics);
    const statusTopic = status[i]?.topic ?? sibling(config.topic, "status", facts.topics);
    const names = defined({ configTopic: config.topic, offsetTopic, statusTopic, group: groups[i] }) as StorageNames;
    const connectors = [...config.connectors].map(([name, state]) =>
      connectorOf(name, state, positions.get(name) ?? 0, names, facts),
    );
    return {
      ...(groups[i] === undefined ? {} : { group: groups[i] }),
      configTopic: config.topic,
      ...(offsetTopic === undefined ? {} : { offsetTopic }),
      ...(statusTopic === undefined ? {} : { statusTopic }),
      moves: "no",
      why: "workers and connectors are deployed, not copied",
      todo: "deploy them on the target with topics of their own, and leave these topics out of mirror.topicsPattern",
      connectors,
    };
  });
}

const MIRRORS = /(^|\.)Mirror(Source|Checkpoint|Heartbeat)Connector$/;

function connectorOf(
  name: string,
  { config }: ConnectorState,
  positions: number,
  names: StorageNames,
  { groupFate, copied }: Pick<ConnectFacts, "groupFate" | "copied">,
): InventoryConnector {
  const { "connector.class": className = "" } = config;
  const type = typeOf(config, className, positions);
  const about = { name, type, class: className };
  if (MIRRORS.test(className))
    return { ...about, moves: "no", why: "it belongs to another mirror, listed under mirrors" };
  if (type === "sink") {
    const group = config["consumer.override.group.id"] ?? `connect-${name}`;
    const fate = groupFate(group) ?? {
      moves: "no",
      why: "its group has no committed offset",
      todo: "let it commit once, or it begins on the target as a new connector",
    };
    return { ...about, group, ...fate };
  }
  if (type === "source" && copied.some((cluster) => copies(cluster, names, name)))
    return { ...about, positions, moves: "yes", todo: "stop it on both sides before the cutover" };
  if (type === "source") return { ...about, positions, moves: "if", when: settingFor(names) };
  return { ...about, moves: "no", why: "it has neither topics to read nor stored positions" };
}

type StorageNames = Pick<InventoryConnect, "configTopic" | "offsetTopic" | "statusTopic" | "group">;

const copies = ({ origin, include, exclude }: ConnectCluster, { offsetTopic }: StorageNames, connector: string) =>
  origin.offsetStorageTopic === offsetTopic &&
  include?.includes(connector) !== false &&
  exclude?.includes(connector) !== true;

/** The setting with which a cutover copies the positions of a cluster's source connectors. */
function settingFor({ configTopic, offsetTopic, statusTopic, group }: StorageNames): string {
  if (offsetTopic === undefined) return "connectors names the topic with its offsets (docs/connectors.md)";
  const origin = defined({
    offsetStorageTopic: offsetTopic,
    configStorageTopic: configTopic,
    statusStorageTopic: statusTopic,
    groupId: group,
  });
  return `connectors: [${JSON.stringify({ name: group ?? (stem(configTopic) || configTopic), origin })}]`;
}

function typeOf(config: Record<string, string>, className: string, positions: number): InventoryConnector["type"] {
  const simple = className.slice(className.lastIndexOf(".") + 1);
  if (/source/i.test(simple) || MIRRORS.test(className)) return "source";
  if (/sink/i.test(simple)) return "sink";
  // The class does not say it. A sink has no stored positions, and a source can have a setting of the same name.
  if (positions > 0) return "source";
  return config.topics !== undefined || config["topics.regex"] !== undefined ? "sink" : "unknown";
}

/** For each config topic the state topic that fits best. Each state topic belongs to at most one. */
function assign(configs: readonly ConfigTopic[], states: readonly StateTopic[]): (StateTopic | undefined)[] {
  return best(configs, states, (config, state) => {
    const shared = [...state.connectors.keys()].filter((name) => config.connectors.has(name)).length;
    return shared * 1000 + (shared > 0 || alike(config.topic, state.topic) ? common(config.topic, state.topic) : 0);
  });
}

function assignGroups(
  configs: readonly ConfigTopic[],
  status: readonly (StateTopic | undefined)[],
  groups: readonly WorkerGroup[],
): (string | undefined)[] {
  const found = best(configs, groups, (config, group) => {
    const workers = [...(status[configs.indexOf(config)]?.workers ?? [])].map(hostOf);
    const known = group.hosts.some((host) => workers.includes(host));
    const named = alike(config.topic, group.name);
    return (known ? 1000 : 0) + (known || named || configs.length === 1 ? common(config.topic, group.name) + 1 : 0);
  });
  return found.map((group) => group?.name);
}

const hostOf = (worker: string): string => worker.slice(0, worker.lastIndexOf(":"));

/** The best pairs first, by points. 0 points: they do not belong together. */
function best<A, B>(left: readonly A[], right: readonly B[], points: (a: A, b: B) => number): (B | undefined)[] {
  const pairs = left
    .flatMap((a, i) => right.map((b) => ({ i, b, points: points(a, b) })))
    .filter((pair) => pair.points > 0)
    .sort((one, other) => other.points - one.points);
  const found = new Map<number, B>();
  const taken = new Set<B>();
  for (const { i, b } of pairs) {
    if (found.has(i) || taken.has(b)) continue;
    found.set(i, b);
    taken.add(b);
  }
  return left.map((_, i) => found.get(i));
}

/** The part of a name before the word that says what the topic is for. */
const stem = (name: string): string =>
  name.replace(/[-._]?(storage|connect)?[-._]?(configs?|offsets?|status(es)?)$/i, "");

const alike = (topic: string, name: string): boolean => {
  const [one, other] = [stem(topic), stem(name)];
  return one !== "" && (one === other || name === one || name.startsWith(one) || one.startsWith(name));
};

function common(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** Name of the offset or status topic next to a config topic, if there is such a topic. */
function sibling(config: string, kind: "offset" | "status", topics: ReadonlySet<string>): string | undefined {
  const names = kind === "offset" ? ["offsets", "offset"] : ["status", "statuses"];
  return names.map((word) => config.replace(/configs?$/i, word)).find((name) => name !== config && topics.has(name));
}

/** The mirrors whose connectors run in these Connect clusters. */
export function mirrorsIn(facts: Pick<ConnectFacts, "configs">): InventoryMirror[] {
  const found = new Map<string, InventoryMirror>();
  for (const { topic, connectors } of facts.configs)
    for (const { config } of connectors.values()) {
      if (!MIRRORS.test(config["connector.class"] ?? "")) continue;
      const [from, to] = [config["source.cluster.alias"], config["target.cluster.alias"]];
      const key = JSON.stringify([from, to]);
      const known = found.get(key)?.topics ?? [];
      found.set(key, writesHere(from, to, [...new Set([...known, topic])].sort(compare)));
    }
  return [...found.values()];
}

export function writesHere(from: string | undefined, to: string | undefined, topics: string[]): InventoryMirror {
  return {
    kind: topics.some((topic) => /geo-?rep/i.test(topic)) ? "geo-replicator" : "MirrorMaker 2",
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    topics,
    moves: "no",
    why: "it copies into the origin",
    todo: "let it copy into the target instead, before the origin is shut down",
  };
}

export function readsHere(to: string | undefined, topics: string[]): InventoryMirror {
  return {
    ...writesHere(undefined, to, topics),
    why: "it copies from the origin, which gets no records after the cutover",
    todo: "let it copy from the target instead, at the cutover",
  };
}
