import type { MigrationModel, MirrorModel, ProvedEnds } from "../model";
import {
  internalSeparator,
  internalTopics,
  LONGEST_ALIAS,
  LONGEST_TOPIC_NAME,
  offsetsJournalTopic,
  shortened,
} from "../naming";
import { waveOf } from "../parts";
import { topicsExclude } from "../selection";
import type { RecordedTopics } from "../model";

/**
 * The way back. After the cutover of one part (a wave, or everything outside the waves) a second mirror copies this
 * part from the target to the origin. Each part has its own return mirror.
 */

/**
 * The return mirror of the part that `mirror` is limited to. Its origin is the target of `mirror`. It copies exactly
 * the topics of this part, under the same names.
 *
 * Everything that it writes for itself is on one cluster, the origin of `mirror`: on the target it only reads. Its
 * internal topics are named as MirrorMaker 2 names its own (`mm2-offsets.GROUP.internal`), because no mirror copies
 * such a topic, whatever its patterns are. Its names contain the wave, so that the return mirrors of several waves
 * share none.
 *
 * @param mirror the migration's mirror, with the identity policy
 */
export function returnMirror(mirror: MirrorModel): MirrorModel {
  const wave = waveOf(mirror);
  const ending = wave === undefined ? "-return" : `-return-${wave}`;
  const groupId = `${mirror.groupId}${ending}`;
  return {
    ...mirror,
    originAlias: shortened(`${mirror.targetAlias}${ending}`, LONGEST_ALIAS),
    targetAlias: mirror.originAlias,
    groupId,
    offsetStorageTopic: storageTopic(mirror, "offsets", groupId),
    configStorageTopic: storageTopic(mirror, "configs", groupId),
    statusStorageTopic: storageTopic(mirror, "status", groupId),
    topicsPattern: returnTopics(mirror),
    topicsExcludePattern: returnExclude(mirror),
    offsetSyncsLocation: "target",
    checkpoints: false,
    heartbeats: false,
    syncGroupOffsets: false,
    // The data topics exist. For the others the broker's default is right.
    replicationFactor: -1,
  };
}

/**
 * True for the model of a return mirror. Only its storage topics have this form: no other mirror copies or uses such
 * names.
 */
export function isReturnMirror(mirror: MirrorModel): boolean {
  const { groupId, offsetStorageTopic } = mirror;
  return /-return(-|$)/.test(groupId) && offsetStorageTopic === storageTopic(mirror, "offsets", groupId);
}

/** The same migration with its sides swapped: what the steps of the way back work on. */
export function returnModel(model: MigrationModel): MigrationModel {
  const { origin, target, mirror, recorded, proved } = model;
  return {
    ...model,
    origin: target,
    target: origin,
    mirror: returnMirror(mirror),
    ...(recorded === undefined ? {} : { recorded: swapped(recorded) }),
    ...(proved === undefined ? {} : { proved: swapProved(proved) }),
  };
}

/** The same ends, seen from the other side. */
export function swapProved(proved: ProvedEnds): ProvedEnds {
  return Object.fromEntries(
    Object.entries(proved).map(([origin, { target, originEnds, targetEnds }]) => [
      target,
      { target: origin, originEnds: targetEnds, targetEnds: originEnds },
    ]),
  );
}

/** A name in MirrorMaker 2's own form, e.g. `mm2-offsets.GROUP.internal`. */
function storageTopic(mirror: MirrorModel, kind: "offsets" | "configs" | "status", groupId: string): string {
  const dot = internalSeparator(mirror);
  const [start, end] = [`mm2-${kind}${dot}`, `${dot}internal`];
  // A group's name may have characters that a topic's name may not have.
  const group = groupId.replace(/[^\w.-]/g, "_");
  return `${start}${shortened(group, LONGEST_TOPIC_NAME - start.length - end.length)}${end}`;
}

/**
 * The `topics` of the return mirror. A wave's pattern may match names that the forward mirror does not copy. On the
 * target these can be topics of other applications.
 */
function returnTopics({ scope, topicsPattern }: MirrorModel): string {
  if (scope?.topics === undefined || topicsPattern.trim() === ".*") return scope?.topics ?? topicsPattern;
  return `(?=(?:${alternatives(topicsPattern)})$)(?:${alternatives(scope.topics)})`;
}

/**
 * The `topics.exclude` of the return mirror: what the forward mirror excludes, the topics of other parts, and what the
 * forward mirror and this package write on the target for themselves.
 */
function returnExclude(mirror: MirrorModel): string {
  const own = internalTopics(mirror).filter(({ side }) => side === "target");
  return [
    ...partsOf(topicsExclude(mirror)),
    ...(mirror.scope?.withoutTopics ?? []).flatMap(partsOf),
    ...[...own.map(({ name }) => name), offsetsJournalTopic(mirror)].map((name) => name.replaceAll(".", "[.]")),
  ].join(",");
}

const partsOf = (list: string): string[] =>
  list
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

const alternatives = (list: string): string => partsOf(list).join("|");

const swapped = (recorded: RecordedTopics): RecordedTopics =>
  Object.fromEntries(
    Object.entries(recorded).map(([topic, { origin, target }]) => [
      topic,
      { ...(target === undefined ? {} : { origin: target }), ...(origin === undefined ? {} : { target: origin }) },
    ]),
  );
