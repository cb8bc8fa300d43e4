import { setTimeout as sleep } from "node:timers/promises";
import { leastAcls } from "../acls";
import { type OpenKafka, withClusters } from "../clusters";
import { isMigrationError, MigrationError } from "../errors";
import { openKafka } from "../kafka/client";
import type { KafkaPort } from "../kafka/port";
import type { Connection, MigrationModel, Side } from "../model";
import { wholeMirror } from "../parts";
import { type Progress, silent } from "../progress";
import { selectGroups, selectPairs } from "../selection";
import { countText } from "../units";
import { aclsOf, missingPrivileges, principalOf } from "./ask";
import { mirrorEffect } from "./effects";
import { type Missing, needText, type Universe } from "./privileges";

export interface MirrorPrivilegeOptions {
  /** `sync.topic.acls.enabled`. Default false. */
  syncTopicAcls?: boolean;
  /**
   * How long to repeat the check, in ms, because brokers apply new ACLs and credentials one after the other. Default
   * 10000.
   */
  patienceMs?: number;
}

export interface MirrorPrivileges {
  /** Number of topics and groups that were checked. */
  topics: number;
  groups: number;
  warnings: string[];
}

/**
 * Connects as the mirror's own users and checks each privilege of the minimum set on both clusters. It reports a
 * missing privilege before the mirror starts, because the mirror itself would not report it.
 * @throws MigrationError MIRROR_PRIVILEGES_MISSING with each missing privilege and its effect on the mirror; also
 *   errors of the connection itself (wrong password, unreachable)
 */
export async function checkMirrorPrivileges(
  part: MigrationModel,
  mirror: { origin: Connection; target: Connection },
  progress: Progress = silent,
  options: MirrorPrivilegeOptions = {},
  open: OpenKafka = openKafka,
): Promise<MirrorPrivileges> {
  const model = { ...part, mirror: wholeMirror(part.mirror) };
  return withClusters(
    model,
    async (administrator) => {
      const pairs = selectPairs(await administrator.origin.listTopics(), model.mirror);
      const groups = selectGroups(
        (await administrator.origin.listGroups()).map((g) => g.groupId),
        model.mirror,
      );
      const atTarget = new Set(await administrator.target.listTopics());
      const universes: Record<Side, Universe> = {
        origin: { topics: pairs.map((p) => p.origin), groups, existing: new Set(pairs.map((p) => p.origin)) },
        target: { topics: pairs.map((p) => p.target), groups, existing: atTarget },
      };
      const lines: string[] = [];
      const warnings: string[] = [];
      for (const side of ["origin", "target"] as const) {
        const { missing, unseen } = await askAs(
          mirror[side],
          administrator[side],
          side,
          universes[side],
          model,
          options,
          open,
        );
        const who = principalOf(mirror[side]) ?? "the mirror's user";
        for (const need of missing) {
          const text = `${side}, ${who}: ${needText(need)}`;
          if (need.unknown) warnings.push(`${text} could not be asked about; make sure it is granted`);
          else lines.push(`${text}: without it ${mirrorEffect(side, need, model.mirror)}`);
        }
        if (unseen.length > 0) {
          lines.push(
            `${side}: ${who} sees topics that the migration's administrator does not ` +
              `(${unseen.slice(0, 5).join(", ")}): they would be copied unwatched`,
          );
        }
      }
      for (const line of warnings) progress.warn(line);
      if (lines.length > 0) {
        throw new MigrationError(
          "MIRROR_PRIVILEGES_MISSING",
          `${countText(lines.length, "privilege")} missing; the mirror would run and not say so`,
          {
            fix: 'grant them to the users named here (profile "least" has exactly these), then run again',
            details: lines,
          },
        );
      }
      progress.info(
        `the mirror's users hold every privilege they need, asked on ${countText(pairs.length, "topic")} and ` +
          `${countText(groups.length, "group")}`,
      );
      return { topics: pairs.length, groups: groups.length, warnings };
    },
    open,
  );
}

async function askAs(
  connection: Connection,
  administrator: KafkaPort,
  side: Side,
  universe: Universe,
  model: MigrationModel,
  options: MirrorPrivilegeOptions,
  open: OpenKafka,
): Promise<{ missing: Missing[]; unseen: string[] }> {
  const deadline = Date.now() + (options.patienceMs ?? 10_000);
  const rules = leastAcls(side, model.mirror, { narrow: true, syncTopicAcls: options.syncTopicAcls ?? false });
  for (;;) {
    try {
      const port = await open(connection, side);
      try {
        const acls = await aclsOf(administrator, principalOf(connection));
        const missing = await missingPrivileges(port, rules, universe, acls);
        if (missing.length === 0 || Date.now() >= deadline) {
          const known = new Set(universe.topics);
          const visible =
            side === "origin" ? selectPairs(await port.listTopics(), model.mirror).map((p) => p.origin) : [];
          return { missing, unseen: visible.filter((name) => !known.has(name)) };
        }
      } finally {
        await port.close();
      }
    } catch (error) {
      // A new credential may not be on every broker yet.
      if (!isMigrationError(error) || error.code !== "KAFKA_AUTHENTICATION" || Date.now() >= deadline) throw error;
    }
    await sleep(500);
  }
}
