import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type AclRule, administratorAcls, mergeRules } from "../acls";
import type { Clusters, OpenKafka } from "../clusters";
import { isMigrationError } from "../errors";
import { openKafka } from "../kafka/client";
import type { KafkaPort } from "../kafka/port";
import type { MigrationModel, MirrorModel, Side } from "../model";
import { offsetsJournalTopic } from "../naming";
import { wholeMirror } from "../parts";
import { type Progress, silent } from "../progress";
import { compilePatternList } from "../patterns";
import { selectGroups, selectPairs, topicsExclude } from "../selection";
import type { OwnedTopic } from "../topic-resources";
import { aclsOf, missingPrivileges, principalOf } from "./ask";
import { checkBrokers, type FactorOptions } from "./brokers";
import { administratorEffect } from "./effects";
import type { PreflightFacts } from "./facts";
import { accepting, error, type PreflightFinding, findingOf, refuse, warning } from "./finding";
import { type Estate, inventoryFindings } from "./inventory";
import { checkLarge, checkUncompressed } from "./large";
import { checkLimits } from "./limits";
import { checkLogins } from "./logins";
import { checkNames } from "./names";
import { checkOpenCluster, type MadeUsers } from "./open-cluster";
import { checkOpposite } from "./opposite";
import { ownedTopicFindings } from "./owned";
import { needText, type Universe } from "./privileges";
import { readFacts } from "./read";
import { checkRefused } from "./refused";
import { checkRenamed } from "./renamed";
import { type PreflightResult, resultOf } from "./result";
import { checkSelection, checkTwoClusters, sinkGroupsLeft } from "./selected";
import { checkTargetNames } from "./target-names";
import { checkTargetTopics } from "./targets";
import type { ConfigSync } from "./facts";

export interface PreflightOptions extends FactorOptions {
  /** The administrator will create and remove the fence's ACLs on the origin. Default false. */
  fence?: boolean;
  /**
   * Groups that move in addition to those of the mirror's pattern. The administrator needs rights on them, too. Default
   * none.
   */
  groups?: readonly string[];
  /** Users for whom this migration creates ACLs, by cluster. Default none. */
  users?: Partial<Record<Side, MadeUsers>>;
  /** The value of `allow.everyone.if.no.acl.found` on each cluster. Needed only if the brokers hide it. */
  everyoneByDefault?: Partial<Record<Side, boolean>>;
  /** `max.request.size` of the mirror's data producer, in bytes. Default 1048576. */
  maxRequestSize?: number;
  /** `compression.type` of the mirror's data producer. Default `none`. */
  compressionType?: string;
  /** How the source connector copies topic settings to the target. Default: MirrorMaker 2's defaults. */
  configSync?: ConfigSync;
  /**
   * Codes of accepted findings. They are reported as warnings and do not stop the migration. Missing privileges and
   * failed connections cannot be accepted.
   */
  accept?: readonly string[];
  /** Rights that the administrators need in addition, for a way back. Default none. */
  moreRights?: Partial<Record<Side, readonly AclRule[]>>;
}

/** The options, plus what only the caller knows. */
export interface PreflightRun extends PreflightOptions {
  /**
   * Patterns of the topics that have left the mirror: their return mirror copies them back to the origin. Default none.
   */
  left?: readonly string[];
  /** Patterns of the topics that have a way back. Default none. */
  wayBackTopics?: readonly string[];
  /**
   * The mirror as it was when it passed an earlier preflight, if it still exists. The current records in its topics are
   * then not checked.
   */
  running?: MirrorModel;
  /** True: the migration has waves, and a finding names their settings, too. Default false. */
  waves?: boolean;
  /** Migrated topics of the target that its Topic Operator owns. Default none. */
  owned?: readonly OwnedTopic[];
  /** The inventory, to be compared with the origin. Absent: none is set. */
  estate?: Estate;
  /**
   * How long to repeat the check, in ms, because brokers apply new ACLs and credentials one after the other. Default 0.
   */
  patienceMs?: number;
}

