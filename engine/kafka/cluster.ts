import { setTimeout as sleep } from "node:timers/promises";
import { MigrationError } from "../errors";
import type { Connection, Side } from "../model";
import { METADATA, type MetadataResponse } from "./api/cluster";
import { findCoordinator, findCoordinators } from "./api/groups";
import type { ByTopic } from "./api/records";
import { errorName, isRetriable, LinkFailure, NONE, requestFailure, UNKNOWN_TOPIC_OR_PARTITION, UNSUPPORTED_VERSION } from "./failures";
import { Links } from "./links";
import type { TopicPartition } from "./port";

/** What is retriable is retried this long: metadata lags 8 to 12 s behind after many topics were made. */
export const RETRY_LIMIT_MS = 30_000;
/** A topic that nobody knows after this long does not exist; metadata of a new one is not that late. */
const UNKNOWN_LIMIT_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Part of a request that has to be asked again, and why. */
export interface Rejected<T> {
  item: T;
  errorCode: number;
}

/** One cluster as the port's calls see it: its links, who leads which partition, and patience. */
export class Cluster {
  private leaders = new Map<string, Map<number, number>>();
  private coordinators = new Map<string, number>();

  private constructor(
    readonly links: Links,
    readonly side: Side,
  ) {}

  static async open(connection: Connection, side: Side): Promise<Cluster> {
    try {
      const cluster = new Cluster(await Links.open(connection, side), side);
      // Once, without patience: a broker that closes the connection here wants another kind of login.
      await cluster.askMetadata([]);
      return cluster;
    } catch (error) {
      throw error instanceof LinkFailure ? error.reason : error;
    }
  }

