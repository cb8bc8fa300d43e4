import { groupsExcludeOf } from "../mirror-configuration";
import { DEFAULT_GROUPS_EXCLUDE } from "../patterns";
import { addressesOf } from "./addresses";
import { mirrored, selecting } from "./names";
import { purpose, purposeOf } from "./purpose";
import { listed, type Rule, type Saying, stackRule } from "./rule";
import { samplesOf } from "./samples";
import { inEach } from "./unknown";
import { type MirrorView, namesIn, type SinkView } from "./view";

/** The exclude pattern with MirrorMaker 2's default exclusions, except the one for Connect groups. */
const WITHOUT_CONNECT = "console-consumer-.*,__.*";

export const sinkRules: Rule[] = [
  stackRule(
    {
      name: "sink-groups",
      level: "advisory",
      summary: "The exclusion, or its default, does not leave groups of sink connectors behind.",
      settings: { purpose },
    },
    (view, settings) =>
      inEach(view.mirrors, (at) => {
        if (!at.declared.checkpoint) return [];
        const exclude = groupsExcludeOf(at);
        if (exclude !== undefined) return namedAndExcluded(at, exclude);
        // Beside a mirror that stays, the connectors stay where they are. A single mirror that renames topics may be
        // there to move its readers.
        const sinks = purposeOf(view, at, settings, false) === "replication" ? [] : (view.sinks ?? []);
        const left = [...new Set([...namedInPattern(at), ...ofStack(at, sinks)])];
        if (left.length === 0) return [];
        return [
          {
            at,
            say: {
              seen: `groupsPattern selects ${listed(left, 5)}, and the default of groups.exclude leaves out connect-.*`,
              why:
                "the groups of sink connectors do not move, so on the target the connectors read their topics " +
                "again from the start",
              instead:
                `write ${fieldOf(at)}: "${WITHOUT_CONNECT}", or "${DEFAULT_GROUPS_EXCLUDE}" if they ` +
                "should stay behind",
            },
          },
        ];
      }),
  ),
];

/** `groupsExcludePattern`, or `groupsBlacklistPattern` before v1beta2. */
const fieldOf = (mirror: MirrorView): string => namesIn(mirror).topicsExclude.replace("topics", "groups");

/** A pattern that the user wrote leaves out a group that the user named in full. */
function namedAndExcluded(at: MirrorView, exclude: string): { at: MirrorView; say: Saying }[] {
  const excludes = selecting("groups", exclude, "");
  const named = at.groupsPattern
    .split(",")
    .map((part) => part.trim().replaceAll("\\", ""))
    .filter((name) => name.startsWith("connect-") && /^[\w.-]+$/.test(name) && excludes?.(name) === true);
  if (named.length === 0) return [];
  return [
    {
      at,
      say: {
        seen: `groupsPattern names ${listed(named, 5)}, and ${fieldOf(at)} "${exclude}" leaves it out`,
        why:
          "the groups of sink connectors do not move, so on the target the connectors read their topics " +
          "again from the start",
        instead: `write ${fieldOf(at)}: "${WITHOUT_CONNECT}", or remove the group from groupsPattern`,
      },
    },
  ];
}

/** What may follow `connect-` in the name of a group. */
const CONNECTORS = ["sink", "s3-sink", "x", "x1"];

/**
 * Groups of sink connectors that the user means: written by name, or by an expression that begins with `connect` or has
 * it in it. An expression such as `.*` or `app-.*` does not mean them. The exclusion removes all of them.
 */
function namedInPattern({ groupsPattern }: MirrorView): string[] {
  return groupsPattern.split(",").flatMap((part) => {
    const expression = part.trim();
    const own = samplesOf(expression, []).filter((name) => name.startsWith("connect-") && name !== "connect-");
    if (own.length > 0 || !meansConnect(expression)) return own;
    const matches = selecting("groups", expression, "");
    return CONNECTORS.map((name) => `connect-${name}`)
      .filter((name) => matches?.(name) === true)
      .slice(0, 1);
  });
}

/** `connect.+`, `(app|connect).*` or `conn.*`. The first three letters can be those of many words. */
function meansConnect(expression: string): boolean {
  const plain = expression.replace(/\\(.)/g, "$1");
  const start = /^[\^(?:]*([a-z-]*)/.exec(plain)?.[1] ?? "";
  return /connect/i.test(plain) || (start.length >= 4 && "connect-".startsWith(start));
}

/**
 * Sink connectors of the stack whose groups the pattern selects and that read a copied topic on the origin. One whose
 * topics or whose cluster are not known counts, too.
 */
function ofStack(mirror: MirrorView, sinks: readonly SinkView[]): string[] {
  const selects = selecting("groups", mirror.groupsPattern, "");
  const copies = mirrored(mirror);
  const origin = addressesOf(mirror, "origin");
  return inEach(sinks, ({ group, topics, reads }) => {
    const copied = topics === undefined || copies === undefined || topics.some(copies);
    const there = reads === undefined || origin.length === 0 || reads.some((address) => origin.includes(address));
    return group.startsWith("connect-") && selects?.(group) === true && copied && there ? [group] : [];
  });
}
