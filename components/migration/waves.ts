import { Mistakes } from "../../engine/errors";
import type { MirrorModel, Phase, Scope } from "../../engine/model";
import { outsideOf } from "../../engine/parts";
import { compilePatternList, type Matcher } from "../../engine/patterns";
import { defaultsOf } from "../../engine/setting";
import { defined } from "../../engine/objects";
import { someOf } from "../../engine/units";
import { isPattern } from "../mirror/checks";
import { type MigrationArgs, stepShape } from "../settings/migration";
import { type WaveSettings, waveShape } from "../settings/waves";

/** One part of a migration: a wave, or everything outside the waves. Each part has its own steps. */
export interface Part {
  /** The wave's name. Absent: everything outside the waves. */
  wave?: string;
  phase: Phase;
  /** The mirror, limited to this part. Without waves the whole mirror. */
  mirror: MirrorModel;
  /** True: a return mirror copies back after the cutover. False: it no longer does. Absent: no way back. */
  wayBack?: boolean;
}

/**
 * True if the part's topics have left the mirror, or leave it in this `up`. Its steps then run before the mirror is
 * changed. It also stays true after the way back has ended: the origin then has records that came from the target.
 */
export const hasLeft = ({ phase, wayBack }: Pick<Part, "phase" | "wayBack">): boolean =>
  wayBack !== undefined && phase === "cutover";

/** True if the return mirror of the part runs. */
export const returns = (part: Pick<Part, "phase" | "wayBack">): boolean => hasLeft(part) && part.wayBack === true;

/** Nobody needs the checkpoints of groups that are back on the origin. A migration without them keeps its state. */
export function returnedParts({ rest, waves }: { rest: Part; waves: readonly Part[] }): { returned?: Scope[] } {
  const returned = [rest, ...waves].filter(({ phase }) => phase === "returned");
  return returned.length === 0 ? {} : { returned: returned.map(({ mirror }) => mirror.scope ?? {}) };
}

/** Patterns of the topics that a part takes out of the mirror. */
const patternsOf = (args: Pick<MigrationArgs, "waves" | "wayBack" | "phase">, out: (part: WayBackOf) => boolean) =>
  hasWaves(args)
    ? args.waves!.filter((wave) => out({ ...wave, phase: wavePhase(wave) })).map((wave) => wave.topics)
    : out({ ...args, phase: args.phase ?? defaultsOf(stepShape).phase })
      ? [".*"]
      : [];

type WayBackOf = Pick<Part, "phase" | "wayBack">;

/** Patterns of the topics that a return mirror copies, or copied until this `up`. */
export const returningTopics = (args: Pick<MigrationArgs, "waves" | "wayBack" | "phase">): string[] =>
  patternsOf(args, (part) => hasLeft(part) || part.phase === "returned");

/** Patterns of the topics that the mirror does not copy any more in this `up`. */
export const leftTopics = (args: Pick<MigrationArgs, "waves" | "wayBack" | "phase">): string[] =>
  patternsOf(args, hasLeft);

export const wavePhase = (wave: WaveSettings): Phase => wave.phase ?? defaultsOf(waveShape).phase;

/** Returns true if the migration moves in waves. An empty list is the same as none. */
export const hasWaves = ({ waves }: Pick<MigrationArgs, "waves">): boolean => (waves ?? []).length > 0;

/** Returns the part outside the waves, and one part for each wave, in the order of the settings. */
export function partsOf(
  args: Pick<MigrationArgs, "phase" | "waves" | "splitGroups" | "wayBack">,
  whole: MirrorModel,
): { rest: Part; waves: (Part & { wave: string })[] } {
  const { phase = defaultsOf(stepShape).phase, waves = [], splitGroups } = args;
  const leaving = patternsOf(args, ({ wayBack }) => wayBack !== undefined);
  const mirror = leaving.length === 0 ? whole : { ...whole, leaving };
  if (waves.length === 0) return { rest: { phase, mirror, ...defined({ wayBack: args.wayBack }) }, waves: [] };
  const scopes = waves.map(
    ({ name: wave, topics, groups = "" }): Scope => ({
      wave,
      topics,
      groups,
      ...(splitGroups === undefined ? {} : { splitGroups }),
    }),
  );
  return {
    rest: { phase, mirror: { ...mirror, scope: outsideOf(scopes) } },
    waves: waves.map((wave, i) => ({
      wave: wave.name,
      // Clean-up is for all parts at once: there is one mirror.
      phase: phase === "cleanup" ? phase : wavePhase(wave),
      mirror: { ...mirror, scope: scopes[i]! },
      ...defined({ wayBack: wave.wayBack }),
    })),
  };
}

