import { type OpenKafka, withCluster } from "../clusters";
import { isMigrationError, MigrationError } from "../errors";
import type { KafkaPort } from "../kafka/port";
import type { MigrationModel, MirrorModel } from "../model";
import type { OffsetOptions } from "../offsets";
import { chooseGroups } from "../offsets/commitments";
import { wholeMirror } from "../parts";
import { earlyCutovers, earlyProblems, openWays, wayProblems } from "./open-ways";
import { changeProblems } from "./wave-changes";
import { declaresOthers, goesForward, partProblems, type WaveFacts, type Waves } from "./waves";

type GroupChoice = Pick<OffsetOptions, "groups" | "excludeGroups">;

/** Groups whose offsets are held in memory at a time. A group can have an offset on every partition. */
const AT_A_TIME = 500;

/**
 * Checks the waves of a migration. Reads the origin only if the program declares other waves than before, if a part
 * begins to move, or if a part may still have a return mirror that this program does not expect. Changes nothing.
 * @param news its `mirror` is the whole mirror
 * @param olds as of the last `up`; undefined: the first one
 * @param options groups that move in addition to those of the mirror's pattern, and groups that do not
 * @throws MigrationError WAVES_REFUSED with every problem
 */
export async function checkWaves(
  model: MigrationModel,
  news: Waves,
  olds: Waves | undefined,
  options: GroupChoice,
  open?: OpenKafka,
): Promise<void> {
  const problems = changeProblems(olds, news);
  // Those of a cutover are in the list already.
  const ways = openWays(olds, news).filter(({ was, lost }) => lost !== undefined || was === "returned");
  const inWaves = news.waves.length > 0 || (olds?.waves.length ?? 0) > 0;
  const mustLook = inWaves && news.phase !== "cleanup" && (declaresOthers(olds, news) || goesForward(olds, news));
  const early = earlyCutovers(olds, news);
  const look = async (origin: KafkaPort): Promise<string[]> => {
    const facts = mustLook ? await readWaveFacts(origin, news.mirror, options) : { topics: await origin.listTopics() };
    return [
      ...wayProblems(ways, facts.topics),
      ...earlyProblems(early, facts.topics),
      ...("groups" in facts ? partProblems(facts, news, olds) : []),
    ];
  };
  if (mustLook || ways.length + early.length > 0)
    problems.push(
      ...(await withCluster(model, "origin", look, open).catch((error: unknown) => {
        // What the program alone shows is enough to refuse.
        if (problems.length === 0 || !isMigrationError(error)) throw error;
        return [];
      })),
    );
  refuse(problems);
}

/**
 * Checks an abandoned migration, for which nothing else is asked: no topic may get into both mirrors.
 * @throws MigrationError WAVES_REFUSED; the errors of the origin, unless no part has a way back
 */
export async function checkOpenWays(
  model: MigrationModel,
  news: Waves,
  olds: Waves | undefined,
  open?: OpenKafka,
): Promise<void> {
  const ways = openWays(olds, news).filter(({ lost }) => lost === undefined);
  if (ways.length === 0) return;
  refuse(wayProblems(ways, await withCluster(model, "origin", (origin) => origin.listTopics(), open)));
}

/** @throws MigrationError WAVES_REFUSED */
function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new MigrationError("WAVES_REFUSED", "the waves cannot be used as they are declared; nothing was changed", {
    details: [...problems],
    fix:
      "correct each line: a topic and the groups that read it belong to one wave. `kafka-migration plan` shows what " +
      "belongs together; splitGroups accepts a group, by its name, in several waves",
  });
}

/** Two lists, and the committed offsets of the groups that move. */
export async function readWaveFacts(origin: KafkaPort, mirror: MirrorModel, options: GroupChoice): Promise<WaveFacts> {
  const [topics, listed] = await Promise.all([origin.listTopics(), origin.listGroups()]);
  const { chosen } = chooseGroups(listed, wholeMirror(mirror), options);
  const groups = new Map<string, string[]>();
  for (let from = 0; from < chosen.length; from += AT_A_TIME) {
    const offsets = await origin.groupOffsets(chosen.slice(from, from + AT_A_TIME));
    for (const group of chosen.slice(from, from + AT_A_TIME)) {
      const committed = (offsets.get(group) ?? []).filter((o) => o.offset >= 0n);
      groups.set(group, [...new Set(committed.map((o) => o.topic))]);
    }
  }
  return { topics, groups, listed: listed.map(({ groupId }) => groupId) };
}
