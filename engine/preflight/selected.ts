import type { MirrorModel } from "../model";
import { nothingSelected, selectGroups, sinkGroupsLeftOut } from "../selection";
import { applicationOf, isStreamsTopic } from "../streams";
import { someOf } from "../units";
import { error, type PreflightFinding, findingOf, warning } from "./finding";
import type { PreflightFacts } from "./facts";

/** Topics of a service around Kafka, or of a Streams application that does not move. */
const NOT_DATA: { form: RegExp; what: string }[] = [
  { form: /^_schemas$/, what: "a schema registry's storage" },
  { form: /^_./, what: "a service's own topic" },
  { form: /connect.*[-._](configs?|offsets?|status(es)?)$/i, what: "another Connect cluster's storage" },
];
const STREAMS_STATE = "the state of a Streams application whose group does not move";

/** Checks that the patterns select something, and warns if they select topics that are not application data. */
export function checkSelection(
  facts: PreflightFacts,
  alsoMoved: readonly string[] = [],
  waves = false,
): PreflightFinding[] {
  const { mirror, selected, originTopics, originGroups } = facts;
  const findings: PreflightFinding[] = [];
  if (selected.length === 0) findings.push(findingOf(nothingSelected(originTopics, mirror)));
  const moving = selectGroups(originGroups, mirror);
  const movingNames = new Set(moving);
  const goesWith = (topic: string) => applicationOf(topic, movingNames);
  const odd = selected.flatMap(({ origin: { name } }) => {
    if (goesWith(name) !== undefined) return [];
    const what =
      NOT_DATA.find(({ form }) => form.test(name))?.what ?? (isStreamsTopic(name) ? STREAMS_STATE : undefined);
    return what === undefined ? [] : [`${name} (${what})`];
  });
  if (odd.length > 0) {
    findings.push(
      warning(
        "SYSTEM_TOPICS_SELECTED",
        `mirror.topicsPattern "${mirror.topicsPattern}" also copies ${someOf(odd)}`,
        "add them to mirror.topicsExcludePattern unless they are meant to move",
      ),
    );
  }
  const names = new Set(selected.map((s) => s.origin.name));
  const left = originTopics.flatMap((topic) =>
    names.has(topic) || goesWith(topic) === undefined ? [] : [`${topic} of group "${goesWith(topic)}"`],
  );
  if (left.length > 0) {
    findings.push(
      warning(
        "STREAMS_TOPICS_LEFT",
        `Streams applications move without their own topics: ${someOf(left)}; on the target they would go on ` +
          "where they stood, with an empty state",
        "let mirror.topicsPattern and mirror.topicsExcludePattern select these topics, too, or leave the groups " +
          "out (mirror.groupsExcludePattern)",
      ),
    );
  }
  // The first transactional producer creates this topic. A Streams application with exactly-once is one, too.
  if (mirror.isolationLevel === "read_uncommitted" && originTopics.includes("__transaction_state")) {
    findings.push(
      warning(
        "MIRROR_COPIES_ABORTED",
        "the origin has had transactions, and the mirror reads uncommitted: records of aborted ones become " +
          "ordinary records on the target, that every consumer gets",
        'use the profile "least" or "tuned", or set consumer.isolation.level to read_committed in the source ' +
          "connector, unless no transaction was aborted",
      ),
    );
  }
  findings.push(...sinkGroups(facts, alsoMoved, waves));
  if (originGroups.length > 0 && moving.length === 0) {
    findings.push(
      warning(
        "NO_GROUP_SELECTED",
        `mirror.groupsPattern "${mirror.groupsPattern}" selects none of the ${originGroups.length} groups on the ` +
          `origin (${someOf(originGroups, 5)})`,
        "write mirror.groupsPattern so that it matches whole group names, unless no group is to move",
      ),
    );
  }
  return findings;
}

/** Groups of sink connectors that are excluded although the pattern selects them, with offsets on topics that move. */
export function sinkGroupsLeft(
  { mirror, originGroups, idleGroups }: PreflightFacts,
  alsoMoved: readonly string[],
): string[] {
  return sinkGroupsLeftOut(originGroups, mirror).filter(
    (group) => !idleGroups?.has(group) && !alsoMoved.includes(group),
  );
}

/** Why the groups of sink connectors do not move. */
export const whySinksStay = ({ groupsExcludePattern }: Pick<MirrorModel, "groupsExcludePattern">): string =>
  groupsExcludePattern === undefined
    ? "MirrorMaker 2 leaves out connect-.* by default"
    : `mirror.groupsExcludePattern "${groupsExcludePattern}" leaves them out`;

/**
 * The setting to paste so that these groups of sink connectors move.
 * @param alsoMoved what `offsets.groups` has now
 * @param waves true: the migration has waves
 */
export function toMoveSinks(
  groups: readonly string[],
  mirror: Pick<MirrorModel, "groupsExcludePattern">,
  alsoMoved: readonly string[] = [],
  waves = false,
): string {
  const named = JSON.stringify([...alsoMoved, ...groups]).replaceAll(",", ", ");
  const all =
    mirror.groupsExcludePattern === undefined
      ? '; or mirror.groupsExcludePattern to "console-consumer-.*,__.*", and every group of a sink connector that ' +
        "mirror.groupsPattern selects moves"
      : "";
  const inWaves = waves ? ", and name them in waves[].groups, each in the wave of its topics" : "";
  return `set offsets.groups to ${named}${inWaves}${all}`;
}

function sinkGroups(facts: PreflightFacts, alsoMoved: readonly string[], waves: boolean): PreflightFinding[] {
  const left = sinkGroupsLeft(facts, alsoMoved);
  if (left.length === 0) return [];
  return [
    warning(
      "SINK_GROUPS_LEFT",
      `groups of sink connectors do not move, because ${whySinksStay(facts.mirror)}: ${someOf(left, 5)}; ` +
        "on the target these connectors read their topics from the start again",
      toMoveSinks(left, facts.mirror, alsoMoved, waves),
    ),
  ];
}

/** Checks that origin and target are different clusters. */
export function checkTwoClusters({ origin, target }: PreflightFacts): PreflightFinding[] {
  if (origin.clusterId === "" || origin.clusterId !== target.clusterId) return [];
  return [
    error(
      "SAME_CLUSTER",
      `origin and target are the same cluster (${origin.clusterId})`,
      "correct the bootstrap servers of one of them",
    ),
  ];
}
