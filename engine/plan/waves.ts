import { LONGEST_WAVE_NAME } from "../naming";
import { internalTopics } from "./links";
import { type Owned, patternsOf } from "./patterns";
import type { Part, PlanFacts, TopicFacts, Wave } from "./types";

const DAY_SECONDS = 86_400;
export const DEFAULT_WAVES = 8;

/** Bytes per second written to a topic. undefined: unknown. */
export function bytesPerSecond({ bytes, records, recordsPerSecond }: TopicFacts): number | undefined {
  if (recordsPerSecond === 0) return 0;
  if (bytes === undefined || recordsPerSecond === undefined || records === 0) return undefined;
  return (bytes / records) * recordsPerSecond;
}

/**
 * Proposes waves: parts in the order of their weight, smallest and quietest first. The weight is what has to be copied
 * until tomorrow: the bytes now, and one day of writing at the current rate (records if sizes are unknown). If there
 * are more parts than waves, each wave gets about twice the weight of the one before. A part is never divided.
 */
export function proposeWaves(parts: readonly Part[], facts: PlanFacts, most: number = DEFAULT_WAVES): Wave[] {
  const topics = new Map(facts.topics.map((t) => [t.name, t]));
  const sized = facts.topics.every((t) => t.bytes !== undefined);
  const weigh = (part: Part) =>
    part.topics.reduce((sum, name) => {
      const t = topics.get(name)!;
      const now = sized ? t.bytes! : t.records;
      return sum + now + (sized ? (bytesPerSecond(t) ?? 0) : (t.recordsPerSecond ?? 0)) * DAY_SECONDS;
    }, 0);
  const weighed = parts.map((part) => ({ part, weight: weigh(part) }));
  weighed.sort((a, b) => a.weight - b.weight || (a.part.topics[0]! < b.part.topics[0]! ? -1 : 1));
  const bundles = bundle(weighed, most).map((some) => some.map(({ part }) => part));
  return describe(bundles, facts, topics);
}

/** Cuts the sorted list into at most `most` runs, each with about twice the weight of the one before. */
export function bundle<T extends { weight: number }>(sorted: readonly T[], most: number): T[][] {
  if (sorted.length <= most) return sorted.map((one) => [one]);
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  const runs: T[][] = [[]];
  let sum = 0;
  for (const [i, one] of sorted.entries()) {
    // The first `n` of `most` runs have (2^n - 1) / (2^most - 1) of the weight.
    const limit = (total * (2 ** runs.length - 1)) / (2 ** most - 1);
    const isFull = runs.at(-1)!.length > 0 && sum + one.weight > limit;
    // No run stays empty: the last items get one run each if there are no more items than runs.
    const mustCut = runs.at(-1)!.length > 0 && sorted.length - i <= most - runs.length;
    if (runs.length < most && (isFull || mustCut)) runs.push([]);
    runs.at(-1)!.push(one);
    sum += one.weight;
  }
  return runs;
}

function describe(
  bundles: readonly (readonly Part[])[],
  facts: PlanFacts,
  topics: ReadonlyMap<string, TopicFacts>,
): Wave[] {
  const waveOf = new Map(
    bundles.flatMap((parts, i) => parts.flatMap((p) => p.topics.map((t): [string, number] => [t, i]))),
  );
  // A group that was split moves with each of its waves. A Streams application may have committed nothing yet.
  const { byApplication } = internalTopics(facts);
  const groups = new Map(
    facts.groups.map((g) => [g.name, wavesOf([g.committed, g.reads ?? [], byApplication.get(g.name) ?? []], waveOf)]),
  );
  const topicPatterns = patternsOf(ownedTopics(facts.allTopics, waveOf), bundles.length);
  const groupPatterns = patternsOf(ownedGroups(facts.allGroups, groups), bundles.length);
  const shared = topics.size === 1 ? "" : commonStart([...topics.keys()].sort());
  const names = new Set<string>();
  const groupsOf = bundles.map((): string[] => []);
  for (const [group, waves] of groups) for (const wave of waves) groupsOf[wave]!.push(group);
  return bundles.map((parts, i): Wave => {
    const own = parts.flatMap((p) => p.topics).sort();
    const known = own.map((t) => topics.get(t)!);
    const bytes = sumOf(known, (t) => t.bytes);
    const rate = sumOf(known, bytesPerSecond);
    return {
      name: uniqueName(parts.length === 1 ? nameOf(parts[0]!, shared) : `wave-${i + 1}`, names),
      topics: own,
      groups: groupsOf[i]!.sort(),
      topicsPattern: topicPatterns[i]!,
      groupsPattern: groupPatterns[i]!,
      phase: "mirror",
      parts: parts.length,
      ...(bytes === undefined ? {} : { bytes }),
      ...(rate === undefined ? {} : { bytesPerSecond: rate }),
      idle: known.filter((t) => t.idle === true).length,
    };
  });
}

