import { Mistakes } from "../errors";
import { compilePatternList } from "../patterns";

/** The factor for every target topic whose whole name matches; the first rule that matches decides. */
export interface ReplicationRule {
  /** Comma-separated Java regular expressions, as in MirrorMaker 2's `topics`. */
  pattern: string;
  factor: number;
}

export interface WantedFactor {
  factor: number;
  /** Where it comes from: `origin`, or the rule's pattern. */
  from: string;
}

/** What the origin says of a topic, under its name on the target. */
export interface OriginReplication {
  name: string;
  /** Largest number of replicas of any partition, once what is under way is done. */
  factor: number;
  /** Effective `min.insync.replicas`, broker defaults included. */
  minInsync: number;
}

/**
 * The factor for each topic: the first matching rule's, else the origin's own.
 * @throws MigrationError REPLICATION_RULE_INVALID with every faulty rule; PATTERN_INVALID from the pattern itself.
 */
export function wantedFactors(
  topics: readonly OriginReplication[],
  rules: readonly ReplicationRule[],
): Map<string, WantedFactor> {
  const mistakes = new Mistakes();
  rules.forEach((rule, i) => {
    if (!Number.isInteger(rule.factor) || rule.factor < 1)
      mistakes.add(`rule ${i + 1} (${rule.pattern}): factor ${rule.factor} is not a whole number of at least 1`);
    if (rule.pattern.trim() === "") mistakes.add(`rule ${i + 1}: the pattern is empty and matches nothing`);
  });
  mistakes.throwIfAny(
    "REPLICATION_RULE_INVALID",
    "replication rules can't be used",
    'write each of replication.rules as { pattern, factor }, e.g. { pattern: "orders.*", factor: 3 }',
  );
  const matchers = rules.map((rule, i) => ({
    rule,
    matches: compilePatternList(rule.pattern, `replication.rules.${i}.pattern`),
  }));
  return new Map(
    topics.map((topic) => {
      const hit = matchers.find((m) => m.matches(topic.name));
      return [
        topic.name,
        hit === undefined
          ? { factor: topic.factor, from: "origin" }
          : { factor: hit.rule.factor, from: hit.rule.pattern },
      ];
    }),
  );
}

/** Rules that match no topic: worth a warning, since they are usually a slip of the pen. */
export function idleRules(names: readonly string[], rules: readonly ReplicationRule[]): string[] {
  return rules
    .filter((rule, i) => !names.some(compilePatternList(rule.pattern, `replication.rules.${i}.pattern`)))
    .map((rule) => rule.pattern);
}

export interface MinInsyncChange {
  topic: string;
  from: number;
  to: number;
}

/**
 * `min.insync.replicas` as on the origin and never above the factor. Split in two: values that must fall before replicas are
 * taken away (a topic with fewer replicas than its minimum refuses acks=all), and values that rise when all replicas are there.
 * @param onlyAdd lower none
 */
export function minInsyncChanges(
  topics: readonly { name: string; factor: number; originMin: number; targetMin: number }[],
  onlyAdd = false,
): { before: MinInsyncChange[]; after: MinInsyncChange[] } {
  const before: MinInsyncChange[] = [];
  const after: MinInsyncChange[] = [];
  for (const t of topics) {
    const to = Math.max(1, Math.min(t.originMin, t.factor));
    if (to === t.targetMin) continue;
    if (onlyAdd && to < t.targetMin) continue;
    (to < t.targetMin ? before : after).push({ topic: t.name, from: t.targetMin, to });
  }
  return { before, after };
}
