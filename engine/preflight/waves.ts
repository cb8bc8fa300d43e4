import { isDeepStrictEqual } from "node:util";
import type { MirrorModel, Phase, Scope } from "../model";
import { outsideOf, ownsGroup, ownsTopic, wholeMirror } from "../parts";
import { isHeartbeats, nothingSelected, selectTopics } from "../selection";
import { applicationOf, isStreamsTopic } from "../streams";
import { someOf } from "../units";

/** One wave as the program declares it. */
export interface DeclaredWave {
  name: string;
  /** Patterns as in `Scope`. */
  topics: string;
  /** Absent or empty: no group moves with the wave. */
  groups?: string;
  phase: Phase;
  /** See {@link Waves}. */
  wayBack?: boolean;
}

/** The waves of one `up`, and the phase of what is outside them. */
export interface Waves {
  phase: Phase;
  /**
   * Only without waves. True: a return mirror copies back after the cutover. False: it was ended. Absent: there is no
   * way back.
   */
  wayBack?: boolean;
  waves: readonly DeclaredWave[];
  /** Groups that a person accepted in several parts. */
  splitGroups: readonly string[];
  mirror: MirrorModel;
}

/** What the origin has now. */
export interface WaveFacts {
  /** All visible topics. */
  topics: readonly string[];
  /** The groups that move, with the topics that they have committed offsets on. */
  groups: ReadonlyMap<string, readonly string[]>;
  /**
   * Every group of the origin, whether it moves or not.
   * @default those that move
   */
  listed?: readonly string[];
}

/** A wave, or what is outside the waves. */
interface Part {
  /** For messages: `wave shop`, `outside the waves`. */
  where: string;
  wave?: DeclaredWave;
  phase: Phase;
  topic: (name: string) => boolean;
  group: (name: string) => boolean;
}

/** Most names in one line. */
const NAMED = 5;

/** True if the groups of this part, or all of it, have moved or are moving. */
export const isUnderWay = (phase: Phase): boolean => phase === "consumers" || phase === "cutover";

/** True if a part begins to move, or goes on. Then a new look at the origin is needed. */
export function goesForward(olds: Waves | undefined, news: Waves): boolean {
  const before = new Map(olds?.waves.map((wave) => [wave.name, wave.phase]));
  const steps = [[olds?.phase, news.phase], ...news.waves.map((wave) => [before.get(wave.name), wave.phase])];
  return steps.some(([was, is]) => is !== was && is !== undefined && isUnderWay(is as Phase));
}

/** True if the program declares other parts than before. */
export function declaresOthers(olds: Waves | undefined, news: Waves): boolean {
  if (olds === undefined) return news.waves.length > 0;
  const parts = ({ waves, splitGroups, mirror }: Waves) => [
    waves.map(({ name, topics, groups = "" }) => [name, topics, groups]),
    splitGroups,
    [
      mirror.topicsPattern,
      mirror.topicsExcludePattern ?? null,
      mirror.groupsPattern,
      mirror.groupsExcludePattern ?? null,
    ],
  ];
  return (olds.waves.length > 0 || news.waves.length > 0) && !isDeepStrictEqual(parts(olds), parts(news));
}

/** What is wrong with the waves on this origin. A pure function of the facts. */
export function partProblems(facts: WaveFacts, news: Waves, olds?: Waves): string[] {
  const mirror = wholeMirror(news.mirror);
  const topics = selectTopics(facts.topics, mirror).filter((topic) => !isHeartbeats(mirror, topic));
  const parts = partsOf(news);
  return [
    ...overlaps(parts, "topic", topics),
    ...overlaps(
      parts,
      "group",
      [...facts.groups.keys()].filter((group) => !news.splitGroups.includes(group)),
    ),
    ...emptyWaves(facts, topics, news, olds),
    ...wavesWithoutGroups(facts, news, olds),
    ...splitApplications(parts, topics, facts),
    ...splitGroups(parts, topics, facts, news.splitGroups),
    ...moved(topics, facts, news, olds),
  ];
}

function partsOf({ waves, phase, mirror }: Waves): Part[] {
  const part = (where: string, of: Phase, scope: Scope | undefined, wave?: DeclaredWave): Part => {
    const limited = { ...mirror, ...(scope === undefined ? {} : { scope }) };
    const more = wave === undefined ? {} : { wave };
    return { where, phase: of, topic: ownsTopic(limited), group: ownsGroup(limited), ...more };
  };
  const scopes = waves.map(({ name: wave, topics, groups = "" }): Scope => ({ wave, topics, groups }));
  return [
    ...waves.map((w, i) => part(`wave ${w.name}`, w.phase, scopes[i], w)),
    part("outside the waves", phase, waves.length === 0 ? undefined : outsideOf(scopes)),
  ];
}

/** Names that two waves select, one line for each pair of waves. */
function overlaps(parts: readonly Part[], what: "topic" | "group", names: readonly string[]): string[] {
  const pairs = new Map<string, string[]>();
  for (const name of names) {
    const [first, ...others] = parts.filter((part) => part[what](name));
    for (const other of others) {
      const key = `${first!.where} and ${other.where}`;
      pairs.set(key, [...(pairs.get(key) ?? []), name]);
    }
  }
  return [...pairs].map(([pair, both]) => `${pair} both select ${what}${both.length === 1 ? "" : "s"} ${named(both)}`);
}

