import { MigrationError } from "../errors";
import type { Connection, Side } from "../model";
import { METADATA, METADATA_NAMES, type MetadataResponse } from "./api/cluster";
import { findCoordinator, findCoordinators } from "./api/groups";
import type { ByTopic } from "./api/records";
import {
  errorName,
  LEADER_NOT_AVAILABLE,
  NONE,
  NOT_ANSWERED,
  UNKNOWN_TOPIC_OR_PARTITION,
  UNSUPPORTED_VERSION,
} from "./error-codes";
import { LinkFailure, requestFailure } from "./failures";
import type { Link } from "./link";
import { Links } from "./links";
import { Patience, type Settle } from "./patience";
import type { OpenOptions, TopicPartition } from "./port";

/** One cluster as the port's calls use it: its links, the leader of each partition, and the retries. */
export class Cluster extends Patience {
  /** By topic and partition number. */
  private leaders = new Map<string, number[]>();
  private coordinators = new Map<string, number>();

  protected forget(): void {
    this.leaders.clear();
    this.coordinators.clear();
  }

  static async open(connection: Connection, side: Side, options: OpenOptions): Promise<Cluster> {
    let links: Links | undefined;
    try {
      links = await Links.open(connection, side, options);
      const cluster = new Cluster(links, side);
      // Without retries: a broker that closes the connection here requires another kind of login.
      await cluster.askMetadata([]);
      return cluster;
    } catch (error) {
      await links?.close();
      throw error instanceof LinkFailure ? error.reason : error;
    }
  }

  /** Returns the metadata of these topics (null: all topics). Remembers the leaders for routing. */
  async metadata(
    topics: readonly string[] | null,
    authorizedOperations = false,
    broker?: number,
  ): Promise<MetadataResponse> {
    return this.patiently(() => this.askMetadata(topics, authorizedOperations, broker));
  }

  /** Returns the metadata of all topics, without their partitions. */
  async topicNames(): Promise<MetadataResponse> {
    return this.patiently(() => this.askMetadata(null, false, undefined, METADATA_NAMES));
  }

  private async askMetadata(
    topics: readonly string[] | null,
    authorizedOperations = false,
    broker?: number,
    apis: typeof METADATA = METADATA,
  ): Promise<MetadataResponse> {
    const pick = (link: Link) => {
      const api = apis.find((m) => link.speaks(m.key, m.version));
      if (api === undefined) throw requestFailure(this.side, "describe topics of", "the cluster", UNSUPPORTED_VERSION);
      return api;
    };
    const answer = await this.links.send(broker ?? "any", pick, { topics, authorizedOperations });
    // A cluster has brokers. The response to "all topics" has no error field, so an error response is empty.
    if (answer.brokers.length === 0) throw new LinkFailure(withoutBrokers(this.side), true);
    this.links.learn(answer.brokers);
    for (const topic of answer.topics) {
      if (topic.errorCode !== NONE || topic.partitions.length === 0) continue;
      const leaders: number[] = [];
      for (const { partition, leader } of topic.partitions) leaders[partition] = leader;
      this.leaders.set(topic.name, leaders);
    }
    return answer;
  }

  /** Returns the broker that changes topics. In KRaft mode this is any broker, which forwards the request. */
  async controller(): Promise<number> {
    return (await this.metadata([])).controllerId;
  }

  /** Splits partitions by their leader. Settles the partitions without a leader with an error code. */
  async byLeader<T extends TopicPartition>(items: readonly T[], settle: Settle<T>): Promise<Map<number, T[]>> {
    const unknown = [...new Set(items.filter((i) => !this.leaders.has(i.topic)).map((i) => i.topic))];
    const codes = new Map<string, number>();
    for (let from = 0; from < unknown.length; from += 2000) {
      const answer = await this.metadata(unknown.slice(from, from + 2000));
      for (const topic of answer.topics) codes.set(topic.name, topic.errorCode);
    }
    const groups = new Map<number, T[]>();
    for (const item of items) {
      const partitions = this.leaders.get(item.topic);
      const leader = partitions?.[item.partition];
      // Another call may have cleared the leaders since the check above. Treat this as no response.
      if (partitions === undefined) settle(item, codes.get(item.topic) || NOT_ANSWERED);
      else if (leader === undefined) settle(item, UNKNOWN_TOPIC_OR_PARTITION);
      else if (leader < 0 || !this.links.knows(leader)) settle(item, LEADER_NOT_AVAILABLE);
      else push(groups, leader, item);
    }
    return groups;
  }

