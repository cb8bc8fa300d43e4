import { userName } from "../acls";
import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import { MigrationError } from "../errors";
import type { ClientQuota, KafkaPort } from "../kafka/port";
import type { MigrationModel, MirrorModel, Side } from "../model";
import { SIDES } from "../sides";
import { type Progress, silent } from "../progress";
import { selectTopics } from "../selection";
import { bytesText, countText, listText, someOf } from "../units";
import {
  largestBatch,
  LEAST_SHARE,
  LIMITING_QUOTA,
  limitsOf,
  limitText,
  lowerDefaults,
  quotaOf,
  rateFor,
  removal,
  shareOf,
  type Shares,
  type ThrottledUsers,
} from "./decide";

/** The number of brokers and each broker's quota. */
export interface CopyShares {
  brokers: Record<Side, number>;
  shares: Shares;
}

export interface SharesOptions {
  /** Of the whole mirror. */
  bytesPerSecond: number;
  /** `fetch.max.bytes` of the mirror's consumers. */
  fetchBytes: number;
  users: ThrottledUsers;
  /** Clusters on which the user has no limit of this migration yet, so that it must have none at all. */
  unlimited: readonly Side[];
}

/**
 * Divides the rate by the number of brokers. Changes nothing. Warns about topics whose batches may be too large for it.
 * @throws MigrationError QUOTA_TAKEN if a user has a limit of somebody else, THROTTLE_TOO_LOW, or KAFKA_UNSUPPORTED
 *   before Kafka 2.6
 */
export async function copyShares(
  model: MigrationModel,
  { bytesPerSecond, fetchBytes, users, unlimited }: SharesOptions,
  progress: Progress = silent,
  open?: OpenKafka,
): Promise<CopyShares> {
  const { found, batches } = await withClusters(
    model,
    async (clusters) => ({
      found: await Promise.all(
        SIDES.map(async (side) => {
          const [{ brokers }, quotas] = await Promise.all([clusters[side].describeCluster(), quotasOf(clusters[side])]);
          const taken = unlimited.includes(side) ? limitsOf(quotas, side, userName(users[side].principal)) : [];
          const share = shareOf(bytesPerSecond, brokers.length);
          const quota = quotaOf(side, share, fetchBytes);
          return { side, brokers: brokers.length, share, quota, taken, lower: lowerDefaults(quotas, side, quota) };
        }),
      ),
      batches: await batchLimits(clusters.origin, model.mirror),
    }),
    open,
    { progress },
  );
  refuseTaken(found, users);
  refuseTooLow(found, bytesPerSecond);
  for (const { side, brokers, quota } of found)
    progress.info(
      `copy limited to ${bytesText(bytesPerSecond)}/s: ${LIMITING_QUOTA[side]} of ${users[side].principal} on the ` +
        `${side} is ${quota}, ${brokers === 1 ? "with 1 broker" : `on each of ${brokers} brokers`}`,
    );
  for (const { side, quota, lower } of found) if (lower.length > 0) warnOfDefaults(side, quota, lower, users, progress);
  warnOfLargeBatches(batches, found.find(({ side }) => side === "origin")!, progress);
  const bySide = <T>(of: (one: (typeof found)[number]) => T) =>
    Object.fromEntries(found.map((one) => [one.side, of(one)])) as Record<Side, T>;
  return { brokers: bySide((one) => one.brokers), shares: bySide((one) => one.quota) };
}

/** The quota of a user replaces these. So a limit can give the mirror more than it has without. */
function warnOfDefaults(
  side: Side,
  quota: number,
  lower: readonly string[],
  users: ThrottledUsers,
  progress: Progress,
): void {
  progress.warn(
    `the ${side} has ${LIMITING_QUOTA[side]} ${listText(lower)}. Quotas like these no longer hold for ` +
      `${users[side].principal} while the copy is limited, because it then has its own, ${quota}, which is higher. If ` +
      "they were meant for the mirror, too, lower mirror.throttleBytesPerSecond, or leave it out",
  );
}