/**
 * Checks both clusters before anything is created. Changes nothing. It collects every finding before it throws. It also
 * passes when it is run again while the mirror runs.
 * @throws MigrationError PREFLIGHT_FAILED with all errors at once
 */
export async function preflight(
  model: MigrationModel,
  options: PreflightRun = {},
  progress: Progress = silent,
  open: OpenKafka = openKafka,
): Promise<PreflightResult> {
  const deadline = Date.now() + (options.patienceMs ?? 0);
  const whole = { ...model, mirror: wholeMirror(model.mirror) };
  for (;;) {
    try {
      return await lookOnce(whole, options, progress, open);
    } catch (error) {
      if (!ofNewUser(error) || Date.now() >= deadline) throw error;
    }
    await sleep(500);
  }
}

/** Returns true if a user that is not on every broker yet could cause all findings of this error. */
function ofNewUser(error: unknown): boolean {
  return (
    isMigrationError(error) &&
    error.code === "PREFLIGHT_FAILED" &&
    error.details.every((line) => /^(PRIVILEGE_MISSING|KAFKA_AUTHENTICATION): /.test(line))
  );
}

async function lookOnce(
  model: MigrationModel,
  options: PreflightRun,
  progress: Progress,
  open: OpenKafka,
): Promise<PreflightResult> {
  const { running } = options;
  const findings: PreflightFinding[] = [
    ...(running === undefined ? [] : checkRenamed(running, model.mirror)),
    ...checkLogins(model),
  ];
  const opened: Partial<Clusters> = {};
  try {
    for (const side of ["origin", "target"] as const) {
      await collecting(findings, async () => {
        opened[side] = await open(model[side], side, { progress });
      });
    }
    const names = await collecting(findings, () => universes(opened, model.mirror));
    for (const side of ["origin", "target"] as const) {
      const port = opened[side];
      if (port === undefined) continue;
      await collecting(findings, async () => {
        findings.push(
          ...(await administratorPrivileges(
            port,
            model,
            names?.[side] ?? { topics: [], groups: [], existing: new Set() },
            options,
          )),
        );
      });
    }
    // Stop here: without a connection or a privilege the other checks would only add more failures.
    refuse(findings);
    const { origin, target } = opened as Clusters;
    // If the mirror already exists, so do its ACLs.
    for (const port of running === undefined ? [origin, target] : []) {
      const users = options.users?.[port.side];
      if (users === undefined || users.principals.length === 0) continue;
      const made = { ...users, groups: options.groups ?? [], more: options.moreRights?.[port.side] ?? [] };
      const told = options.everyoneByDefault?.[port.side];
      await collecting(findings, async () => {
        const principal = principalOf(model[port.side]);
        findings.push(...(await checkOpenCluster(port, model.mirror, made, names![port.side], told, principal)));
      });
    }
    const bootstrapServers = { origin: model.origin.bootstrapServers, target: model.target.bootstrapServers };
    const more = { configSync: options.configSync, bootstrapServers };
    const facts = await collecting(findings, () =>
      readFacts({ origin, target }, model.mirror, Date.now(), running, more),
    );
    if (facts !== undefined) findings.push(...decide(facts, options));
    await collecting(findings, async () => {
      findings.push(...(await ownedTopicFindings({ origin, target }, model.mirror, options)));
    });
    const { estate } = options;
    if (estate !== undefined)
      await collecting(findings, async () => {
        findings.push(...(await inventoryFindings(origin, estate, ownPrincipals(model, options))));
      });
    const remaining = accepting(findings, options.accept ?? []);
    const warnings = remaining.filter((f) => f.severity === "warning");
    for (const w of warnings) progress.warn(`${w.code}: ${w.seen}. ${w.fix}`);
    refuse(remaining);
    return resultOf(facts!, warnings, sinkGroupsLeft(facts!, options.groups ?? []), progress);
  } finally {
    await Promise.allSettled(Object.values(opened).map((port) => port.close()));
  }
}

