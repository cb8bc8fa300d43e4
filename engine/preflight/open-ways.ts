import type { MirrorModel, Phase } from "../model";
import { wholeMirror } from "../parts";
import { isHeartbeats, selectTopics } from "../selection";
import { someOf } from "../units";
import { returnMirror } from "../way-back/model";
import type { DeclaredWave, Waves } from "./waves";

/*
 * The state knows which phase an `up` wanted, not whether it got there. After a return that failed or was killed, the
 * return mirror still runs. If the program then lets the mirror copy the part's topics, they are in both mirrors: an
 * endless loop.
 */

/** A part whose return mirror may run, although this program does not expect it. */
export interface OpenWay {
  /** For messages: `wave shop`, `the migration`. */
  where: string;
  /** Phase in the last `up`. */
  was: Phase;
  /** The configuration topic of its return mirror on the origin. It exists until an `up` in phase `returned` ends. */
  configTopic: string;
  /**
   * The part stays where it is, but the mirror's patterns changed: the part before and after. Absent: the mirror would
   * get its topics back, or its topics or groups changed.
   */
  lost?: { before: MirrorModel; after: MirrorModel };
}

type Declared = Pick<DeclaredWave, "topics" | "groups" | "phase" | "wayBack"> & { wave?: string };

const partsOf = ({ waves, phase, wayBack }: Waves): Declared[] =>
  waves.length === 0
    ? [{ topics: "", phase, ...(wayBack === undefined ? {} : { wayBack }) }]
    : waves.map(({ name, ...rest }) => ({ ...rest, wave: name }));

const scoped = (mirror: MirrorModel, { wave, topics, groups = "" }: Declared): MirrorModel => ({
  ...wholeMirror(mirror),
  ...(wave === undefined ? {} : { scope: { wave, topics, groups } }),
});

/** The parts for which the origin has to be asked whether their return mirror runs. */
export function openWays(olds: Waves | undefined, news: Waves): OpenWay[] {
  // The clean-up deletes the mirror. No topic can get into both.
  if (olds === undefined || news.phase === "cleanup") return [];
  const now = partsOf(news);
  return partsOf(olds).flatMap((was): OpenWay[] => {
    if (was.wayBack !== true || (was.phase !== "cutover" && was.phase !== "returned")) return [];
    const is = now.find(({ wave }) => wave === was.wave);
    const before = scoped(olds.mirror, was);
    const way = {
      where: nameOf(was),
      was: was.phase,
      configTopic: returnMirror(before).configStorageTopic,
    };
    if (is === undefined || !staysOut(is) || !isSame(was, is)) return [way];
    const after = scoped(news.mirror, is);
    return samePatterns(before, after) ? [] : [{ ...way, lost: { before, after } }];
  });
}

const samePatterns = (one: MirrorModel, other: MirrorModel): boolean =>
  one.topicsPattern === other.topicsPattern && one.topicsExcludePattern === other.topicsExcludePattern;

/** A part with a way back that is cut over in the `up` that changes the mirror's patterns. */
export interface EarlyCutover {
  where: string;
  before: MirrorModel;
  after: MirrorModel;
}

/**
 * The parts that are cut over before the mirror gets its new patterns: with a way back a part's topics leave the mirror
 * in the same `up`, so its cutover comes first.
 */
export function earlyCutovers(olds: Waves | undefined, news: Waves): EarlyCutover[] {
  if (olds === undefined || samePatterns(olds.mirror, news.mirror) || news.phase === "cleanup") return [];
  const before = new Map(partsOf(olds).map((part) => [part.wave, part.phase]));
  return partsOf(news)
    .filter((is) => is.wayBack !== undefined && is.phase === "cutover" && before.get(is.wave) !== "cutover")
    .map((is) => ({ where: nameOf(is), before: scoped(olds.mirror, is), after: scoped(news.mirror, is) }));
}

/** @param onOrigin the names of all visible topics of the origin */
export function earlyProblems(cutovers: readonly EarlyCutover[], onOrigin: readonly string[]): string[] {
  return cutovers.flatMap(({ where, before, after }): string[] => {
    const copied = new Set(selectTopics(onOrigin, before));
    const fresh = selectTopics(onOrigin, after).filter((topic) => !copied.has(topic) && !isHeartbeats(after, topic));
    if (fresh.length === 0) return [];
    return [
      `${where} has a way back, and the mirror does not copy ${someOf(fresh, 5)} yet, because its patterns change in ` +
        "this up: run `pulumi up` with the new patterns before the cutover",
    ];
  });
}

const nameOf = ({ wave }: Declared): string => (wave === undefined ? "the migration" : `wave ${wave}`);

/** The mirror gets the topics of a returned part only when its return mirror is gone. */
const staysOut = ({ phase, wayBack }: Declared): boolean =>
  phase === "returned" || (phase === "cutover" && wayBack !== undefined);

const isSame = (was: Declared, is: Declared): boolean =>
  was.topics === is.topics && (was.groups ?? "") === (is.groups ?? "");

/** @param onOrigin the names of all visible topics of the origin */
export function wayProblems(ways: readonly OpenWay[], onOrigin: readonly string[]): string[] {
  const there = new Set(onOrigin);
  return ways.flatMap(({ where, was, configTopic, lost }): string[] => {
    if (!there.has(configTopic)) return [];
    const since = was === "returned" ? "its return has not ended" : "its way back is open";
    if (lost === undefined)
      return [
        `${where}: ${since} (topic ${configTopic} is on the origin), so its topics could get into both mirrors, which ` +
          "is an endless loop: set its phase to returned, with wayBack true and its topics and groups as they were, " +
          "and run `pulumi up` until it succeeds",
      ];
    const selected = new Set(selectTopics(onOrigin, lost.after));
    const gone = selectTopics(onOrigin, lost.before).filter(
      (topic) => !selected.has(topic) && !isHeartbeats(lost.before, topic),
    );
    if (gone.length === 0) return [];
    return [
      `${where}: ${since}, and the mirror's patterns no longer select ${someOf(gone, 5)}: what clients write there on ` +
        "the target would not come back; select them again, or change the patterns when the part has returned",
    ];
  });
}