/** Returns `max.message.bytes` of each topic that is copied, which also limits a batch. */
async function batchLimits(origin: KafkaPort, mirror: MirrorModel): Promise<[topic: string, bytes: number][]> {
  const configs = await origin.describeTopicConfigs(selectTopics(await origin.listTopics(), mirror));
  return [...configs].flatMap(([topic, entries]) => {
    const bytes = entries.get("max.message.bytes")?.value;
    return bytes == null ? [] : [[topic, Number(bytes)]];
  });
}

/** Only a topic's limit is known, not whether it has such batches. */
function warnOfLargeBatches(
  limits: readonly [topic: string, bytes: number][],
  { brokers, share }: { brokers: number; share: number },
  progress: Progress,
): void {
  const large = limits.filter(([, bytes]) => bytes > largestBatch(share));
  if (large.length === 0) return;
  const most = Math.max(...large.map(([, bytes]) => bytes));
  progress.warn(
    `a broker of the origin does not send a batch of more than ${largestBatch(share)} bytes while the copy is limited, ` +
      `and these topics may have larger ones (max.message.bytes): ` +
      `${someOf(large.map(([topic, bytes]) => `${topic} ${bytes}`))}. A partition with such a batch waits there until ` +
      `the limit is lifted for the cutover. With mirror.throttleBytesPerSecond ${rateFor(most, brokers)} or more ` +
      "it does not",
  );
}

/** Returns the number of brokers of both clusters. */
export async function brokersOf(model: Pick<MigrationModel, Side>, open?: OpenKafka): Promise<Record<Side, number>> {
  const count = async (port: KafkaPort) => (await port.describeCluster()).brokers.length;
  const counted = ({ origin, target }: Clusters) => Promise.all([count(origin), count(target)]);
  const [origin, target] = await withClusters(model, counted, open);
  return { origin, target };
}

/** @throws MigrationError KAFKA_UNSUPPORTED before Kafka 2.6 */
export async function quotasOf(port: KafkaPort, broker?: number) {
  const quotas = await port.clientQuotas(broker);
  if (quotas !== undefined) return quotas;
  throw new MigrationError(
    "KAFKA_UNSUPPORTED",
    `the ${port.side}'s brokers have no request for quotas, which is new in Kafka 2.6`,
    { fix: "remove mirror.throttleBytesPerSecond" },
  );
}

function refuseTaken(found: readonly { side: Side; taken: ClientQuota[] }[], users: ThrottledUsers): void {
  const taken = found.filter((one) => one.taken.length > 0);
  if (taken.length === 0) return;
  const each = taken.map(
    ({ side, taken: limits }) =>
      `${users[side].principal} on the ${side} has ${listText(limits.map((quota) => limitText(quota, side)))}`,
  );
  const commands = taken.flatMap(({ side, taken: limits }) => limits.map((quota) => removal(quota, side)));
  throw new MigrationError(
    "QUOTA_TAKEN",
    `the mirror's user already has a quota, and mirror.throttleBytesPerSecond needs a user without one: ${each.join("; ")}. ` +
      "Nothing was changed",
    {
      fix: "remove mirror.throttleBytesPerSecond and keep that quota, or remove it: " + commands.join("; "),
    },
  );
}

function refuseTooLow(found: readonly { side: Side; brokers: number; share: number }[], bytesPerSecond: number): void {
  const low = found.filter(({ share }) => share < LEAST_SHARE);
  if (low.length === 0) return;
  const each = low.map(
    ({ side, brokers, share }) => `${share} on each of ${countText(brokers, "broker")} of the ${side}`,
  );
  const least = LEAST_SHARE * Math.max(...low.map(({ brokers }) => brokers));
  throw new MigrationError(
    "THROTTLE_TOO_LOW",
    `mirror.throttleBytesPerSecond is ${bytesPerSecond}, which is ${listText(each)}: a broker needs at least ` +
      `${LEAST_SHARE}, or requests of the mirror time out`,
    { fix: `set mirror.throttleBytesPerSecond to at least ${least}` },
  );
}
