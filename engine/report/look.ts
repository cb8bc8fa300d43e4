import { type Clusters, withClusters } from "../clusters";
import { type GateFinding, findingsOf, type GateOptions } from "../gate";
import { Observer } from "../gate/observe";
import { compareRecords } from "../gate/compare-records";
import { gap, verdictOf } from "../gate/rule";
import type { MigrationModel } from "../model";
import { mayBeEmpty } from "../parts";
import { type OffsetOptions, readCommitments, WHY_NOT_SHARE } from "../offsets";
import type { Progress } from "../progress";
import { retryIfRecordsGone } from "../records/retry";
import { throttlesOn } from "../replication/throttle";
import { nothingSelected, selectPairs } from "../selection";
import type { CopyLook, GroupCount, LeftThrottle, TopicCopy } from "./types";
import type { Look } from "../gate/look";

/**
 * Checks once how far the copy is, and reads every gap. A copy that looks complete is compared as the gate compares it,
 * so that the report never calls a copy ready that the gate refuses. With `compareLastRecord` false it is not compared.
 * @throws MigrationError SELECTION_EMPTY if the patterns select nothing
 */
export async function lookAtCopy(
  model: MigrationModel,
  options: GateOptions,
  signal?: AbortSignal,
  progress?: Progress,
): Promise<CopyLook> {
  const work = (clusters: Clusters) =>
    retryIfRecordsGone(async () => {
      const observer = new Observer(clusters, model.mirror, new Set(options.acceptTruncation), options.cleared);
      const look = await observer.look(true, signal);
      if (look.topics.length === 0 && look.hiddenTopics.length === 0 && !mayBeEmpty(model.mirror))
        throw nothingSelected(look.visibleTopics, model.mirror);
      const asked = {
        ...options,
        acceptTruncation: options.acceptTruncation ?? [],
        strictConnectors: options.strictConnectors ?? false,
      };
      const { against, warnings } = findingsOf(look, model.mirror, asked, model.recorded);
      if (against.length === 0 && options.compareLastRecord !== false) {
        const records = await compareRecords(clusters, look, signal);
        against.push(...(records.against.length === 0 ? [] : await stillHolding(records.against, look, observer)));
        warnings.push(...records.unsure);
      }
      const connector = connectorOf(look);
      return {
        at: new Date(look.at).toISOString(),
        topics: topicsOf(look),
        against,
        warnings,
        ...(connector === undefined ? {} : { connector }),
      };
    });
  return withClusters(model, work, undefined, { signal, progress });
}

/**
 * The findings, without those of partitions that received records in the meantime. The target may have been read with
 * copies of these records.
 */
async function stillHolding(found: readonly GateFinding[], look: Look, observer: Observer): Promise<GateFinding[]> {
  const now = await observer.readChanges(look);
  const moved = new Set(
    [...now].flatMap(([key, { end }]) => {
      const { topic, partition, facts } = look.partitions.get(key)!;
      return end === facts.end ? [] : [`${topic}-${partition}`];
    }),
  );
  return found.filter((f) => !moved.has(f.subject));
}

/**
 * Groups that the cutover will move, with the number of their committed offsets, and groups that it cannot move. Needs
 * few requests and translates no offsets.
 */
export async function lookAtGroups(model: MigrationModel, options: OffsetOptions): Promise<GroupCount[]> {
  return withClusters(model, async ({ origin }) => {
    const { committed, share } = await readCommitments(origin, model.mirror, options);
    const moving = [...committed]
      .map(([group, offsets]) => ({ group, offsets: offsets.length }))
      .filter((g) => g.offsets > 0);
    return [...moving, ...share.map((group) => ({ group, offsets: 0, leftAlone: WHY_NOT_SHARE }))];
  });
}

/**
 * The replication throttle that an interrupted reset left, and the number of partitions that still get their replicas.
 * Undefined: none.
 */
export async function lookAtThrottle(model: MigrationModel, progress?: Progress): Promise<LeftThrottle | undefined> {
  const work = async ({ origin, target }: Clusters) => {
    const migrated = new Set(selectPairs(await origin.listTopics(), model.mirror).map((p) => p.target));
    const { ours } = await throttlesOn(
      target,
      (await target.listTopics()).filter((name) => migrated.has(name)),
    );
    if (ours.topics.length + ours.brokers.length === 0) return undefined;
    return { ...ours, underWay: (await target.listReassignments()).filter((r) => migrated.has(r.topic)).length };
  };
  return withClusters(model, work, undefined, { progress });
}

function topicsOf(look: Look): TopicCopy[] {
  const rows = new Map(
    look.topics.map((t): [string, TopicCopy] => [
      t.origin,
      { topic: t.origin, target: t.target, partitions: t.partitions.length, complete: 0, records: 0, left: 0 },
    ]),
  );
  for (const { topic, facts } of look.partitions.values()) {
    const row = rows.get(topic)!;
    const { from, to } = gap(facts);
    const complete = verdictOf(facts) === "complete";
    row.records += facts.end - facts.start;
    if (complete) row.complete++;
    else row.left += Math.max(0, to - from);
  }
  return [...rows.values()];
}

function connectorOf({ connect }: Look): CopyLook["connector"] {
  if (connect.source === undefined) return undefined;
  const tasks: Record<string, number> = {};
  for (const { status } of connect.assignments) {
    const state = status?.state ?? "without status";
    tasks[state] = (tasks[state] ?? 0) + 1;
  }
  return { state: connect.source.status?.state ?? connect.source.target, tasks };
}
