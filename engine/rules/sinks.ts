import { DEFAULT_GROUPS_EXCLUDE } from "../patterns";
import { mirrored, selecting } from "./names";
import { listed, type Rule, stackRule } from "./rule";
import { samplesOf } from "./samples";
import { inEach } from "./unknown";
import type { MirrorView, SinkView } from "./view";

/** The exclude pattern with MirrorMaker 2's default exclusions, except the one for Connect groups. */
const WITHOUT_CONNECT = "console-consumer-.*,__.*";

export const sinkRules: Rule[] = [
  stackRule(
    {
      name: "sink-groups",
      level: "advisory",
      summary: "Groups of sink connectors are not left behind by MirrorMaker 2's default exclusion.",
    },
    ({ mirrors, sinks = [] }) =>
      inEach(mirrors, (at) => {
        if (!at.declared.checkpoint || at.groupsExcludePattern !== undefined) return [];
        const left = [...new Set([...namedInPattern(at), ...ofStack(at, sinks)])];
        if (left.length === 0) return [];
        return [
          {
            at,
            say: {
              seen: `groupsPattern selects ${listed(left, 5)}, and the default of groups.exclude leaves out connect-.*`,
              why: "the groups of sink connectors do not move, so on the target the connectors read their topics from the start again",
              instead: `write groupsExcludePattern: "${WITHOUT_CONNECT}", or "${DEFAULT_GROUPS_EXCLUDE}" where they are to stay behind`,
            },
          },
        ];
      }),
  ),
];

/** Groups of sink connectors that the user wrote by name. The exclusion removes all of them. */
function namedInPattern({ groupsPattern }: MirrorView): string[] {
  return groupsPattern
    .split(",")
    .flatMap((part) => samplesOf(part.trim(), []))
    .filter((name) => name.startsWith("connect-") && name !== "connect-");
}

/**
 * Sink connectors of the stack whose groups the pattern selects and that read a copied topic. One whose topics are not
 * known counts, too.
 */
function ofStack(mirror: MirrorView, sinks: readonly SinkView[]): string[] {
  const selects = selecting("groups", mirror.groupsPattern, "");
  const copies = mirrored(mirror);
  return inEach(sinks, ({ group, topics }) => {
    const reads = topics === undefined || copies === undefined || topics.some(copies);
    return group.startsWith("connect-") && selects?.(group) === true && reads ? [group] : [];
  });
}
