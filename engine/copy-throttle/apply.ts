import { userName } from "../acls";
import { setTimeout as sleep } from "node:timers/promises";
import { type OpenKafka, withCluster } from "../clusters";
import { joinedError, MigrationError } from "../errors";
import type { KafkaPort } from "../kafka/port";
import type { MigrationModel, Side } from "../model";
import { SIDES } from "../sides";
import { type Progress, silent } from "../progress";
import { countText, durationText } from "../units";
import {
  changedByHand,
  changeOf,
  LIMITING_QUOTA,
  limitOf,
  removal,
  type Shares,
  type ThrottledUser,
  type ThrottledUsers,
} from "./decide";
import { quotasOf } from "./share";

/** Longest time until every broker shows a change, in ms. A user operator may be busy with other users. */
const LIMIT_MS = 120_000;
const PAUSE_MS = 250;

export interface ThrottleOptions {
  users: ThrottledUsers;
  shares: Shares;
  /** True: limit the mirror. False: lift the limit. */
  limited: boolean;
  /** The limits that an earlier run set. Null: none. */
  before: Shares | null;
  /** Default: both. */
  sides?: readonly Side[];
  /** Default 120000. */
  limitMs?: number;
}

/**
 * Sets or removes the limits of the mirror's users, and waits until every broker shows it. A second run finds nothing
 * to do. Where a user operator owns the user's quotas, only waits for it.
 * @throws MigrationError QUOTA_TAKEN if somebody else set a limit, QUOTA_NOT_SHOWN if brokers do not show the change
 */
export async function applyThrottle(
  model: Pick<MigrationModel, Side>,
  options: ThrottleOptions,
  progress: Progress = silent,
  open?: OpenKafka,
): Promise<void> {
  const sides = options.sides ?? SIDES;
  const work = sides.map((side) =>
    withCluster(model, side, (port) => onSide(port, options, progress), open, { progress }),
  );
  const failed = (await Promise.allSettled(work)).filter((one) => one.status === "rejected");
  if (failed.length > 0) throw joinedError(failed.map((one) => one.reason as unknown));
}

async function onSide(port: KafkaPort, options: ThrottleOptions, progress: Progress): Promise<void> {
  const { side } = port;
  const user = options.users[side];
  const share = options.shares[side];
  const wanted = options.limited ? share : null;
  if (!user.operator) {
    const found = limitOf(await quotasOf(port), side, userName(user.principal));
    const before = options.before?.[side] ?? null;
    if (changedByHand(found, { before, share }))
      progress.warn(
        `somebody has changed the ${LIMITING_QUOTA[side]} of ${user.principal} on the ${side} to ${found} since this ` +
          `migration set it to ${before}; ` +
          (wanted === null ? "it is removed" : `it becomes ${wanted}. To change it, set mirror.throttleBytesPerSecond`),
      );
    switch (changeOf(found, { wanted, share, before })) {
      case "foreign":
        throw foreign(side, user, found!);
      case "leave":
        return progress.warn(
          `the ${LIMITING_QUOTA[side]} ${found} of ${user.principal} on the ${side} is not the migration's; left as it is`,
        );
      case "set":
      case "remove":
        await port.alterUserQuota(userName(user.principal), LIMITING_QUOTA[side], wanted);
        break;
      case "none":
    }
  }
  await untilShown(port, user, wanted, options.limitMs ?? LIMIT_MS);
  progress.info(
    wanted === null
      ? `${user.principal} has no ${LIMITING_QUOTA[side]} on the ${side} any more`
      : `${user.principal} has ${LIMITING_QUOTA[side]} ${wanted} on each broker of the ${side}`,
  );
}

/** Each broker follows a change on its own. */
async function untilShown(port: KafkaPort, user: ThrottledUser, wanted: number | null, limitMs: number): Promise<void> {
  const { side } = port;
  const name = userName(user.principal);
  for (const begun = Date.now(); ; await sleep(PAUSE_MS)) {
    const { brokers } = await port.describeCluster();
    const shown = await Promise.all(
      brokers.map(async ({ id }) => ({ id, found: limitOf(await quotasOf(port, id), side, name) ?? null })),
    );
    const wrong = shown.filter(({ found }) => found !== wanted);
    if (wrong.length === 0) return;
    if (Date.now() - begun >= limitMs) throw notShown(side, user, wanted, wrong, limitMs);
  }
}

function foreign(side: Side, user: ThrottledUser, found: number): MigrationError {
  const key = LIMITING_QUOTA[side];
  return new MigrationError(
    "QUOTA_TAKEN",
    `${user.principal} has ${key} ${found} on the ${side}; it was not changed, because nothing records that this ` +
      "migration set it (an up that was killed may have, if the rate was changed since)",
    {
      fix: `remove it (${removal({ user: userName(user.principal) }, side)}), or remove mirror.throttleBytesPerSecond`,
    },
  );
}

function notShown(
  side: Side,
  user: ThrottledUser,
  wanted: number | null,
  wrong: readonly { id: number; found: number | null }[],
  limitMs: number,
): MigrationError {
  const key = LIMITING_QUOTA[side];
  const each = wrong.map(({ id, found }) => `broker ${id}: ${found ?? "none"}`).join(", ");
  return new MigrationError(
    "QUOTA_NOT_SHOWN",
    `${countText(wrong.length, "broker")} of the ${side} did not show ${key} ${wanted ?? "removed"} for ` +
      `${user.principal} within ${durationText(limitMs)} (${each})`,
    {
      fix: user.operator
        ? "check that the user operator runs and that the KafkaUser is Ready, then run `pulumi up` again"
        : "check the brokers' health, and whether a user operator resets the quotas of this user (then set the quota in " +
          "its KafkaUser and remove mirror.throttleBytesPerSecond); then run `pulumi up` again",
    },
  );
}

/**
 * Removes limits of exactly these values, which a killed run may have left. Where a user operator owns the user's
 * quotas, and on a cluster that does not answer, does nothing.
 */
export async function removeLeft(
  model: Pick<MigrationModel, Side>,
  { users, shares }: Pick<ThrottleOptions, "users" | "shares">,
  progress: Progress = silent,
  open?: OpenKafka,
): Promise<void> {
  const onOne = (side: Side) =>
    withCluster(
      model,
      side,
      async (port) => {
        const found = limitOf(await quotasOf(port), side, userName(users[side].principal));
        if (found === shares[side]) await onSide(port, { users, shares, limited: false, before: null }, progress);
      },
      open,
      { progress },
    ).catch((error: unknown) =>
      progress.warn(
        `the quota ${LIMITING_QUOTA[side]} of ${users[side].principal} may still exist on the ${side}: ` +
          `${(error as Error).message.split("\n")[0]}`,
      ),
    );
  await Promise.all(SIDES.filter((side) => !users[side].operator).map(onOne));
}

/**
 * Returns true if the brokers do not show the limits that the migration set. Users of an operator are not checked:
 * their KafkaUser says what they have.
 */
export async function isOff(
  model: Pick<MigrationModel, Side>,
  { users, shares }: Pick<ThrottleOptions, "users" | "shares">,
  open?: OpenKafka,
): Promise<boolean> {
  const sides = SIDES.filter((side) => !users[side].operator);
  const off = (side: Side) =>
    withCluster(
      model,
      side,
      async (port) => limitOf(await quotasOf(port), side, userName(users[side].principal)) !== shares[side],
      open,
    );
  return (await Promise.all(sides.map(off))).includes(true);
}
