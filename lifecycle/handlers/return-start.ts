import { withClusters } from "../../engine/clusters";
import { describeMirrorGroup } from "../../engine/cleanup/gone";
import { ConnectStateReader } from "../../engine/connect-state";
import { isMigrationError, MigrationError } from "../../engine/errors";
import type { TopicEnds } from "../../engine/fence";
import { partitionKey } from "../../engine/log/partition";
import type { MirrorModel } from "../../engine/model";
import type { Progress } from "../../engine/progress";
import { isHeartbeats, selectTopics, topicRule } from "../../engine/selection";
import { countText, someOf } from "../../engine/units";
import { waitUntilExcluded } from "../../engine/way-back/excluded";
import { returnMirror } from "../../engine/way-back/model";
import { writeSourceOffsets } from "../../engine/way-back/source-offsets";
import { defineStep } from "./framework";
import { isDefined, modelOf, now, type StepInputs } from "./inputs";
import { checkOrigin } from "./last-check";

export interface ReturnStartInputs extends StepInputs {
  abandon: boolean;
  /** End offsets of the target when the gate passed, by topic. Null: it has not passed. */
  targetEnds: TopicEnds | null;
  /** End offsets of the origin when the gate passed. Absent: it is not checked whether somebody wrote there since. */
  gateEnds?: TopicEnds | null;
  /** The cutover closed the origin. */
  fence?: boolean;
  /** Longest wait until the mirror copies none of the part's topics any more. Default 300. */
  limitSeconds?: number;
}

export interface ReturnStartOutputs {
  /** When the offsets were written, ISO 8601. */
  startedAt: string | null;
}

const LIMIT_SECONDS = 300;

/**
 * Waits until the mirror has really left the part's topics, and only then writes where the return mirror starts: where
 * the target ended at the gate. Everything before is a copy of what the origin has. What clients wrote since then comes
 * back. The return mirror is created after this.
 */
async function start(inputs: ReturnStartInputs, progress: Progress): Promise<ReturnStartOutputs> {
  const { targetEnds } = inputs;
  // Without them the return mirror would copy everything from the beginning.
  if (!isDefined(targetEnds)) throw unproved();
  const model = modelOf(inputs);
  const { mirror } = model;
  const skip = topicRule(mirror);
  const limitMs = (inputs.limitSeconds ?? LIMIT_SECONDS) * 1000;
  await withClusters(
    model,
    async ({ origin, target }) => {
      await waitUntilExcluded(
        target,
        mirror,
        (topic) => skip(topic) === undefined && !isHeartbeats(mirror, topic),
        { limitMs, topics: Object.keys(targetEnds) },
        progress,
      );
      const back = returnMirror(mirror);
      const { offsets } = await new ConnectStateReader(origin, back).read();
      // Before the return mirror has ever run, clients have created no topics on the target.
      if (offsets.size === 0) requireCopies(await target.listTopics(), back, targetEnds);
      const ends = Object.entries(targetEnds)
        .flatMap(([topic, list]) => list.map((end, partition) => ({ topic, partition, end: BigInt(end) })))
        // A return mirror that has started has later offsets.
        .filter((p) => Number(p.end) - 1 > (offsets.get(partitionKey(p)) ?? -1));
      if (ends.length === 0) return;
      const { members } = await describeMirrorGroup(origin, back);
      if (members.length > 0) throw running(back.groupId, ends.length);
      // Nothing copies such records any more, and no later step can tell them from those that come back.
      await checkOrigin({ ...inputs, phase: "cutover" }, progress).catch((error: unknown) => {
        throw isMigrationError(error) && error.code === "FENCE_BREACHED" ? tooLate(error) : error;
      });
      await writeSourceOffsets({ origin: target, target: origin }, back, ends, progress, { stopped: true });
      progress.info(`${countText(ends.length, "partition")} will come back from where the target ended at the gate`);
    },
    undefined,
    { progress },
  );
  return { startedAt: now() };
}

/** The target may have had topics of its own that the pattern selects. Their records must not get to the origin. */
function requireCopies(onTarget: readonly string[], back: MirrorModel, ends: TopicEnds): void {
  const others = selectTopics(onTarget, back).filter(
    (topic) => !Object.hasOwn(ends, topic) && !isHeartbeats(back, topic),
  );
  if (others.length === 0) return;
  throw new MigrationError(
    "WAY_BACK_OTHER_TOPICS",
    `the pattern "${back.topicsPattern}" also selects ${countText(others.length, "topic")} of the target that the origin ` +
      `does not have: ${someOf(others, 5)}; the return mirror would copy them to the origin. It was not started`,
    {
      fix:
        "set wayBack to false and run `pulumi up`: the part then stays on the target. Next time exclude these topics with " +
        "mirror.topicsExcludePattern, or narrow the pattern",
    },
  );
}

function tooLate({ code, seen, details }: MigrationError): MigrationError {
  const fix =
    "stop these producers; the mirror no longer copies what they write, so set the phase to returned, run " +
    "`pulumi up`, and cut over again";
  return new MigrationError(code, seen, { details, fix });
}

function unproved(): MigrationError {
  return new MigrationError("WAY_BACK_UNPROVED", "the gate did not pass, so it is not known what the origin has", {
    fix: "set wayBack to false, and run `pulumi up` again",
  });
}

/** The running mirror would overwrite its offsets, and copy records that the origin already has. */
function running(group: string, partitions: number): MigrationError {
  return new MigrationError(
    "RETURN_MIRROR_RUNS",
    `the return mirror (Connect group ${group} on the origin) runs, but does not know where ` +
      `${countText(partitions, "partition")} of the target ended at the gate`,
    {
      fix: "delete the return mirror's KafkaMirrorMaker2, wait until its pods are gone, and run `pulumi up --refresh`",
    },
  );
}

/** Writes the return mirror's offsets before its resource is created. */
export const returnStartStep = defineStep<ReturnStartInputs, ReturnStartOutputs>("return-start", {
  outputs: { startedAt: true },
  create: start,
  async update(olds, news, progress) {
    // An abandoned gate knows no ends. A return mirror that has started goes on.
    const goesOn = !isDefined(news.targetEnds) && isDefined(olds.startedAt);
    return goesOn ? { startedAt: olds.startedAt } : start(news, progress);
  },
  // The return mirror's internal topics have their own resources.
  async remove() {},
  immaterial: ["gatePassedAt", "topicIds", "gateEnds", "limitSeconds"],
});