  /** Splits groups by their coordinator. Settles the groups without a coordinator (yet) with an error code. */
  async byCoordinator(ids: readonly string[], settle: Settle<string>): Promise<Map<number, string[]>> {
    const unknown = ids.filter((id) => !this.coordinators.has(id));
    for (let from = 0; from < unknown.length; from += 1000) {
      for (const found of await this.coordinatorsOf(unknown.slice(from, from + 1000))) {
        if (found.errorCode !== NONE) settle(found.group, found.errorCode);
        else this.coordinators.set(found.group, found.broker);
      }
    }
    const groups = new Map<number, string[]>();
    for (const id of ids) {
      const broker = this.coordinators.get(id);
      if (broker !== undefined) push(groups, broker, id);
    }
    return groups;
  }

  private async coordinatorsOf(
    ids: readonly string[],
  ): Promise<{ group: string; broker: number; errorCode: number }[]> {
    const link = await this.links.any();
    if (link.speaks(findCoordinators.key, findCoordinators.version))
      return this.links.sendOn(link, findCoordinators, ids);
    return Promise.all(
      ids.map(async (group) => ({ group, ...(await this.links.sendOn(link, findCoordinator, group)) })),
    );
  }

  /**
   * Sends one request to each broker, in parallel. If one of them fails, all requests are sent again. `send` must
   * therefore be able to collect the same results twice.
   */
  async each<T>(groups: Map<number, T[]>, send: (broker: number, items: T[]) => Promise<void>): Promise<void> {
    const all = await Promise.allSettled([...groups].map(([broker, items]) => send(broker, items)));
    for (const one of all) if (one.status === "rejected") throw one.reason;
  }

  /**
   * Asks every broker, in parallel, where each knows only its own part (KIP-664, KIP-827). Brokers that do not answer
   * are asked again.
   * @param ask keeps the answer and returns its error code. Undefined: nothing to wait for
   */
  async everyBroker(action: string, ask: (broker: number, link: Link) => Promise<number | undefined>): Promise<void> {
    await this.metadata([]);
    await this.untilAllAnswered(
      action,
      this.links.brokerIds,
      (id) => `broker ${id}`,
      async (brokers, settle) => {
        await Promise.all(
          brokers.map(async (broker) => settle(broker, await ask(broker, await this.links.broker(broker)))),
        );
      },
    );
  }

  fail(action: string, resource: string, outcome: { errorCode: number; message?: string | null }): MigrationError {
    return requestFailure(
      this.side,
      action,
      resource,
      outcome.errorCode,
      outcome.message ?? errorName(outcome.errorCode),
    );
  }
}

function withoutBrokers(side: Side): MigrationError {
  return new MigrationError("KAFKA_NOT_AVAILABLE", `the ${side} cluster returned no brokers`, {
    fix: "check the brokers' health and run again",
  });
}

function push<K, T>(map: Map<K, T[]>, key: K, item: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [item]);
  else list.push(item);
}

/** Groups the partitions of one request by topic, as the wire format requires. */
export function byTopic<T extends { topic: string }, P>(items: readonly T[], pick: (item: T) => P): ByTopic<P>[] {
  const topics = new Map<string, P[]>();
  for (const item of items) push(topics, item.topic, pick(item));
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

export function partitionName(p: TopicPartition): string {
  return `${p.topic}-${p.partition}`;
}
