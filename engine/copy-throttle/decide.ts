import type { ClientQuota } from "../kafka/port";
import type { Side } from "../model";
import { quotaCommand } from "../quota-command";

/** Kafka's quota that limits the mirror on each cluster, in bytes per second and broker (KIP-13). */
export const LIMITING_QUOTA: Readonly<Record<Side, string>> = {
  origin: "consumer_byte_rate",
  target: "producer_byte_rate",
};

/** A quota counts over ten complete samples of 1 s (Kafka's default `quota.window.num=11`, one is incomplete). */
const WINDOW_SECONDS = 10;

/**
 * The smallest share of a broker, in bytes per second. A batch with Kafka's default size limit (`message.max.bytes`,
 * 1048588) then fits into the quota's window. See {@link largestBatch}.
 */
export const LEAST_SHARE = 131_072;

/**
 * The largest batch of records that a broker sends to a limited mirror, in bytes. A response has at least one batch,
 * and the broker sends no response that is larger than what the quota allows for the whole window.
 */
export const largestBatch = (share: number): number => share * WINDOW_SECONDS;

/** The lowest rate at which every broker sends such a batch. */
export const rateFor = (batchBytes: number, brokers: number): number =>
  Math.ceil(batchBytes / WINDOW_SECONDS) * brokers;

/** Largest quota of a KafkaUser: its operator reads the field as a number of 32 bits. */
const MOST_QUOTA = 2_147_483_647;

/** Largest limit of a response, in bytes. Kafka's default is 50 MiB, that of profile `tuned` 16 MiB. */
const MOST_FETCH = 16_777_216;

/**
 * `fetch.max.bytes` of a limited mirror: what one broker may send in one second. A larger response leaves more of the
 * quota unused (see {@link quotaOf}). A broker fills a response up to this size, so it usually ends with a part of a
 * batch, which counts and is sent again. The smaller the response, the more weighs this part.
 * @param brokers of the origin. Default 3
 */
export const fetchBytesOf = (bytesPerSecond: number, brokers = 3): number =>
  Math.min(MOST_FETCH, shareOf(bytesPerSecond, brokers));

/**
 * Returns the quota with which a broker sends or takes its share, in bytes per second. A broker of the origin sends a
 * response only when all of it fits into the quota. It then tells the mirror how long to wait, also if earlier bytes
 * leave the quota's window before. So about one response for each window of 11 s is not sent, and the quota is higher
 * by that, at most by 9 % (`rate.test.ts` shows it with the way in which brokers count).
 *
 * The target's quota is 5 % higher. The records come in pulses, not evenly spread over the target's brokers. With the
 * same quota on both sides a broker that is behind would not catch up.
 * @param fetchBytes of the mirror's consumers
 */
export const quotaOf = (side: Side, share: number, fetchBytes: number): number =>
  Math.min(
    MOST_QUOTA,
    share + Math.floor(side === "target" ? share / 20 : Math.min(fetchBytes, share) / (WINDOW_SECONDS + 1)),
  );

/** The user that the mirror logs in with on one cluster. */
export interface ThrottledUser {
  /** As in ACLs, e.g. `User:mm2-credentials` or `User:CN=mm2-credentials`. */
  principal: string;
  /**
   * True: a user operator sets this user's quotas, from its KafkaUser. False: the migration sets them through Kafka.
   */
  operator: boolean;
}

export type ThrottledUsers = Record<Side, ThrottledUser>;

/** The quota of each broker, in bytes per second, by cluster. */
export type Shares = Record<Side, number>;

/** Kafka applies a quota on each broker alone, so each broker gets its part of the whole rate. */
export const shareOf = (bytesPerSecond: number, brokers: number): number => Math.floor(bytesPerSecond / brokers);

/** Returns the user's own limit. Undefined: it has none. */
export function limitOf(quotas: readonly ClientQuota[], side: Side, user: string): number | undefined {
  return quotas.find((q) => q.user === user && q.clientId === undefined && q.ip === undefined)?.values[
    LIMITING_QUOTA[side]
  ];
}

/**
 * Returns the limits of this kind that the user already has, also those for one of its client ids: Kafka would apply
 * these instead of the user's own.
 */
export const limitsOf = (quotas: readonly ClientQuota[], side: Side, user: string): ClientQuota[] =>
  quotas.filter(({ user: of, values }) => of === user && values[LIMITING_QUOTA[side]] !== undefined);

/** `consumer_byte_rate 9 for client id a` */
export function limitText({ clientId, values }: ClientQuota, side: Side): string {
  const key = LIMITING_QUOTA[side];
  const client =
    clientId === undefined ? "" : clientId === null ? " for every client id" : ` for client id ${clientId}`;
  return `${key} ${values[key]}${client}`;
}

/** The command that removes this limit. */
export const removal = (quota: Omit<ClientQuota, "values">, side: Side): string =>
  quotaCommand(quota, `--delete-config ${LIMITING_QUOTA[side]}`, side);

/**
 * Returns the limits of this kind for every user, or every client id, that are lower than the quota. They apply to the
 * mirror until it gets the quota: Kafka applies only the most specific one.
 */
export function lowerDefaults(quotas: readonly ClientQuota[], side: Side, quota: number): string[] {
  return quotas.flatMap(({ user, clientId, ip, values }) => {
    const value = values[LIMITING_QUOTA[side]];
    const isDefault = user == null && clientId == null && (user === null || clientId === null);
    if (!isDefault || ip !== undefined || value === undefined || value >= quota) return [];
    return [`${value} for every ${user === null ? "user" : "client id"}`];
  });
}

/**
 * What to do about the limit that the user has now.
 *
 * - `set`: set the wanted limit
 * - `remove`: remove the limit, which is the migration's
 * - `none`: nothing
 * - `foreign`: somebody else set a limit, where the migration wants one
 * - `leave`: somebody else set a limit, where the migration wants none
 */
export type QuotaChange = "set" | "remove" | "none" | "foreign" | "leave";

/**
 * Decides without ever changing somebody else's limit. Before the first limit is set, the user is known to have none.
 * @param found the user's limit now
 * @param wanted null: none
 * @param before the limit that an earlier `up` set and recorded. Null: none, also if that `up` was killed
 * @param share the limit of this migration. A limit of this value is its own, also if no state records it
 */
export function changeOf(
  found: number | undefined,
  { wanted, before, share }: { wanted: number | null; before: number | null; share: number },
): QuotaChange {
  const own = before !== null || found === share;
  if (wanted === null) return found === undefined ? "none" : own ? "remove" : "leave";
  if (found === wanted) return "none";
  return found === undefined || own ? "set" : "foreign";
}

/**
 * True if somebody has changed the limit since this migration set it. A limit that is gone says nothing: an `up` that
 * was killed may have lifted it.
 */
export const changedByHand = (
  found: number | undefined,
  { before, share }: { before: number | null; share: number },
): found is number => before !== null && found !== undefined && found !== before && found !== share;
