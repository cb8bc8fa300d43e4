import { isDeepStrictEqual } from "node:util";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileBase } from "../../engine/report/write";
import { comparedBy, requireEqual, verifyCopy, type VerifyOptions, type VerifyResult } from "../../engine/verify";
import type { MirrorModel, ProvedEnds } from "../../engine/model";
import { defined } from "../../engine/objects";
import { waveOf } from "../../engine/parts";
import type { Progress } from "../../engine/progress";
import type { KubernetesAccess } from "../kubernetes/kubeconfig";
import { askForJob, compareInJob, isJobLeft, removeJob } from "../verify-job/run";
import type { VerifyJob } from "../verify-job/types";
import { againFenced, behindFence, type FencedInputs } from "./fenced";
import { defineStep } from "./framework";
import { endWatch, watchGroups } from "./idle-groups";
import {
  isCopying,
  isDefined,
  modelOf,
  now,
  type PhaseChange,
  phaseChange,
  type PhasedInputs,
  reportFolder,
  type ReportLocation,
  sameGate,
  sameTopics,
} from "./inputs";

export interface VerificationInputs extends PhasedInputs, FencedInputs {
  options: VerifyOptions;
  abandon: boolean;
  /**
   * Location of the file in which an interrupted `up` leaves its progress for the next one. Absent (an older state):
   * none.
   */
  resume?: ReportLocation;
  /** Compare in a Job on Kubernetes. Absent: compare here. */
  job?: VerifyJob;
  /** The Kubernetes cluster of the Job. */
  kubernetes?: KubernetesAccess;
}

export interface VerificationOutputs {
  verifiedAt: string | null;
  result: VerifyResult | null;
  /** Where both sides ended after the last return. The next cutover verifies from there. */
  provedEnds?: ProvedEnds;
}

const none: VerificationOutputs = { verifiedAt: null, result: null };

/** Each wave has its own file: an interrupted verification of one must not be continued by another. */
function resumeFile(location: ReportLocation, mirror: MirrorModel): string {
  const wave = waveOf(mirror);
  const base = fileBase(location.name);
  return join(reportFolder(location), `${base}${wave === undefined ? "" : `.wave-${wave}`}.verification.jsonl`);
}

async function verify(
  inputs: VerificationInputs,
  progress: Progress,
  kept: Pick<VerificationOutputs, "provedEnds"> = {},
): Promise<VerificationOutputs> {
  if (inputs.abandon || inputs.options.mode === "none") return { ...none, ...kept };
  const result = await behindFence(inputs, progress, (lost) =>
    compare({ ...inputs, proved: kept.provedEnds ?? null }, progress, lost),
  );
  await forget(inputs);
  return { verifiedAt: now(), result, ...kept };
}

/**
 * In a cutover, the groups move next. If the gate passed in an earlier `up`, nothing has watched yet when they stop.
 */
async function verifyFirst(...args: Parameters<typeof verify>): Promise<VerificationOutputs> {
  const model = modelOf(args[0]);
  watchGroups(model);
  try {
    return await verify(...args);
  } catch (error) {
    endWatch(model);
    throw error;
  }
}

async function compare(inputs: VerificationInputs, progress: Progress, lost?: AbortSignal): Promise<VerifyResult> {
  const { options, job, kubernetes = {}, gatePassedAt } = inputs;
  const model = modelOf(inputs);
  if (job === undefined) return verifyCopy(model, { ...options, ...(await memory(inputs, progress)) }, progress, lost);
  const comparison = { model, options, ...(isDefined(gatePassedAt) ? { gatePassedAt } : {}) };
  return requireEqual(await compareInJob(comparison, job, kubernetes, progress, lost));
}

/** Deletes what a killed cutover left, and asks the API server about the Job before anybody waits for it. */
async function ask(
  { job, kubernetes = {}, options, ...inputs }: VerificationInputs,
  progress: Progress,
): Promise<void> {
  if (job === undefined || inputs.abandon || !isCopying(inputs.phase)) return;
  await askForJob({ model: modelOf(inputs), options }, job, kubernetes, progress);
}