/** Waves without a topic. If a wave is under way, somebody may have deleted its topics since. */
function emptyWaves(facts: WaveFacts, topics: readonly string[], news: Waves, olds?: Waves): string[] {
  const underWay = new Set(olds?.waves.filter((w) => isUnderWay(w.phase)).map((w) => w.name));
  return partsOf(news).flatMap(({ wave, topic }) => {
    if (wave === undefined || underWay.has(wave.name) || topics.some(topic)) return [];
    const { name, topics: pattern, groups = "" } = wave;
    const found = nothingSelected(facts.topics, { ...news.mirror, scope: { wave: name, topics: pattern, groups } });
    const [hint] = found.details;
    return [`wave ${name} selects no topic: ${found.seen}${hint === undefined ? "" : ` (${hint})`}`];
  });
}

/**
 * Waves whose `groups` select only groups that do not move, and waves that begin phase `consumers`, which moves nothing
 * but groups, and select none.
 */
function wavesWithoutGroups(facts: WaveFacts, news: Waves, olds?: Waves): string[] {
  const underWay = new Set(olds?.waves.filter((w) => isUnderWay(w.phase)).map((w) => w.name));
  return partsOf(news).flatMap(({ wave, group }) => {
    if (wave === undefined || underWay.has(wave.name) || [...facts.groups.keys()].some(group)) return [];
    const { name, groups = "", phase } = wave;
    const still = groups === "" ? [] : (facts.listed ?? []).filter(group);
    if (still.length > 0)
      return [
        `wave ${name} selects only groups that do not move: ${named(still)}; they are not selected by ` +
          `mirror.groupsPattern "${news.mirror.groupsPattern}", or are excluded (mirror.groupsExcludePattern, ` +
          "offsets.excludeGroups), or are not consumer groups",
      ];
    if (phase !== "consumers") return [];
    const why = groups === "" ? "it has no `groups`" : `waves.${name}.groups "${groups}" selects none`;
    return [`wave ${name} is in phase consumers, but no group would move: ${why}; set \`groups\`, or go to cutover`];
  });
}

/** Streams applications whose group is in one part and whose internal topics are in another. */
function splitApplications(parts: readonly Part[], topics: readonly string[], facts: WaveFacts): string[] {
  const groups = new Set(facts.listed ?? facts.groups.keys());
  const apart = new Map<string, string[]>();
  for (const topic of topics) {
    const application = applicationOf(topic, groups);
    // The group of an application that does not move is in no part.
    if (application === undefined || !facts.groups.has(application)) continue;
    const [home, place] = [homeOf(parts, application), partWith(parts, topic)];
    if (home === place) continue;
    const key = `Streams application "${application}" is ${inPart(home)}, but its internal topics are ${inPart(place)}`;
    apart.set(key, [...(apart.get(key) ?? []), topic]);
  }
  return [...apart].map(([line, own]) => `${line}: ${named(own)}`);
}

/** Groups with committed offsets in another part than their own, or in several. */
function splitGroups(
  parts: readonly Part[],
  topics: readonly string[],
  facts: WaveFacts,
  accepted: readonly string[],
): string[] {
  const copied = new Set(topics);
  const groups = new Set(facts.listed ?? facts.groups.keys());
  return [...facts.groups].sort().flatMap(([group, committed]): string[] => {
    if (accepted.includes(group)) return [];
    // Its internal topics have a line of their own.
    const own = (topic: string) => isStreamsTopic(topic) && applicationOf(topic, groups) === group;
    const places = new Map<Part, string[]>();
    for (const topic of [...new Set(committed)].sort()) {
      if (!copied.has(topic) || own(topic)) continue;
      const place = partWith(parts, topic);
      places.set(place, [...(places.get(place) ?? []), topic]);
    }
    const home = homeOf(parts, group);
    if ([...places.keys()].every((place) => place === home)) return [];
    const texts = [...places].map(([{ where, wave }, some]) => `${wave ? "in " : ""}${where} (${named(some)})`);
    return [`group "${group}" is ${inPart(home)} and has committed offsets ${texts.join(" and ")}`];
  });
}

/**
 * Topics and groups that come from outside the waves or go there, although what is outside is under way. Waves that are
 * under way and changed are named by {@link changeProblems}.
 */
function moved(topics: readonly string[], facts: WaveFacts, news: Waves, olds: Waves | undefined): string[] {
  if (olds === undefined || !isUnderWay(olds.phase)) return [];
  const [before, after] = [partsOf(olds), partsOf(news)];
  const lines: string[] = [];
  for (const what of ["topic", "group"] as const) {
    const names = what === "topic" ? topics : [...facts.groups.keys()].sort();
    const at = (parts: readonly Part[], name: string) => parts.find((part) => part[what](name))!.wave?.name;
    const gone = names.filter((name) => at(before, name) === undefined && at(after, name) !== undefined);
    const come = names.filter((name) => at(before, name) !== undefined && at(after, name) === undefined);
    const was = olds.waves.length === 0 ? "the migration" : "what is outside the waves";
    const text = (some: readonly string[]) => `${what}${some.length === 1 ? "" : "s"} ${named(some)}`;
    const first = "set phase to mirror and run `pulumi up` first";
    if (gone.length > 0)
      lines.push(`${text(gone)} would leave ${was}, which is in phase ${olds.phase}, for a wave: ${first}`);
    if (come.length > 0) lines.push(`${text(come)} would join ${was}, which is in phase ${olds.phase}: ${first}`);
  }
  return lines;
}

const partWith = (parts: readonly Part[], topic: string): Part => parts.find((part) => part.topic(topic))!;
const homeOf = (parts: readonly Part[], group: string): Part => parts.find((part) => part.group(group))!;
const inPart = ({ where, wave }: Part): string => (wave === undefined ? where : `in ${where}`);
const named = (names: readonly string[]): string => someOf(names, NAMED);
