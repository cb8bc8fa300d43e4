import { collisionWith, groupNameFault, topicNameFault } from "../naming";
import { selectGroups } from "../selection";
import { compilePatternList } from "../patterns";
import { someOf } from "../units";
import { error, type PreflightFinding, warning } from "./finding";
import type { PreflightFacts } from "./facts";

/**
 * Checks that the target's brokers accept the topic names, and that MirrorMaker 2 can handle the group names.
 * @param wayBackTopics patterns of the topics that have a way back
 */
export function checkTargetNames(facts: PreflightFacts, wayBackTopics: readonly string[] = []): PreflightFinding[] {
  return [
    ...equalAndNew(facts),
    ...cannotReturn(facts, wayBackTopics),
    ...refused(facts),
    ...collisions(facts),
    ...groupNames(facts),
  ];
}

/** Checks for two topics that get the same name, and for new names. */
function equalAndNew({ selected, mirror }: PreflightFacts): PreflightFinding[] {
  const findings: PreflightFinding[] = [];
  const byTarget = new Map<string, string[]>();
  for (const { origin, targetName } of selected)
    byTarget.set(targetName, [...(byTarget.get(targetName) ?? []), origin.name]);
  for (const [target, origins] of byTarget) {
    if (origins.length > 1) {
      findings.push(
        error(
          "TARGET_NAMES_EQUAL",
          `origin topics ${origins.join(" and ")} would both be copied to ${target}`,
          "exclude one of them with mirror.topicsExcludePattern",
        ),
      );
    }
  }
  const renamed = renamedIn(selected);
  if (mirror.policyClass.endsWith("IdentityReplicationPolicy") && renamed.length > 0) {
    findings.push(
      warning(
        "TOPIC_RENAMED",
        "the identity policy keeps names but for those that end in heartbeats: " +
          `${someOf(renamed.map((s) => `${s.origin.name} becomes ${s.targetName}`))}`,
        "tell the applications the new name, or exclude these topics and copy them another way",
      ),
    );
  }
  return findings;
}

const renamedIn = (selected: PreflightFacts["selected"]) => selected.filter((s) => s.origin.name !== s.targetName);

/** A return mirror copies a topic under its own name. What clients write to a renamed copy would stay on the target. */
function cannotReturn({ selected }: PreflightFacts, wayBackTopics: readonly string[]): PreflightFinding[] {
  if (wayBackTopics.length === 0) return [];
  const hasWayBack = compilePatternList(wayBackTopics.join(","), "waves.topics");
  const lost = renamedIn(selected).filter(({ origin }) => hasWayBack(origin.name));
  if (lost.length === 0) return [];
  return [
    error(
      "TOPIC_CANNOT_RETURN",
      "topics with a way back get another name on the target, so what clients write there would not come back: " +
        someOf(lost.map(({ origin, targetName }) => `${origin.name} becomes ${targetName}`)),
      "keep these topics out of the parts with wayBack, or exclude them with mirror.topicsExcludePattern",
    ),
  ];
}

const EXCLUDE = "exclude these topics with mirror.topicsExcludePattern and copy them another way";

/**
 * Checks for names that become too long, or contain a character that topics may not have. A renaming policy or a long
 * alias can cause this.
 */
function refused({ selected, internals }: PreflightFacts): PreflightFinding[] {
  const fault = (name: string) => {
    const what = topicNameFault(name);
    return what === undefined ? [] : [`${name} ${what}`];
  };
  const renamed = selected.flatMap(({ targetName }) => fault(targetName));
  const own = internals.flatMap(({ name }) => fault(name));
  return [
    ...(renamed.length === 0
      ? []
      : [
          error(
            "TARGET_NAME_INVALID",
            `the target's brokers would refuse these topic names: ${someOf(renamed, 5)}`,
            `use the identity policy or a shorter origin.alias, or ${EXCLUDE}`,
          ),
        ]),
    ...(own.length === 0
      ? []
      : [
          error(
            "TARGET_NAME_INVALID",
            `the brokers would refuse topics of the mirror itself: ${someOf(own, 5)}`,
            "use shorter and plain names for origin.alias and target.alias",
          ),
        ]),
  ];
}

/**
 * Checks for name collisions. If one topic cannot be created, MirrorMaker 2 copies no topic at all (seen on Kafka
 * 4.3.1).
 */
function collisions({ selected, internals, originTopics, targetTopics = [] }: PreflightFacts): PreflightFinding[] {
  const made = selected.filter((s) => s.target === undefined).map((s) => s.targetName);
  const own = internals.filter((t) => t.state === "absent");
  const there = {
    origin: originTopics,
    target: [
      ...targetTopics,
      ...selected.map((s) => s.targetName),
      ...internals.filter((t) => t.side === "target").map((t) => t.name),
    ],
  };
  const said = new Set<string>();
  const texts = [...made.map((name) => ({ name, side: "target" as const })), ...own].flatMap(({ name, side }) => {
    const other = collisionWith(name, there[side]);
    if (other === undefined || said.has([name, other].sort().join())) return [];
    said.add([name, other].sort().join());
    return [`${name} and ${other} on the ${side}`];
  });
  if (texts.length === 0) return [];
  return [
    error(
      "TARGET_NAME_COLLIDES",
      `brokers refuse a topic whose name differs from another one's only in "." and "_", and MirrorMaker 2 then ` +
        `copies nothing at all: ${someOf(texts, 5)}`,
      `delete the other topic if it is not needed, or ${EXCLUDE}`,
    ),
  ];
}

function groupNames({ originGroups, idleGroups, mirror }: PreflightFacts): PreflightFinding[] {
  const bad = selectGroups(originGroups, mirror).flatMap((group) => {
    const fault = idleGroups?.has(group) ? undefined : groupNameFault(group);
    return fault === undefined ? [] : [`"${group}" (${fault})`];
  });
  if (bad.length === 0) return [];
  return [
    error(
      "GROUP_NAME_BREAKS_CHECKPOINTS",
      "the mirror's checkpoint task fails for good on groups with such names, and then no group has checkpoints: " +
        `${someOf(bad, 5)}`,
      'leave them out with mirror.groupsExcludePattern ("\\s*" is a name that is empty or blank, "\\x2c" stands for a ' +
        'comma: "console-consumer-.*,connect-.*,__.*,\\s*,.*\\x2c.*"); ' +
        "offsets.groups still moves those that you name there",
    ),
  ];
}
