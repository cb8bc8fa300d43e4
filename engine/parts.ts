import type { MirrorModel, Scope } from "./model";
import { compilePatternList } from "./patterns";

/**
 * One mirror copies everything. With waves it has several parts: each wave, and what is outside the waves. A step works
 * on one part (`mirror.scope`). Every name of a topic or a group belongs to exactly one part.
 */

/**
 * The same mirror without its scope, for everything that concerns all parts: ACLs, internal topics, Connect's group,
 * residue, other mirrors.
 */
export function wholeMirror({ scope: _, ...whole }: MirrorModel): MirrorModel {
  return whole;
}

/** Returns a function that is true for the names of topics of this part, whether the mirror copies them or not. */
export const ownsTopic = ({ scope }: Pick<MirrorModel, "scope">): ((topic: string) => boolean) =>
  belongs(scope, "topics");

/** Returns a function that is true for the names of groups of this part, whether they move or not. */
export const ownsGroup = ({ scope }: Pick<MirrorModel, "scope">): ((group: string) => boolean) =>
  belongs(scope, "groups");

function belongs(scope: Scope | undefined, what: "topics" | "groups"): (name: string) => boolean {
  if (scope === undefined) return () => true;
  const only = what === "topics" ? scope.topics : scope.groups;
  const without = what === "topics" ? scope.withoutTopics : scope.withoutGroups;
  const inside = only === undefined ? () => true : compilePatternList(only, `waves.${scope.wave ?? ""}.${what}`);
  const outside = (without ?? []).map((pattern) => compilePatternList(pattern, `waves.${what}`));
  return (name) => inside(name) && !outside.some((other) => other(name));
}

/** Everything outside these waves. */
export function outsideOf(waves: readonly Scope[], splitGroups = waves[0]?.splitGroups): Scope {
  return {
    withoutTopics: waves.flatMap(({ topics }) => (topics === undefined ? [] : [topics])),
    withoutGroups: waves.flatMap(({ groups }) => (groups === undefined || groups === "" ? [] : [groups])),
    ...(splitGroups === undefined ? {} : { splitGroups }),
  };
}

/** The wave's name. Undefined: the whole mirror, or what is outside the waves. */
export const waveOf = ({ scope }: Pick<MirrorModel, "scope">): string | undefined => scope?.wave;

/**
 * True if this part may have no topic: the waves may cover everything. A whole mirror without a topic, or a wave
 * without one, is a mistake.
 */
export const mayBeEmpty = ({ scope }: Pick<MirrorModel, "scope">): boolean =>
  scope !== undefined && scope.wave === undefined;

/** What a step says if its part has no topic (see {@link mayBeEmpty}). */
export const NOTHING_OUTSIDE = "no topic is outside the waves, so there is nothing to do here";
