import type { MirrorModel } from "./model";
import { LONGEST_TOPIC_NAME, policyKind, targetTopicName } from "./naming";
import { topicRule } from "./selection";

/**
 * What becomes of a topic that mirrors copy in a circle.
 *
 * - `same`: it comes back under its own name, so its records are copied again and again
 * - `longer`: it comes back under another name, which is copied again, and so on until the name is too long
 * - `unknown`: a mirror's replication policy is not one of Apache's or Strimzi's, so nobody here knows the names
 * - undefined: at some point no mirror copies it any more
 */
export type Circle = "same" | "longer" | "unknown" | undefined;

/**
 * Follows a topic through mirrors, of which each reads the cluster that the one before writes to. The first reads the
 * cluster that the last writes to. The same rules decide as in MirrorMaker 2: patterns, exclusions, internal topics, and
 * the default policy's check for the target's alias among the prefixes of the name (MirrorSourceConnector.isCycle).
 * @returns a function of the topic's name
 * @throws MigrationError for a pattern that only Java can read
 */
export function circleOf(mirrors: readonly MirrorModel[]): (topic: string) => Circle {
  const steps = mirrors.map((mirror) => ({
    skips: topicRule(mirror),
    copy: (topic: string) => targetTopicName(mirror, topic),
    known: policyKind(mirror) !== "unknown",
  }));
  return (topic) => {
    for (let name = topic; name.length <= LONGEST_TOPIC_NAME; ) {
      const before = name;
      for (const { skips, copy, known } of steps) {
        if (skips(name) !== undefined) return undefined;
        if (!known) return "unknown";
        name = copy(name);
      }
      if (name === before) return "same";
      // An empty alias and separator rename nothing, so every other name is longer than the one before.
    }
    return "longer";
  };
}