  /**
   * Runs `attempt` until it returns, with growing pauses, for at most 30 s while connections break.
   * @throws the last failure's MigrationError
   */
  async patiently<T>(attempt: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + RETRY_LIMIT_MS;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof LinkFailure)) throw error;
        if (!error.retriable || Date.now() + pause > deadline) throw error.reason;
      }
      this.forget();
      await sleep(pause);
    }
  }

  /**
   * Asks for all items, those that were rejected with a retriable code again (after fresh metadata), for at most 30 s.
   * `ask` sends what it is given and returns what was rejected; `name` says an item as a person would.
   */
  async untilAllAnswered<T>(action: string, items: readonly T[], name: (item: T) => string, ask: (items: readonly T[]) => Promise<Rejected<T>[]>): Promise<void> {
    const started = Date.now();
    const hopeless = (code: number, pause: number) =>
      !isRetriable(code) || Date.now() + pause > started + (code === UNKNOWN_TOPIC_OR_PARTITION ? UNKNOWN_LIMIT_MS : RETRY_LIMIT_MS);
    let open = items;
    for (let pause = FIRST_PAUSE_MS; open.length > 0; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const rejected = await this.patiently(() => ask(open));
      if (rejected.length === 0) return;
      const final = rejected.find((r) => hopeless(r.errorCode, pause));
      if (final !== undefined) throw this.allRejected(action, rejected, final.errorCode, name);
      open = rejected.map((r) => r.item);
      this.forget();
      await sleep(pause);
    }
  }

  private allRejected<T>(action: string, rejected: Rejected<T>[], code: number, name: (item: T) => string): MigrationError {
    const same = rejected.filter((r) => r.errorCode === code);
    const shown = same.slice(0, 5).map((r) => name(r.item));
    const more = same.length > shown.length ? ` and ${same.length - shown.length} more` : "";
    return requestFailure(this.side, action, shown.join(", ") + more, code);
  }

  private forget(): void {
    this.leaders.clear();
    this.coordinators.clear();
  }

  /** Metadata of these topics (null: all), remembered for routing. */
  async metadata(topics: readonly string[] | null, authorizedOperations = false, broker?: number): Promise<MetadataResponse> {
    return this.patiently(() => this.askMetadata(topics, authorizedOperations, broker));
  }

  private async askMetadata(topics: readonly string[] | null, authorizedOperations = false, broker?: number): Promise<MetadataResponse> {
    const link = broker === undefined ? await this.links.any() : await this.links.broker(broker);
    const api = METADATA.find((m) => link.speaks(m.key, m.version));
    if (api === undefined) throw requestFailure(this.side, "describe topics of", "the cluster", UNSUPPORTED_VERSION);
    this.links.requests++;
    const answer = await link.send(api, { topics, authorizedOperations });
    this.links.learn(answer.brokers);
    for (const topic of answer.topics) {
      if (topic.errorCode === NONE) this.leaders.set(topic.name, new Map(topic.partitions.map((p) => [p.partition, p.leader])));
    }
    return answer;
  }

  /** The broker that takes changes to topics; any broker in KRaft mode, which forwards. */
  async controller(): Promise<number> {
    return (await this.metadata([])).controllerId;
  }

  /** Splits partitions by their leader; those without one come back as rejected. */
  async byLeader<T extends TopicPartition>(items: readonly T[]): Promise<{ groups: Map<number, T[]>; rejected: Rejected<T>[] }> {
    const unknown = [...new Set(items.filter((i) => !this.leaders.has(i.topic)).map((i) => i.topic))];
    const errors = new Map<string, number>();
    for (let from = 0; from < unknown.length; from += 2000) {
      const answer = await this.metadata(unknown.slice(from, from + 2000));
      for (const topic of answer.topics) if (topic.errorCode !== NONE) errors.set(topic.name, topic.errorCode);
    }
    const groups = new Map<number, T[]>();
    const rejected: Rejected<T>[] = [];
    for (const item of items) {
      const leader = this.leaders.get(item.topic)?.get(item.partition);
      if (leader === undefined) rejected.push({ item, errorCode: errors.get(item.topic) ?? UNKNOWN_TOPIC_OR_PARTITION });
      else if (leader < 0 || !this.links.knows(leader)) rejected.push({ item, errorCode: 5 });
      else push(groups, leader, item);
    }
    return { groups, rejected };
  }

  /** Splits groups by their coordinator; those without one (yet) come back as rejected. */
  async byCoordinator(ids: readonly string[]): Promise<{ groups: Map<number, string[]>; rejected: Rejected<string>[] }> {
    const unknown = ids.filter((id) => !this.coordinators.has(id));
    const rejected: Rejected<string>[] = [];
    for (let from = 0; from < unknown.length; from += 1000) {
      for (const found of await this.coordinatorsOf(unknown.slice(from, from + 1000))) {
        if (found.errorCode !== NONE) rejected.push({ item: found.group, errorCode: found.errorCode });
        else this.coordinators.set(found.group, found.broker);
      }
    }
    const groups = new Map<number, string[]>();
    for (const id of ids) {
      const broker = this.coordinators.get(id);
      if (broker !== undefined) push(groups, broker, id);
    }
    return { groups, rejected };
  }

  private async coordinatorsOf(ids: readonly string[]): Promise<{ group: string; broker: number; errorCode: number }[]> {
    const link = await this.links.any();
    if (link.speaks(findCoordinators.key, findCoordinators.version)) {
      this.links.requests++;
      return link.send(findCoordinators, ids);
    }
    this.links.requests += ids.length;
    return Promise.all(ids.map(async (group) => ({ group, ...(await link.send(findCoordinator, group)) })));
  }

  /**
   * Sends one request per broker, side by side. When one fails all are asked again, so what `send` gathers must bear
   * being gathered twice.
   */
  async each<T>(groups: Map<number, T[]>, send: (broker: number, items: T[]) => Promise<void>): Promise<void> {
    const all = await Promise.allSettled([...groups].map(([broker, items]) => send(broker, items)));
    for (const one of all) if (one.status === "rejected") throw one.reason;
  }

  fail(action: string, resource: string, outcome: { errorCode: number; message?: string | null }): MigrationError {
    return requestFailure(this.side, action, resource, outcome.errorCode, outcome.message ?? errorName(outcome.errorCode));
  }
}

function push<K, T>(map: Map<K, T[]>, key: K, item: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [item]);
  else list.push(item);
}

/** Partitions of one request, gathered by topic as the wire wants them. */
export function byTopic<T extends { topic: string }, P>(items: readonly T[], pick: (item: T) => P): ByTopic<P>[] {
  const topics = new Map<string, P[]>();
  for (const item of items) push(topics, item.topic, pick(item));
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

export function partitionName(p: TopicPartition): string {
  return `${p.topic}-${p.partition}`;
}
