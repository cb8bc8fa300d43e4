import type { MirrorModel } from "./model";
import { LONGEST_TOPIC_NAME, policyKind, targetTopicName } from "./naming";
import { type Skip, topicRule } from "./selection";

/**
 * What becomes of a topic that mirrors copy in a circle.
 *
 * - `same`: it comes back under its own name, so its records are copied again and again
 * - `longer`: it comes back under another name, which is copied again, and so on until the name is too long
 * - `unknown`: a mirror's replication policy is not one of Apache's or Strimzi's, so nobody here knows the names
 * - undefined: at some point no mirror copies it any more
 */
export type Circle = "same" | "longer" | "unknown" | undefined;

/** A mirror with its compiled patterns. */
export interface CompiledMirror {
  model: MirrorModel;
  skips: (topic: string) => Skip | undefined;
}

/** @throws MigrationError for a pattern that only Java can read */
export const compileMirror = (model: MirrorModel): CompiledMirror => ({ model, skips: topicRule(model) });

/**
 * Follows a topic through mirrors, of which each reads the cluster that the one before writes to. The first reads the
 * cluster that the last writes to. The same rules decide as in MirrorMaker 2: patterns, exclusions, internal topics,
 * and the default policy's check for the target's alias among the prefixes of the name (MirrorSourceConnector.isCycle).
 */
export function circleOf(mirrors: readonly CompiledMirror[], topic: string): Circle {
  for (let name = topic; name.length <= LONGEST_TOPIC_NAME; ) {
    const before = name;
    for (const { model, skips } of mirrors) {
      if (skips(name) !== undefined) return undefined;
      if (policyKind(model) === "unknown") return "unknown";
      name = targetTopicName(model, name);
    }
    if (name === before) return "same";
    // An empty alias and separator rename nothing, so every other name is longer than the one before.
  }
  return "longer";
}
