import type { ClientQuota } from "../kafka/port";
import type { Side } from "../model";
import { SIDES } from "../sides";
import { listText } from "../units";
import type { AccessDifference } from "./types";
import { otherSide } from "./words";

/**
 * Compares the quotas of users, client ids and IP addresses, and their defaults.
 * @param ignore principals that are not compared
 */
export function compareQuotas(
  quotas: Record<Side, readonly ClientQuota[]>,
  ignore: ReadonlySet<string>,
): AccessDifference[] {
  const byEntity = new Map<string, Partial<Record<Side, ClientQuota>>>();
  for (const side of SIDES)
    for (const quota of quotas[side]) {
      if (typeof quota.user === "string" && ignore.has(`User:${quota.user}`)) continue;
      const key = JSON.stringify([quota.user, quota.clientId, quota.ip].map((part) => (part === undefined ? 0 : part)));
      byEntity.set(key, { ...byEntity.get(key), [side]: quota });
    }
  return [...byEntity.values()].flatMap(({ origin, target }) => differenceOf(origin, target) ?? []);
}

function differenceOf(origin: ClientQuota | undefined, target: ClientQuota | undefined): AccessDifference | undefined {
  const keys = [...new Set([...Object.keys(origin?.values ?? {}), ...Object.keys(target?.values ?? {})])].sort();
  const differing = keys.filter((key) => origin?.values[key] !== target?.values[key]);
  if (differing.length === 0) return undefined;
  const entity = entityText((origin ?? target)!);
  const each = differing.map((key) => {
    const [from, to] = [origin?.values[key], target?.values[key]];
    return `${key} is ${from ?? "not set"} on the origin and ${to ?? "not set"} on the target`;
  });
  // A cluster without a quota, or with a higher one, allows more.
  const more = differing.some((key) => (target?.values[key] ?? Infinity) > (origin?.values[key] ?? Infinity));
  return {
    kind: "quota",
    principal: entity,
    allowedOn: more ? "target" : "origin",
    text: `${entity}: ${listText(each)}`,
  };
}

/** `quota of user "billing", client id "a"`. */
function entityText({ user, clientId, ip }: ClientQuota): string {
  const part = (what: string, name: string | null | undefined, all: string) =>
    name === undefined ? [] : [name === null ? all : `${what} "${name}"`];
  const parts = [
    ...part("user", user, "every user"),
    ...part("client id", clientId, "every client id"),
    ...part("IP address", ip, "every IP address"),
  ];
  return `Quota of ${parts.join(", ")}`;
}

/** Finds users that can log in to the origin with a password but not, or in another way, to the target. */
export function compareLogins(
  users: Record<Side, readonly { name: string; mechanisms: readonly string[] }[]>,
  ignore: ReadonlySet<string>,
): AccessDifference[] {
  const onTarget = new Map(users.target.map(({ name, mechanisms }) => [name, mechanisms]));
  return users.origin.flatMap(({ name, mechanisms }): AccessDifference[] => {
    const principal = `User:${name}`;
    const there = onTarget.get(name);
    const missing = mechanisms.filter((mechanism) => there?.includes(mechanism) !== true);
    if (ignore.has(principal) || missing.length === 0) return [];
    const has = there === undefined ? "has no password there" : `has only ${listText(there)} there`;
    const text =
      `\`${principal}\` can log in with ${listText(missing)} on the origin but not on the ${otherSide("origin")}: ` +
      `the user ${has}`;
    return [{ kind: "login", principal, allowedOn: "origin", text }];
  });
}
