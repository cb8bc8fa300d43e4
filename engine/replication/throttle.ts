import { setTimeout as sleep } from "node:timers/promises";
import { MigrationError } from "../errors";
import type { ConfigChange, ConfigEntry, ConfigSource, KafkaPort } from "../kafka/port";
import type { Progress } from "../progress";
import { bytesText, someOf } from "../units";
import type { PartitionChange } from "./types";

const RATES = ["leader.replication.throttled.rate", "follower.replication.throttled.rate"] as const;
const LISTS = ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"] as const;
/**
 * The longest value of a topic's configuration that Kafka accepts (its length is a `Short` in the record, Kafka 4.3).
 */
const LONGEST_LIST = 32_767;
/** The value that throttles every replica of a topic. We never write it, so it always comes from somebody else. */
const EVERY_REPLICA = "*";
const NO_RATES = { [RATES[0]]: null, [RATES[1]]: null };
const NO_LISTS = { [LISTS[0]]: null, [LISTS[1]]: null };

/** Throttle settings found on the cluster. */
export interface ThrottleFound {
  /** Topics with their own list of throttled replicas. */
  topics: string[];
  brokers: number[];
}

/**
 * The lists of throttled replicas that each topic needs: its current replicas send, its new replicas receive. Format:
 * `partition:broker`.
 */
export function throttledReplicas(
  changes: readonly PartitionChange[],
): Map<string, { leader: string; follower: string }> {
  const lists = new Map<string, { leader: string[]; follower: string[] }>();
  for (const c of changes) {
    const added = c.to.filter((id) => !c.from.includes(id));
    if (added.length === 0) continue;
    const own = lists.get(c.topic) ?? { leader: [], follower: [] };
    own.leader.push(...c.from.map((id) => `${c.partition}:${id}`));
    own.follower.push(...added.map((id) => `${c.partition}:${id}`));
    lists.set(c.topic, own);
  }
  return new Map(
    [...lists].map(([topic, l]) => [topic, { leader: l.leader.join(","), follower: l.follower.join(",") }]),
  );
}

/**
 * Splits the changes into parts so that each topic's lists of throttled replicas fit into one value. There is one part,
 * unless a topic has thousands of partitions.
 */
export function listableParts(changes: readonly PartitionChange[]): PartitionChange[][] {
  const parts: PartitionChange[][] = [[]];
  let longest = new Map<string, number>();
  for (const change of changes) {
    const length = (ids: readonly number[]) => ids.reduce((n, id) => n + `${change.partition}:${id},`.length, 0);
    const own = Math.max(length(change.from), length(change.to.filter((id) => !change.from.includes(id))));
    const together = (longest.get(change.topic) ?? 0) + own;
    if (together > LONGEST_LIST) {
      parts.push([change]);
      longest = new Map([[change.topic, own]]);
    } else {
      parts.at(-1)!.push(change);
      longest.set(change.topic, together);
    }
  }
  return parts;
}

/**
 * Finds the topics among these, and all brokers, that have throttle settings of their own. A default for the whole
 * cluster does not count.
 */
export async function findThrottle(target: KafkaPort, topics: readonly string[]): Promise<ThrottleFound> {
  const { lists, rates } = await readThrottle(target, topics);
  return { topics: [...lists.keys()], brokers: [...rates.keys()] };
}

/** The lists by topic and the rates by broker, if there are any. */
async function readThrottle(
  target: KafkaPort,
  topics: readonly string[],
): Promise<{ lists: Map<string, string[]>; rates: Map<number, string[]> }> {
  const ids = (await target.describeCluster()).brokers.map((b) => b.id);
  return {
    lists: own(topics, await target.describeTopicConfigs(topics), LISTS, "dynamic-topic"),
    rates: own(ids, await target.describeBrokerConfigs(ids), RATES, "dynamic-broker"),
  };
}

function own<K>(
  names: readonly K[],
  configs: ReadonlyMap<K, ReadonlyMap<string, ConfigEntry>>,
  keys: readonly string[],
  source: ConfigSource,
): Map<K, string[]> {
  const values = (name: K) =>
    keys.map((key) => configs.get(name)?.get(key)).flatMap((e) => (e?.source === source && e.value ? [e.value] : []));
  return new Map(names.map((name): [K, string[]] => [name, values(name)]).filter(([, found]) => found.length > 0));
}

/**
 * Topics and brokers on which to set a throttle for these changes. Excludes those that already have a throttle from
 * somebody else.
 */
export function throttleOf(changes: readonly PartitionChange[], foreign: ThrottleFound): ThrottleFound {
  const copying = changes.filter((c) => c.to.some((id) => !c.from.includes(id)));
  const brokers = [...new Set(copying.flatMap((c) => [...c.from, ...c.to]))].sort((a, b) => a - b);
  const topics = [...new Set(copying.map((c) => c.topic))];
  return {
    topics: topics.filter((name) => !foreign.topics.includes(name)),
    brokers: brokers.filter((id) => !foreign.brokers.includes(id)),
  };
}

/**
 * Limits the traffic of these changes on every broker that takes part. The topics' lists are written before the
 * brokers' rates and removed after them. So if a kill leaves one of our rates, a list on a migrated topic shows that it
 * is ours. A rate that existed before belongs to somebody else: it is kept and also applies to our replicas.
 */
