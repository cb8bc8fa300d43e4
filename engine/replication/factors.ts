import { Mistakes } from "../errors";
import { compilePatternList } from "../patterns";
import type { ReplicationRule } from "./types";

export interface WantedFactor {
  factor: number;
  /** The source of the factor: `origin`, or the rule's pattern. */
  from: string;
}

/** The replication of a topic on the origin, under the topic's name on the target. */
export interface OriginReplication {
  name: string;
  /** Largest number of replicas of any partition, after reassignments in progress are done. */
  factor: number;
  /** Effective `min.insync.replicas`, broker defaults included. */
  minInsync: number;
}

/**
 * The factor for each topic: that of the first matching rule, otherwise the origin's.
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
    "invalid replication rules",
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

/** Rules that match no topic. They deserve a warning, because they are usually a typing error. */
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

/** The origin's minimum, but never above the factor. */
export const wantedMin = (originMin: number, factor: number): number => Math.max(1, Math.min(originMin, factor));

/**
 * The changes that set `min.insync.replicas` as on the origin, but never above the factor. They are split in two.
 * `before`: values to lower before replicas are removed, because a topic with fewer replicas than its minimum refuses
 * acks=all. `after`: values to raise when all replicas exist.
 * @param onlyAdd do not lower any value
 */
export function minInsyncChanges(
  topics: readonly { name: string; factor: number; originMin: number; targetMin: number }[],
  onlyAdd = false,
): { before: MinInsyncChange[]; after: MinInsyncChange[] } {
  const before: MinInsyncChange[] = [];
  const after: MinInsyncChange[] = [];
  for (const t of topics) {
    const to = wantedMin(t.originMin, t.factor);
    if (to === t.targetMin) continue;
    if (onlyAdd && to < t.targetMin) continue;
    (to < t.targetMin ? before : after).push({ topic: t.name, from: t.targetMin, to });
  }
  return { before, after };
}