function wavesOf(lists: readonly (readonly string[])[], waveOf: ReadonlyMap<string, number>): Set<number> {
  const waves = new Set<number>();
  for (const topics of lists)
    for (const topic of topics) {
      const wave = waveOf.get(topic);
      if (wave !== undefined) waves.add(wave);
    }
  return waves;
}

function ownedTopics(all: readonly string[], waveOf: ReadonlyMap<string, number>): Owned[] {
  return all.map((name) => ({ name, set: waveOf.get(name) }));
}

/** A group that several waves move is in the pattern of none. `splitGroups` names it. */
function ownedGroups(all: readonly string[], waves: ReadonlyMap<string, ReadonlySet<number>>): Owned[] {
  return all.map((name): Owned => {
    const own = [...(waves.get(name) ?? [])];
    return { name, set: own.length === 1 ? own[0] : undefined };
  });
}

/** Groups that several waves move: each wave their offsets on its own topics. Sorted. */
export function splitGroups(waves: readonly Pick<Wave, "groups">[]): string[] {
  const seen = new Set<string>();
  const inTwoWaves = new Set<string>();
  for (const group of waves.flatMap((wave) => wave.groups)) (seen.has(group) ? inTwoWaves : seen).add(group);
  return [...inTwoWaves].sort();
}

/** The sum. undefined if one value is unknown. */
export function sumOf<T>(items: readonly T[], valueOf: (item: T) => number | undefined): number | undefined {
  let sum = 0;
  for (const item of items) {
    const value = valueOf(item);
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}

/**
 * What these parts are called: the Streams application, the common start of the topics, or the shortest topic, without
 * the start that all topics of the plan share, in the characters of a Kubernetes name.
 */
function nameOf({ topics, links }: Part, shared: string): string {
  const slug = (text: string) => {
    const short = text.startsWith(shared) ? text.slice(shared.length) : text;
    return short
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .slice(0, LONGEST_WAVE_NAME)
      .replace(/^-+|-+$/g, "");
  };
  const application = links.find((l) => l.kind === "streams")?.name;
  const shortest = topics.reduce((a, b) => (b.length < a.length ? b : a));
  const names = [application ?? "", commonStart(topics), shortest, topics[0]!].map(slug);
  return names.find((name) => name.length >= 3) ?? "wave";
}

/** The longest start, up to the end of a word, that all these sorted names share. */
function commonStart(sorted: readonly string[]): string {
  const [first, last] = [sorted[0]!, sorted.at(-1)!];
  let same = 0;
  while (same < first.length && first[same] === last[same]) same++;
  return same === first.length ? first : first.slice(0, same).replace(/[^._-]*$/, "");
}

/** Adds a number if the name is taken. The number does not make the name too long. */
function uniqueName(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n++) {
    const end = `-${n}`;
    free = name.slice(0, LONGEST_WAVE_NAME - end.length).replace(/-+$/, "") + end;
  }
  taken.add(free);
  return free;
}