export async function setThrottle(
  target: KafkaPort,
  changes: readonly PartitionChange[],
  where: ThrottleFound,
  bytesPerSecond: number,
  progress: Progress,
): Promise<void> {
  if (where.topics.length + where.brokers.length === 0) return;
  const lists = [...throttledReplicas(changes)].filter(([name]) => where.topics.includes(name));
  await target.incrementalAlterConfigs(
    lists.map(
      ([name, l]): ConfigChange => ({
        resource: { type: "topic", name },
        set: { [LISTS[0]]: l.leader, [LISTS[1]]: l.follower },
      }),
    ),
  );
  const rate = String(bytesPerSecond);
  await target.incrementalAlterConfigs(
    where.brokers.map(
      (id): ConfigChange => ({
        resource: { type: "broker", name: String(id) },
        set: { [RATES[0]]: rate, [RATES[1]]: rate },
      }),
    ),
  );
  progress.info(
    `replication throttled to ${bytesText(bytesPerSecond)}/s on ` +
      `${where.brokers.length === 0 ? "no broker" : `broker ${where.brokers.join(", ")}`}`,
  );
}

const REMOVAL_LIMIT_MS = 30_000;

/**
 * Removes the brokers' rates first and the topics' lists last. Checks until they are gone, because brokers apply the
 * change one after the other. Succeeds if there is nothing to remove.
 * @throws MigrationError REPLICATION_THROTTLE_LEFT if they are still shown after 30 s
 */
export async function removeThrottle(target: KafkaPort, found: ThrottleFound): Promise<void> {
  if (found.brokers.length > 0) {
    await target.incrementalAlterConfigs(
      found.brokers.map((id): ConfigChange => ({ resource: { type: "broker", name: String(id) }, set: NO_RATES })),
    );
  }
  if (found.topics.length > 0) {
    await target.incrementalAlterConfigs(
      found.topics.map((name): ConfigChange => ({ resource: { type: "topic", name }, set: NO_LISTS })),
    );
  }
  if (found.topics.length + found.brokers.length === 0) return;
  for (const until = Date.now() + REMOVAL_LIMIT_MS; ; await sleep(200)) {
    const shown = await findThrottle(target, found.topics);
    const brokers = shown.brokers.filter((id) => found.brokers.includes(id));
    if (shown.topics.length + brokers.length === 0) return;
    if (Date.now() > until) {
      throw new MigrationError(
        "REPLICATION_THROTTLE_LEFT",
        "target: the replication throttle was removed, but brokers still show it on " +
          `${someOf([...shown.topics, ...brokers.map((id) => `broker ${id}`)])}`,
        {
          fix: "make sure that every broker is up to date with the controller, then run again to remove the rest",
        },
      );
    }
  }
}

/** The throttles on the target, ours and others. */
export interface ThrottlesFound {
  /** Set by this migration, and left by a run that ended while replicas were still being copied. */
  ours: ThrottleFound;
  foreign: ThrottleFound;
}

/**
 * Separates the throttle that an interrupted run left from throttles of others. Ours are the lists on migrated topics
 * (MirrorMaker 2 does not copy throttle settings), unless a list throttles every replica (`*`). Ours are also the rates
 * of the brokers in these lists, if they look as `setThrottle` writes them: the same for both directions.
 */
export async function throttlesOn(target: KafkaPort, topics: readonly string[]): Promise<ThrottlesFound> {
  const { lists, rates } = await readThrottle(target, topics);
  const whole = [...lists].filter(([, values]) => values.includes(EVERY_REPLICA)).map(([name]) => name);
  for (const name of whole) lists.delete(name);
  const listed = new Set(
    [...lists.values()].flat().flatMap((list) => list.split(",").map((entry) => Number(entry.split(":")[1]))),
  );
  const isOurs = ([id, [leader, follower]]: [number, string[]]) => listed.has(id) && leader === follower;
  const ours: ThrottleFound = { topics: [...lists.keys()], brokers: [...rates].filter(isOurs).map(([id]) => id) };
  return { ours, foreign: { topics: whole, brokers: [...rates.keys()].filter((id) => !ours.brokers.includes(id)) } };
}

/** Warns about throttles of somebody else, which are kept. */
export function warnOfForeign({ topics, brokers }: ThrottleFound, progress: Progress): void {
  if (brokers.length > 0) {
    progress.warn(
      `broker ${brokers.join(", ")} of the target has a replication throttle that this migration did not ` +
        "set: it is kept, and also limits new replicas of throttled topics",
    );
  }
  if (topics.length > 0) {
    progress.warn(
      `target: every replica of ${someOf(topics)} is throttled (${LISTS.join(" or ")} is ${EVERY_REPLICA}); ` +
        "this migration did not set that throttle and keeps it",
    );
  }
}

/** `3 topics and broker 1, 2`, or undefined if there is none. */
export function throttleText({ topics, brokers }: ThrottleFound): string | undefined {
  const parts = [
    ...(topics.length === 0 ? [] : [someOf(topics)]),
    ...(brokers.length === 0 ? [] : [`broker ${brokers.join(", ")}`]),
  ];
  return parts.length === 0 ? undefined : parts.join(" and ");
}

/**
 * Removes the throttle that an interrupted run left. Call it only when no reassignment of these topics is in progress;
 * see `throttlesOn`.
 */
export async function removeLeftThrottle(target: KafkaPort, ours: ThrottleFound, progress: Progress): Promise<void> {
  const where = throttleText(ours);
  if (where === undefined) return;
  await removeThrottle(target, ours);
  progress.info(`removed the replication throttle of an interrupted run from ${where}`);
}
