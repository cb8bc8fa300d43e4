import { type OpenKafka, withClusters } from "../clusters";
import type { MigrationModel } from "../model";
import type { OffsetOptions } from "../offsets";
import { wholeMirror } from "../parts";
import type { Progress } from "../progress";
import type { ReplicationRule } from "../replication";
import { someOf } from "../units";
import { findParts } from "./coupling";
import { diskProblems, estimateCopy, retentionProblems } from "./estimate";
import { internalTopics, linksOf } from "./links";
import { readFacts } from "./read";
import type { Plan, PlanFacts, PlanOptions, Wave } from "./types";
import { proposeWaves, splitGroups } from "./waves";

export type {
  Bridge,
  CopyEstimate,
  GroupFacts,
  Link,
  Part,
  Plan,
  PlanFacts,
  PlanOptions,
  TopicFacts,
  Wave,
} from "./types";
export { bytesPerSecond, sumOf } from "./waves";

const MEASURE_MS = 10_000;
const IDLE_MS = 7 * 86_400_000;

/**
 * Finds out which topics of the migration belong together and proposes waves. Reads only. `signal` ends it at once.
 * @throws MigrationError SELECTION_EMPTY; PLAN_SPLIT if `options.split` names something that holds no topics together
 */
export async function planWaves(
  model: MigrationModel,
  options: PlanOptions & { offsets?: OffsetOptions; rules?: readonly ReplicationRule[] },
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<Plan> {
  const idleMs = options.idleMs ?? IDLE_MS;
  const read = await withClusters(
    model,
    (clusters) =>
      readFacts(
        clusters,
        wholeMirror(model.mirror),
        {
          measureMs: options.measureMs ?? MEASURE_MS,
          idleMs,
          offsets: options.offsets ?? {},
          rules: options.rules ?? [],
        },
        progress,
        signal,
      ),
    open,
    { progress, signal },
  );
  return decide(read.facts, options, read.unknown);
}

/** Makes the plan from what was read. */
export function decide(facts: PlanFacts, options: PlanOptions, unread: readonly string[] = []): Plan {
  const topics = new Map(facts.topics.map((t) => [t.name, t]));
  const links = linksOf(facts, options.split);
  const parts = findParts([...topics.keys()], links, (name) => topics.get(name)?.bytes);
  const copy = estimateCopy(facts.topics, options.rate);
  const disks = diskProblems(facts);
  const { withoutGroup } = internalTopics(facts);
  const waves = proposeWaves(parts, facts, options.waves).map((wave): Wave => {
    const alone = estimateCopy(
      wave.topics.map((t) => topics.get(t)!),
      copy.rate?.bytesPerSecond,
    );
    return alone.ms === undefined ? wave : { ...wave, copyMs: alone.ms };
  });
  return {
    facts,
    parts,
    waves,
    splitGroups: splitGroups(waves),
    copy,
    problems: [...retentionProblems(facts.topics, copy), ...disks.problems],
    unknown: [
      ...unread,
      ...(copy.rate === undefined && copy.leftBytes !== 0
        ? ["whether the origin keeps its records until they are copied: the rate of the copy is unknown"]
        : []),
      ...disks.unknown,
      ...(withoutGroup.length === 0
        ? []
        : [`which Streams application owns ${someOf(withoutGroup, 5)}: the origin shows no group of that name`]),
    ],
  };
}
