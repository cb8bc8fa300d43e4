import { EVERYONE } from "../acls";
import { aclText } from "../kafka/acl-text";
import type { Side } from "../model";
import { listText, someOf } from "../units";
import { ANY_HOST } from "./decide";
import type { AccessResource, Cause, ComparedName } from "./types";

export const otherSide = (side: Side): Side => (side === "origin" ? "target" : "origin");

const KIND: Record<AccessResource, string> = {
  topic: "topic",
  group: "group",
  transactionalId: "transactional id",
  cluster: "cluster",
};

export interface DifferenceWords {
  principal: string;
  allowedOn: Side;
  operations: readonly string[];
  resource: AccessResource;
  names: readonly ComparedName[];
  /** Hosts of the clients, see {@link hostsText}. */
  hosts: string;
  causes: readonly Cause[];
}

/** `User:billing` may Write `invoices` on the origin but not on the target: ACL ... is missing on the target. */
export function differenceText(difference: DifferenceWords): string {
  const { principal, allowedOn, operations, resource, names, hosts, causes } = difference;
  const who = principal === EVERYONE ? `Everybody (\`${EVERYONE}\`)` : `\`${principal}\``;
  const what = resource === "cluster" ? "the cluster" : namesText(resource, names);
  const where = `on the ${allowedOn} but not on the ${otherSide(allowedOn)}`;
  return (
    `${who} may ${listText(operations)} ${what}${hosts} ${where}: ` +
    causes.map((cause) => causeText(cause, allowedOn)).join("; ")
  );
}

function namesText(resource: AccessResource, names: readonly ComparedName[]): string {
  const kind = KIND[resource];
  const single = names.filter((name) => name.kind === "exists" || name.kind === "named");
  const prefixes = names.filter((name) => name.kind === "prefix").map(({ text }) => `\`${text}\``);
  const parts: string[] = [];
  if (single.length > 0) {
    const word = resource === "topic" ? "" : `${kind}${single.length === 1 ? "" : "s"} `;
    const [only] = single;
    const renamed = single.length === 1 && only!.origin !== only!.target ? ` (\`${only!.target}\` on the target)` : "";
    const shown = single.map(({ origin }) => `\`${origin}\``);
    parts.push(`${word}${shown.length === 1 ? shown[0] : someOf(shown, 5)}${renamed}`);
  }
  if (prefixes.length > 0) parts.push(`new ${kind}s that begin with ${someOf(prefixes, 5)}`);
  if (names.some((name) => name.kind === "any")) parts.push(`any other ${kind}`);
  return parts.join(", and ");
}

function causeText(cause: Cause, allowedOn: Side): string {
  const other = otherSide(allowedOn);
  switch (cause.by) {
    case "super user":
      return `it is a super user on the ${cause.on}`;
    case "default":
      return `no ACL covers it on the ${cause.on}, where everybody may use what no ACL covers`;
    case "closed":
      return `on the ${cause.on} ${aclText(cause.acl)} covers it, so only ACLs give access`;
    case "acl":
      if (cause.only === "origin") return `${aclText(cause.acl)} is missing on the target`;
      if (cause.only === "target") return `${aclText(cause.acl)} is only on the target`;
      return cause.acl.permission === "deny"
        ? `${aclText(cause.acl)} denies it on the ${other}`
        : `${aclText(cause.acl)} allows it on the ${allowedOn} only`;
  }
}

/**
 * @param some hosts for which the clusters differ
 * @param all every host that an ACL names, and {@link ANY_HOST} for all others
 */
export function hostsText(some: readonly string[], all: readonly string[]): string {
  if (!some.includes(ANY_HOST)) return ` from ${listText(some)}`;
  const without = all.filter((host) => !some.includes(host));
  return without.length === 0 ? "" : ` from every host except ${listText(without)}`;
}