/** Principals on the origin that belong to this migration, as far as it knows them. */
function ownPrincipals({ origin }: MigrationModel, { users }: PreflightOptions): Set<string> {
  const administrator = principalOf(origin);
  return new Set([...(users?.origin?.principals ?? []), ...(administrator === undefined ? [] : [administrator])]);
}

/** All checks that need only the facts. */
export function decide(facts: PreflightFacts, options: PreflightRun): PreflightFinding[] {
  return [
    ...checkTwoClusters(facts),
    ...checkSelection(facts, options.groups, options.waves),
    ...checkNames(facts),
    ...checkTargetNames(facts, options.wayBackTopics),
    ...checkTargetTopics(facts),
    ...checkBrokers(facts, options),
    ...checkRefused(facts),
    ...checkLimits(facts),
    ...checkLarge(facts, options.maxRequestSize),
    ...checkUncompressed(facts, options.compressionType),
    ...checkOpposite(withoutLeft(facts, options.left)),
  ];
}

/** Topics that have left the mirror come back through the return mirror. That is not a loop. */
function withoutLeft(facts: PreflightFacts, left: readonly string[] = []): PreflightFacts {
  if (left.length === 0) return facts;
  const { mirror, selected } = facts;
  const topicsExcludePattern = [topicsExclude(mirror), ...left].join(",");
  const excluded = compilePatternList(left.join(","), "waves.topics");
  return {
    ...facts,
    mirror: { ...mirror, topicsExcludePattern },
    selected: selected.filter(({ origin }) => !excluded(origin.name)),
  };
}

/** Runs the work. A MigrationError becomes a finding. */
async function collecting<T>(findings: PreflightFinding[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    if (!isMigrationError(thrown)) throw thrown;
    findings.push(findingOf(thrown));
    return undefined;
  }
}

async function universes({ origin, target }: Partial<Clusters>, mirror: MirrorModel): Promise<Record<Side, Universe>> {
  const pairs = origin === undefined ? [] : selectPairs(await origin.listTopics(), mirror);
  const groups =
    origin === undefined
      ? []
      : selectGroups(
          (await origin.listGroups()).map((g) => g.groupId),
          mirror,
        );
  return {
    origin: { topics: pairs.map((p) => p.origin), groups, existing: new Set(pairs.map((p) => p.origin)) },
    target: {
      topics: pairs.map((p) => p.target),
      groups,
      existing: new Set(target === undefined ? [] : await target.listTopics()),
    },
  };
}

function administratorRules(
  side: Side,
  mirror: MirrorModel,
  { fence = false, groups = [], moreRights }: PreflightOptions,
): AclRule[] {
  const rules = administratorAcls(side, mirror, { narrow: true, fence, groups });
  const more = moreRights?.[side] ?? [];
  return more.length === 0 ? rules : mergeRules([...rules, ...more]);
}

/**
 * A digest of all rights that preflight checks. If it changes, the result of an earlier preflight is no longer valid.
 */
export function administratorRights(mirror: MirrorModel, options: PreflightOptions): string {
  const rules = (["origin", "target"] as const).map((side) => administratorRules(side, mirror, options));
  return createHash("sha256").update(JSON.stringify(rules)).digest("hex").slice(0, 16);
}

async function administratorPrivileges(
  port: KafkaPort,
  model: MigrationModel,
  universe: Universe,
  options: PreflightOptions,
): Promise<PreflightFinding[]> {
  const { side } = port;
  const rules = administratorRules(side, model.mirror, options);
  const principal = principalOf(model[side]);
  const missing = await missingPrivileges(port, rules, universe, await aclsOf(port, principal));
  const who = `the migration's administrator${principal === undefined ? "" : ` (${principal})`}`;
  return missing.map((need) => {
    const seen =
      `${side}: ${who} lacks ${needText(need)}: ` +
      `${administratorEffect(side, need, offsetsJournalTopic(model.mirror))}`;
    const fix = `grant ${who} ${needText(need)} on the ${side}`;
    return need.unknown ? warning("PRIVILEGE_UNKNOWN", seen, fix) : error("PRIVILEGE_MISSING", seen, fix);
  });
}