/** Mistakes in the waves that can be seen without the clusters. The preflight finds those that need them. */
export function waveMistakes(args: Partial<MigrationArgs>): string[] {
  const { waves = [], splitGroups = [] } = args;
  if (waves.length === 0)
    return splitGroups.length === 0
      ? []
      : ["splitGroups is not used: there are no waves between which a group could be split; remove it"];
  const mistakes = new Mistakes();
  for (const mistake of [...sameNames(waves), ...notCutOver(args, waves)]) mistakes.add(mistake);
  const topics = waves.map(({ topics: list }, i) => matcherOf(`waves.${i}.topics`, list, mistakes));
  const groups = waves.map(({ groups: list }, i) => matcherOf(`waves.${i}.groups`, list, mistakes));
  waves.forEach(({ topics: list }, i) => {
    if (namesNothing(list)) mistakes.add(`waves.${i}.topics is "${list}": it names no topic`);
  });
  for (const mistake of overlaps("topics", waves, topics)) mistakes.add(mistake);
  for (const mistake of overlaps("groups", waves, groups, splitGroups)) mistakes.add(mistake);
  return [...mistakes.list];
}

const namesNothing = (list: string): boolean => list.split(",").every((part) => part.trim() === "");

/** Returns undefined for a list that is absent or wrong. */
function matcherOf(where: string, list: string | undefined, mistakes: Mistakes): Matcher | undefined {
  return list !== undefined && isPattern(where, list, mistakes) ? compilePatternList(list, where) : undefined;
}

function sameNames(waves: readonly WaveSettings[]): string[] {
  return waves.flatMap(({ name }, i) => {
    const first = waves.findIndex((other) => other.name === name);
    return first === i
      ? []
      : [`waves.${i}.name is "${name}", as is waves.${first}.name: give each wave a name of its own`];
  });
}

/** The clean-up deletes the mirror that copies for all waves. */
function notCutOver({ phase, abandon }: Partial<MigrationArgs>, waves: readonly WaveSettings[]): string[] {
  if (phase !== "cleanup" || abandon === true) return [];
  return waves.flatMap((wave, i) =>
    wavePhase(wave) === "cutover"
      ? []
      : [
          `phase is "cleanup", but waves.${i} ("${wave.name}") is in phase "${wavePhase(wave)}": the clean-up ` +
            "removes " +
            `the mirror of every wave; set waves.${i}.phase to "cutover" and run pulumi up first`,
        ],
  );
}

/**
 * Finds names that two waves select. Only names that a pattern contains in full are known here.
 * @param split groups that may be in several waves
 */
function overlaps(
  what: "topics" | "groups",
  waves: readonly WaveSettings[],
  matchers: readonly (Matcher | undefined)[],
  split: readonly string[] = [],
): string[] {
  return waves.flatMap((wave, i) =>
    waves.slice(i + 1).flatMap((other, k) => {
      const j = i + 1 + k;
      const both = [
        ...fullNames(wave[what]).filter((name) => matchers[j]?.(name) === true),
        ...fullNames(other[what]).filter((name) => matchers[i]?.(name) === true),
      ];
      const names = [...new Set(both)].filter((name) => !split.includes(name)).sort();
      if (names.length === 0) return [];
      const way =
        what === "topics"
          ? "a topic belongs to one wave"
          : "a group belongs to one wave; splitGroups accepts groups that read topics of several";
      return [`waves.${i}.${what} and waves.${j}.${what} both select ${someOf(names, 5)}: ${way}`];
    }),
  );
}

/** The entries of a list that are plain names. */
function fullNames(list = ""): string[] {
  return list
    .split(",")
    .map((part) => part.trim().replaceAll("\\.", ".").replaceAll("[.]", "."))
    .filter((part) => /^[\w.-]+$/.test(part));
}
