import type { Phase } from "../model";
import { type DeclaredWave, isUnderWay, type Waves } from "./waves";

const ALLOWED: Partial<Record<Phase, readonly Phase[]>> = {
  mirror: ["consumers", "cutover"],
  consumers: ["mirror", "cutover"],
  cutover: ["mirror", "returned"],
  returned: ["mirror", "consumers", "cutover"],
};

/**
 * What is wrong with the change from the last `up`, as far as the program alone shows it: phases that cannot follow
 * each other, and waves that are under way and were removed or changed.
 */
export function changeProblems(olds: Waves | undefined, news: Waves): string[] {
  // After a clean-up nothing of the migration exists any more.
  if (olds === undefined || olds.phase === "cleanup") return tooEarly(news);
  const now = new Map(news.waves.map((wave) => [wave.name, wave]));
  const before = new Set(olds.waves.map(({ name }) => name));
  return [
    ...partProblem(news.waves.length === 0 ? "the migration" : "outside the waves", olds, news),
    ...cleanedUpTooEarly(olds, news),
    ...news.waves.filter(({ name }) => !before.has(name)).flatMap((wave) => notYet(`wave ${wave.name}`, wave)),
    ...olds.waves.flatMap((was): string[] => {
      const is = now.get(was.name);
      if (is === undefined) {
        return isUnderWay(was.phase)
          ? [`wave ${was.name} is in phase ${was.phase} and was removed: ${wayToChange(was)}`]
          : [];
      }
      const problems = partProblem(`wave ${was.name}`, was, is);
      for (const key of ["topics", "groups"] as const) {
        const [before, after] = [was[key] ?? "", is[key] ?? ""];
        if (isUnderWay(was.phase) && before !== after)
          problems.push(
            `wave ${was.name} is in phase ${was.phase}, but its ${key} changed from "${before}" to "${after}": ` +
              wayToChange(was),
          );
      }
      return problems;
    }),
  ];
}

type PartPhase = Pick<DeclaredWave, "phase" | "wayBack">;

/** With a way back a wave cannot simply go to phase `mirror`. */
function wayToChange({ phase, wayBack }: PartPhase): string {
  if (phase !== "cutover" || wayBack === undefined) return "set its phase to mirror and run `pulumi up` first";
  return wayBack
    ? "set its phase to returned and run `pulumi up` first"
    : "its way back was ended, so keep it as it is until the clean-up";
}

/** The mirror has to copy before a part with a way back is cut over: its topics leave the mirror in the same `up`. */
const tooEarly = (news: Waves): string[] => [
  ...(news.waves.length === 0 ? notYet("the migration", news) : []),
  ...news.waves.flatMap((wave) => notYet(`wave ${wave.name}`, wave)),
];

/** The clean-up only asks the gates. It moves no group, and it deletes the mirror that a wave needs for its cutover. */
function cleanedUpTooEarly(olds: Waves, news: Waves): string[] {
  if (news.phase !== "cleanup") return [];
  const before = new Map(olds.waves.map(({ name, phase }) => [name, phase]));
  return news.waves.flatMap(({ name }) => {
    const was = before.get(name);
    if (was === "cutover") return [];
    return [
      `wave ${name} was not cut over yet (${was === undefined ? "it is new" : `its last phase was ${was}`}), and the ` +
        "clean-up removes its mirror: run `pulumi up` with the wave in phase cutover first, and set phase to cleanup " +
        "after that",
    ];
  });
}

function notYet(part: string, { phase, wayBack }: PartPhase): string[] {
  if (phase === "returned") return [`${part}: phase returned is only possible after cutover; go to mirror first`];
  if (phase === "cutover" && wayBack === false) return [nothingToEnd(part)];
  if (phase !== "cutover" || wayBack === undefined) return [];
  return [`${part} has a way back and was not copied yet: run \`pulumi up\` in phase mirror first`];
}

/** What is wrong with the change of one part: its phase and its way back. */
function partProblem(part: string, was: PartPhase, is: PartPhase): string[] {
  const problems = phaseProblem(part, was.phase, is.phase);
  // Its topics would leave the mirror for good, as if records had come back.
  if (is.phase === "cutover" && is.wayBack === false && (was.phase !== "cutover" || was.wayBack === undefined))
    problems.push(nothingToEnd(part));
  if (was.phase !== "cutover" || is.phase === "cleanup") return problems;
  if (is.phase === "mirror" && was.wayBack !== undefined)
    return [
      `${part} was cut over with a way back, so phase mirror would copy to the target what came back from it: ` +
        (was.wayBack ? "go to phase returned first" : "its way back was ended, so it stays on the target"),
    ];
  if (is.phase === "cutover" && is.wayBack === true && was.wayBack !== true)
    problems.push(`${part} was cut over without a way back: set wayBack to true before the cutover`);
  if (is.phase === "cutover" && is.wayBack === undefined && was.wayBack !== undefined)
    problems.push(
      `${part} was cut over with a way back: set wayBack to false to end it, and keep it until the clean-up`,
    );
  if (is.phase === "returned" && was.wayBack !== true)
    problems.push(`${part} has no way back that is open, so it cannot return`);
  return problems;
}

function phaseProblem(part: string, was: Phase, is: Phase): string[] {
  if (was === is || ALLOWED[was]?.includes(is) === true) return [];
  if (is === "cleanup" && was !== "consumers") return [];
  if (is === "returned") return [`${part}: phase returned is only possible after cutover, and it was ${was}`];
  return [
    `${part}: phase ${was} cannot be followed by ${is}; go to ${was === "consumers" ? "cutover" : "mirror"} first`,
  ];
}

const nothingToEnd = (part: string): string =>
  `${part} has wayBack false, which ends a way back, but none was opened: remove wayBack, or set it to true before ` +
  "the cutover";
