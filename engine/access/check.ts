import { type OpenKafka, withClusters } from "../clusters";
import { MigrationError } from "../errors";
import type { Acl } from "../kafka/port";
import { isCertificate } from "../kafka-user-names";
import type { Connection, MigrationModel, Side } from "../model";
import type { Progress } from "../progress";
import { countText, someOf } from "../units";
import { compareAccess } from "./parity";
import { readAccess, readNames } from "./read";
import type { AccessOptions, AccessResult } from "./types";

/** Number of differences that are listed in an `up` and in errors without a limit of their own. */
const SHOWN = 20;

/**
 * Compares who may do what on both clusters. Changes nothing.
 * @param open replaces the real port in unit tests
 */
export async function checkAccess(
  model: MigrationModel,
  options: AccessOptions,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<AccessResult> {
  return withClusters(
    model,
    async (clusters) => {
      const read = await readAccess(clusters, options);
      if (read.access === undefined)
        return { ...NOTHING, equal: read.open, unknown: read.unknown, notes: openNote(read.open) };
      const ignore = [...(options.ignore ?? []), ...loginsOf(model)];
      const existing = await readNames(clusters.origin);
      const compared = compareAccess(read.access, existing, model.mirror, { ...options, ignore });
      return {
        ...compared,
        notes: [...certificateNotes(read.access.origin.acls, new Set(ignore)), ...compared.notes],
        unknown: read.unknown,
        equal: compared.differences.length + read.unknown.length === 0,
      };
    },
    open,
    { progress, ...(signal === undefined ? {} : { signal }) },
  );
}

const NOTHING: Omit<AccessResult, "equal" | "unknown" | "notes"> = {
  differences: [],
  counts: {
    acls: { origin: 0, target: 0 },
    principals: 0,
    names: { topic: 0, group: 0, transactionalId: 0, cluster: 0 },
  },
};

const openNote = (open: boolean): string[] =>
  open ? ["neither cluster has an authorizer: everybody may do everything on both"] : [];

/** Kafka's metadata does not show whose certificates a cluster trusts. */
function certificateNotes(acls: readonly Acl[], ignore: ReadonlySet<string>): string[] {
  const principals = acls.map(({ principal }) => principal).filter((name) => isCertificate(name) && !ignore.has(name));
  const users = [...new Set(principals)].sort();
  if (users.length === 0) return [];
  return [
    `certificates are not compared: ${countText(users.length, "principal")} (${someOf(users)}) can log in to the ` +
      "target only if it trusts the authority that signed their certificates",
  ];
}

/** The logins of the administrators themselves. */
function loginsOf(model: Record<Side, Connection>): string[] {
  return (["origin", "target"] as const).flatMap((side) => {
    const { sasl } = model[side];
    return sasl !== undefined && "username" in sasl ? [`User:${sasl.username}`] : [];
  });
}

/** Reports the result of a cutover step. */
export function reportAccess(result: AccessResult, progress: Progress): void {
  for (const text of result.unknown) progress.warn(`access: not compared: ${text}`);
  for (const text of result.notes.slice(0, SHOWN)) progress.info(`access: ${text}`);
  const { differences } = result;
  for (const { text } of differences.slice(0, SHOWN)) progress.warn(`access: ${text}`);
  if (differences.length > SHOWN)
    progress.warn(
      `access: and ${differences.length - SHOWN} more differences; \`kafka-migration access\` lists all of them`,
    );
  if (result.equal) progress.info(`access: ${summaryText(result)}`);
}

/** One line about the whole result. */
export function summaryText({ differences, left = 0, unknown, equal, counts }: AccessResult): string {
  const { acls, principals, names } = counts;
  const compared =
    `${countText(principals, "principal")} with ${countText(acls.origin, "ACL")} on the origin and ${acls.target} on ` +
    `the target, on ${countText(names.topic, "topic name")}, ${countText(names.group, "group name")} and ` +
    countText(names.transactionalId, "transactional id");
  if (equal) return `both clusters decide the same: ${compared}`;
  if (differences.length > 0) return `${countText(differences.length + left, "difference")}: ${compared}`;
  return `not everything could be compared (${countText(unknown.length, "reason")}): ${compared}`;
}

/** Number of differences and notes that a state keeps. */
const MOST_KEPT = { differences: 300, notes: 50 };

/** The result as a state keeps it. `left` counts the differences that it leaves out. */
export function shortened(result: AccessResult): AccessResult {
  const left = result.differences.length - MOST_KEPT.differences;
  return {
    ...result,
    differences: result.differences
      .slice(0, MOST_KEPT.differences)
      .map(({ kind, principal, allowedOn, text }) => ({ kind, principal, allowedOn, text })),
    notes: result.notes.slice(0, MOST_KEPT.notes),
    ...(left > 0 ? { left } : {}),
  };
}

/**
 * @throws MigrationError ACCESS_DIFFERS with every difference
 */
export function requireEqualAccess(result: AccessResult): void {
  if (result.equal) return;
  const { differences, unknown } = result;
  const lines = [...differences.map(({ text }) => text), ...unknown.map((text) => `not compared: ${text}`)];
  throw new MigrationError("ACCESS_DIFFERS", `access is not proved to be the same: ${summaryText(result)}`, {
    details: lines,
    fix:
      "create what is missing on the target (docs/access.md) and run `pulumi up` again, or set access: warn to cut over " +
      "anyway; nothing has been changed yet",
  });
}