/** Deletes the Job of a comparison that was killed and is not wanted any more. */
async function forgetJob(
  { job, kubernetes = {} }: Pick<VerificationInputs, "job" | "kubernetes">,
  progress: Progress,
): Promise<void> {
  if (job !== undefined) await removeJob(job, kubernetes, progress);
}

/** If the folder cannot be created, we only lose the ability to resume. */
export async function memory(
  { resume, mirror }: Pick<VerificationInputs, "resume" | "mirror">,
  progress: Progress,
): Promise<Pick<VerifyOptions, "resumeFile">> {
  if (resume === undefined) return {};
  const file = resumeFile(resume, mirror);
  try {
    await mkdir(dirname(file), { recursive: true });
    return { resumeFile: file };
  } catch (error) {
    progress.warn(`an interrupted verification would start from the beginning: ${(error as Error).message}`);
    return {};
  }
}

export async function forget({ resume, mirror }: Pick<VerificationInputs, "resume" | "mirror">): Promise<void> {
  if (resume !== undefined) await rm(resumeFile(resume, mirror), { force: true }).catch(() => {});
}

function changeOf(olds: VerificationInputs & VerificationOutputs, news: VerificationInputs): PhaseChange {
  const done = (isDefined(olds.verifiedAt) || olds.options.mode === "none") && sameTopics(olds, news);
  return phaseChange({ phase: olds.phase, done }, news.phase);
}

const placeOf = (job: VerifyJob | undefined) => [job?.namespace, job?.name];

/** Returns true if the wanted comparison differs from the one that ran. The old result is then not valid. */
const asksMore = (olds: VerificationInputs, news: VerificationInputs): boolean =>
  news.phase === "cutover" && !isDeepStrictEqual(comparedBy(olds.options), comparedBy(news.options));

/** Compares both sides after the gate has passed. A difference fails the `up` before any offset is moved. */
export const verificationStep = defineStep<VerificationInputs, VerificationOutputs>("verification", {
  outputs: { verifiedAt: true, result: true },

  /** A cutover that was killed is not in the state. Its Job may still run. */
  async isOutdated({ job, kubernetes = {}, phase }, progress) {
    if (job === undefined || !isCopying(phase)) return false;
    const isLeft = await isJobLeft(job, kubernetes).catch(() => false);
    if (isLeft) progress.info(`Job ${job.namespace}/${job.name} of an interrupted cutover is still there`);
    return isLeft;
  },

  async describeUpdate(olds, news, progress) {
    if (news.abandon || changeOf(olds, news) !== "none" || !asksMore(olds, news)) return;
    progress.info(
      news.options.mode === "none"
        ? "the result is removed, because the mode is now none"
        : "both sides are compared again, because the options changed",
    );
  },

  async create(inputs, progress) {
    if (inputs.phase === "cutover") return verifyFirst(inputs, progress);
    await ask(inputs, progress);
    return none;
  },

  async update(olds, news, progress) {
    const { verifiedAt, result } = olds;
    const kept = defined({ provedEnds: news.proved ?? olds.provedEnds ?? undefined });
    // A Job at another place is not found any more afterwards.
    if (olds.job !== undefined && !isDeepStrictEqual(placeOf(olds.job), placeOf(news.job)))
      await forgetJob(olds, progress);
    switch (changeOf(olds, news)) {
      case "cutover":
        return verifyFirst(news, progress, kept);
      case "roll-back":
        await forget(news);
        await forgetJob(olds, progress);
        return { ...none, ...kept };
      default:
        await ask(news, progress);
        return asksMore(olds, news)
          ? verify(sameGate(olds, news) ? againFenced(news) : news, progress, kept)
          : { verifiedAt, result, ...kept };
    }
  },

  async remove(state, progress) {
    await forget(state);
    await forgetJob(state, progress);
  },

  optional: ["fenceOptions", "job"],
  immaterial: ["resume", "gateEnds", "topicIds", "proved", "kubernetes"],
});
