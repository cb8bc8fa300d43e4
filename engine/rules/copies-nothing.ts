import { reader, topicsExcludeOf } from "../mirror-configuration";
import { topicNameFault } from "../naming";
import { DEFAULT_TOPICS_EXCLUDE } from "../patterns";
import { versionAtLeast, versionsOf } from "../version";
import { selecting } from "./names";
import { isPlaceholder } from "./placeholder";
import type { Saying } from "./rule";
import { samplesOf } from "./samples";
import { type MirrorView, namesIn } from "./view";

const excluding = (pattern: string | undefined, field: string, byDefault: string) =>
  pattern === undefined ? `the default of ${field} (${byDefault})` : field;

/** Why a mirror copies nothing, or writes no checkpoint. */
export function whyNothingIsCopied(mirror: MirrorView): Saying[] {
  if (!mirror.declared.source) {
    const instead = "write sourceConnector, at least {}, unless another resource copies";
    return [
      {
        seen: "there is no sourceConnector",
        why: "without this block the connector does not run, so no record is copied",
        instead,
      },
    ];
  }
  const empty = (pattern: string) => pattern.split(",").every((part) => part.trim() === "");
  const exclude = topicsExcludeOf(mirror);
  const sayings: Saying[] = [];
  if (empty(mirror.topicsPattern)) {
    sayings.push({
      seen: "topicsPattern is empty",
      why: "it matches no topic, so no record is copied",
      instead: 'name the topics, or write ".*" for all',
    });
  } else if (allExcluded(mirror.topicsPattern, exclude ?? DEFAULT_TOPICS_EXCLUDE, "topics")) {
    const field = namesIn(mirror).topicsExclude;
    sayings.push({
      seen:
        `${excluding(exclude, field, DEFAULT_TOPICS_EXCLUDE)} leaves out all of ` +
        `topicsPattern "${mirror.topicsPattern}"`,
      why: "no topic is left, so no record is copied",
      instead: exclude === undefined ? `write ${field}` : `narrow ${field}`,
    });
  }
  sayings.push(...withoutAnyTopic(mirror.topicsPattern, "topicsPattern", "it selects nothing"));
  if (exclude !== undefined)
    sayings.push(...withoutAnyTopic(exclude, namesIn(mirror).topicsExclude, "what it should exclude is copied"));
  if (mirror.declared.checkpoint && empty(mirror.groupsPattern)) {
    const instead = 'name the groups, write ".*" for all, or leave checkpointConnector out';
    sayings.push({ seen: "groupsPattern is empty", why: "it matches no group, so no checkpoint is written", instead });
  }
  return [...sayings, ...withoutOffsets(mirror)];
}

/** Settings with which a checkpoint connector does nothing although another setting asks it to. */
function withoutOffsets(mirror: MirrorView): Saying[] {
  if (!mirror.declared.checkpoint) return [];
  const [source, checkpoint] = [reader(mirror.source.config), reader(mirror.checkpoint.config)];
  const emits = checkpoint.flag("emit.checkpoints.enabled") !== false;
  if (!emits && checkpoint.flag("sync.group.offsets.enabled") === true) {
    return [
      {
        seen: '"emit.checkpoints.enabled" is false with "sync.group.offsets.enabled": true in checkpointConnector.config',
        why: "without checkpoints the connector has no task, so it writes no group's offsets either",
        instead: 'write "emit.checkpoints.enabled": true, or remove both',
      },
    ];
  }
  const syncs = source.flag("emit.offset-syncs.enabled") !== false;
  // Older versions do not read the key. Another rule reports that.
  if (syncs || !emits || !versionsOf(mirror).every((version) => versionAtLeast(version, "3.9"))) return [];
  return [
    {
      seen: '"emit.offset-syncs.enabled" is false in sourceConnector.config, and there is a checkpointConnector',
      why: "checkpoints are made from offset syncs, so none is written",
      instead: "remove the setting, or remove checkpointConnector",
    },
  ];
}

/** Reports expressions that match only names that a topic cannot have, e.g. `orders;payments`. */
function withoutAnyTopic(pattern: string, field: string, effect: string): Saying[] {
  // An expression with a comma inside is read in parts here, and as one by MirrorMaker 2.
  if (isPlaceholder(pattern) || selecting("topics", pattern, "") === undefined) return [];
  return expressionsIn(pattern).flatMap((expression): Saying[] => {
    // The samples of a lookahead or of a flag contain its own characters.
    if (expression.includes("(?")) return [];
    const matches = selecting("topics", expression, "");
    if (matches === undefined) return [];
    const names = samplesOf(expression, FILLERS).filter((name) => name !== "" && matches(name));
    if (names.length === 0 || names.some((name) => topicNameFault(name) === undefined)) return [];
    return [
      {
        seen: `"${expression}" in ${field} matches no name that a topic can have`,
        why: `topics are called with 1 to 249 letters, digits, ".", "_" and "-", so ${effect}`,
        instead: "write Java regular expressions for whole names, with commas between them",
      },
    ];
  });
}

const expressionsIn = (pattern: string) =>
  pattern
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/**
 * What stands for the wildcards of a pattern. A name in which they stand for dots is tried first: a dot in `orders.v1`
 * is meant as a dot.
 */
const FILLERS = ["x", "X7", "a-b", "a.b", "a_b"];

/** Names that a pattern selects and an exclusion leaves out, if it leaves out every name that was tried. */
export function allExcluded(pattern: string, exclude: string, what: "topics" | "groups"): boolean {
  const expressions = expressionsIn(pattern);
  const [wanted, left] = [selecting(what, pattern, ""), selecting(what, pattern, exclude)];
  if (wanted === undefined || left === undefined) return false;
  return expressions.every((expression) => {
    const names = samplesOf(expression, FILLERS).filter(wanted);
    return names.length > 0 && !names.some(left);
  });
}
