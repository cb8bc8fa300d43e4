import { setTimeout as pause } from "node:timers/promises";
import { isMigrationError, MigrationError } from "../../engine/errors";
import { defined } from "../../engine/objects";
import type { Progress } from "../../engine/progress";
import { countText, durationText } from "../../engine/units";
import { compareShard, mergeResults, type ShardResult, shardText, type VerifyResult } from "../../engine/verify";
import { packageVersion } from "../../engine/verify/package-version";
import type { KubernetesAccess } from "../kubernetes/kubeconfig";
import type { KubernetesObject } from "../kubernetes/reader";
import { fieldManagerOf, ownerOf, ownerText } from "../owner";
import { type JobApi, jobApi } from "./api";
import {
  COMPARES_ANNOTATION,
  type Comparison,
  digestOf,
  jobText,
  optionsOfPods,
  secretText,
  unusableInPods,
} from "./objects";
import { stuck } from "./stuck";
import { attemptTexts, type JobState, stateOf } from "./state";
import type { JobPlace, VerifyJob } from "./types";

/** Times in milliseconds. */
export interface JobTimes {
  /** Between two looks. Default 2,000. */
  everyMs?: number;
  /** Longest time in which a pod may fail to start, and in which the API server may not answer. Default 600,000. */
  startMs?: number;
}

/**
 * Compares both sides on several machines: an Indexed Job in the mirror's namespace. Continues with the Job of an
 * earlier run that compares the same. Deletes the Job, its pods and its Secret at the end, also after a failure.
 * @param lost aborted if the fence is lost: the comparison is then worthless
 * @returns what one machine would find
 * @throws MigrationError VERIFY_JOB_*, VERIFY_SHARDS, KUBERNETES_*
 */
export async function compareInJob(
  comparison: Comparison,
  job: VerifyJob,
  access: KubernetesAccess,
  progress: Progress,
  lost?: AbortSignal,
  times: JobTimes = {},
): Promise<VerifyResult> {
  refuseUnusable(comparison);
  const api = jobApi(access, job);
  const { everyMs = EVERY_MS, startMs = START_MS } = times;
  const wait: Wait = { everyMs, startMs, progress, lost };
  try {
    await startedJob(api, comparison, job, wait);
    const { found, durationMs } = await results(api, comparison, job, wait);
    const merged = mergeResults([...found].map(([index, result]) => ({ name: `share ${index + 1}`, result })));
    const { throttleBytesPerSecond } = comparison.options;
    // Fewer pods than shares at the same time take longer than the slowest share.
    const cost = { durationMs: Math.max(durationMs, merged.durationMs), ...defined({ throttleBytesPerSecond }) };
    return { ...merged, ...cost };
  } finally {
    await api.removeAll().catch((error: unknown) => {
      const why = isMigrationError(error) ? error.seen : (error as Error).message;
      progress.warn(`Job ${job.namespace}/${job.name} could not be deleted: ${why}; destroy tries it again`);
    });
  }
}

/** What is to be said long before the cutover needs the Job. */
const EARLY = ["VERIFY_JOB_REFUSED", "VERIFY_JOB_TAKEN"];

/**
 * Deletes what a killed cutover left. Then asks the API server with a dry run whether it would accept the Job, long
 * before the cutover needs it. If that cannot be determined, warns.
 * @throws MigrationError VERIFY_JOB_REFUSED, VERIFY_JOB_TAKEN
 */
export async function askForJob(
  comparison: Comparison,
  job: VerifyJob,
  access: KubernetesAccess,
  progress: Progress,
): Promise<void> {
  const api = jobApi(access, job);
  try {
    await removeLeft(api, job, progress);
    const [found, secret] = await Promise.all([api.job(), api.secret()]);
    if (found !== undefined) refuseForeign(found, job, "Job");
    if (secret !== undefined) refuseForeign(secret, job, "Secret");
    await api.apply(jobText(comparison, job, await api.retriesEachIndex()), fieldManagerOf(job.owner), "ask");
  } catch (error) {
    if (!isMigrationError(error) || EARLY.includes(error.code)) throw error;
    progress.warn(`it is not known whether the API server would accept the Job of the verification: ${error.seen}`);
  }
}

/** Deletes what a killed comparison left. Nothing is there: nothing happens. */
export async function removeJob(job: JobPlace, access: KubernetesAccess, progress: Progress): Promise<void> {
  await removeLeft(jobApi(access, job), job, progress);
}

async function removeLeft(api: JobApi, { namespace, name }: JobPlace, progress: Progress): Promise<void> {
  if (await api.isLeft()) progress.info(`Job ${namespace}/${name} of an interrupted cutover is deleted`);
  await api.removeAll();
}

/** True if a killed comparison left something. */
export const isJobLeft = (job: JobPlace, access: KubernetesAccess): Promise<boolean> => jobApi(access, job).isLeft();

function refuseUnusable({ model }: Comparison): void {
  const sides = unusableInPods(model);
  if (sides.length === 0) return;
  throw new MigrationError(
    "VERIFY_JOB_LOGIN",
    `the administrator of the ${sides.join(" and of the ")} logs in with tokenFile, a file of this machine that pods do not have`,
    { fix: "use tokenEndpoint, a password or a certificate for the administrator, or set verify.runOn to here" },
  );
}

interface Wait extends Required<JobTimes> {
  progress: Progress;
  lost: AbortSignal | undefined;
}

const sleep = async ({ everyMs, lost }: Wait): Promise<void> => {
  await pause(everyMs, undefined, lost === undefined ? {} : { signal: lost }).catch(() => lost?.throwIfAborted());
};

/** Asks again if the API server does not answer, e.g. because it is replaced. The pods go on meanwhile. */
async function patiently<T>(ask: () => Promise<T>, wait: Wait): Promise<T> {
  let since: number | undefined;
  for (;;) {
    wait.lost?.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!isMigrationError(error) || error.code !== "KUBERNETES_UNREACHABLE") throw error;
      if (since === undefined) wait.progress.warn(`${error.seen}; the pods go on, and it is asked again`);
      since ??= Date.now();
      if (Date.now() - since >= wait.startMs) throw error;
      await sleep(wait);
    }
  }
}

/** Returns when the Job exists, that of an earlier run or a new one. */
async function startedJob(api: JobApi, comparison: Comparison, job: VerifyJob, wait: Wait): Promise<void> {
  const { progress } = wait;
  const digest = digestOf(comparison, job);
  const found = await patiently(() => api.job(), wait);
  const manager = fieldManagerOf(job.owner);
  const text = async () => jobText(comparison, job, await api.retriesEachIndex());
  if (found !== undefined) {
    refuseForeign(found, job, "Job");
    if (annotationOf(found) === digest && found.metadata.deletionTimestamp === undefined) {
      progress.info(`continuing with Job ${job.namespace}/${job.name} of an interrupted run`);
      // Other logins, for pods that start from here on. Another limit of time or number of pods.
      await api.apply(secretText(comparison, job, String(found.metadata.uid)), manager);
      await api.apply(await text(), manager);
      return;
    }
    progress.info(`Job ${job.namespace}/${job.name} compares something else, or with other pods: it is deleted`);
    await api.removeAll();
  }
  const secret = await api.secret();
  if (secret !== undefined) refuseForeign(secret, job, "Secret");
  await api.apply(secretText(comparison, job), manager);
  const created = await api.apply(await text(), manager);
  await api.apply(secretText(comparison, job, String(created.metadata.uid)), manager);
  progress.info(
    `Job ${job.namespace}/${job.name} started: ${countText(job.completions, "machine")}, ${job.parallelism} at a time`,
  );
}

const annotationOf = ({ metadata }: KubernetesObject): string | undefined =>
  (metadata.annotations as Record<string, string> | undefined)?.[COMPARES_ANNOTATION];

function refuseForeign(object: KubernetesObject, { namespace, name, owner }: VerifyJob, kind: string): void {
  const holder = ownerOf(object);
  if (holder === owner) return;
  throw new MigrationError(
    "VERIFY_JOB_TAKEN",
    `${kind} ${namespace}/${name} is needed for the verification, but ${ownerText(holder)}; nothing was changed`,
    { fix: `delete it if nothing needs it (kubectl delete ${kind.toLowerCase()} ${name} -n ${namespace})` },
  );
}

const EVERY_MS = 2_000;
const START_MS = 600_000;

/** Waits for the Job, and returns the result of each share, by number from 0, and how long the Job took. */
async function results(
  api: JobApi,
  comparison: Comparison,
  job: VerifyJob,
  wait: Wait,
): Promise<{ found: Map<number, ShardResult>; durationMs: number }> {
  const { progress, lost } = wait;
  const found = new Map<number, ShardResult>();
  const began = Date.now();
  const waits = stuck(wait.startMs);
  let durationMs = 0;
  for (;;) {
    const state = await patiently(() => look(api, job), wait);
    // A pod can be deleted as soon as it has finished, so its result is kept at the first look.
    for (const [index, result] of state.results) if (!found.has(index)) keep(found, index, result, job, progress);
    durationMs = state.durationMs;
    if (state.end === "complete") break;
    if (state.end !== "running") throw failed(job, state, state.end.failed);
    const problem = waits(state, Date.now());
    if (problem !== undefined) throw await problem(api, job);
    await sleep(wait);
  }
  progress.info(
    `${found.size} of ${countText(job.completions, "result")} collected after ${durationText(Date.now() - began)}`,
  );
  for (let index = 0; index < job.completions; index++)
    if (!found.has(index)) found.set(index, await compareHere(index, comparison, job, progress, lost));
  return { found, durationMs };
}

async function look(api: JobApi, job: VerifyJob): Promise<JobState> {
  // The Job first: if it is complete, the pods that are read afterwards have finished.
  const object = await api.job();
  if (object === undefined)
    throw new MigrationError(
      "VERIFY_JOB_GONE",
      `Job ${job.namespace}/${job.name} was deleted while the verification waited for it`,
      { fix: "find out who deletes Jobs in this namespace, then run `pulumi up` again" },
    );
  return stateOf(object, await api.pods());
}

function keep(
  found: Map<number, ShardResult>,
  index: number,
  result: ShardResult | string,
  { image, namespace, name }: VerifyJob,
  progress: Progress,
): void {
  if (typeof result === "string")
    throw new MigrationError(
      "VERIFY_JOB_RESULT",
      `the pod of share ${index + 1} of Job ${namespace}/${name} succeeded, but its result cannot be used: ${result}`,
      {
        fix:
          `build ${image} of version ${packageVersion()} as docs/verification-job.md says, with the command ` +
          "kafka-migration as its entry point; verify.template must not change the container's command, args and " +
          "path of the termination message",
      },
    );
  if (result.version !== packageVersion())
    throw new MigrationError(
      "VERIFY_JOB_VERSION",
      `image ${image} has version ${result.version} of this package, and the stack uses ${packageVersion()}`,
      { fix: `build the image of version ${packageVersion()} (docs/verification-job.md) and set verify.image` },
    );
  found.set(index, result);
  progress.info(shardText(result));
}

/** The share of a pod that finished, but was deleted before its result was read. */
async function compareHere(
  index: number,
  { model, options, gatePassedAt }: Comparison,
  job: VerifyJob,
  progress: Progress,
  lost: AbortSignal | undefined,
): Promise<ShardResult> {
  const shard = { index: index + 1, of: job.completions };
  progress.warn(`the result of machine ${shard.index}/${shard.of} was deleted with its pod: comparing its share here`);
  const at = gatePassedAt === undefined ? {} : { gatePassedAt };
  return compareShard(model, optionsOfPods(options, job, 1), { shard, ...at }, progress, lost);
}

function failed({ namespace, name, limitSeconds }: VerifyJob, state: JobState, reason: string): MigrationError {
  const late = reason.startsWith("DeadlineExceeded");
  const shares = attemptTexts(state.attempts);
  return new MigrationError(
    late ? "VERIFY_JOB_LIMIT" : "VERIFY_JOB_FAILED",
    late
      ? `Job ${namespace}/${name} did not end within ${limitSeconds} s; ${state.finished.length} shares are finished`
      : `Job ${namespace}/${name} failed (${reason})`,
    {
      details: shares.length > 10 ? [...shares.slice(0, 10), `${shares.length - 10} more shares`] : shares,
      fix: late
        ? "use more machines (verify.completions and verify.parallelism), or a longer verify.limitSeconds"
        : "correct what the shares report (exit code 137 with OOMKilled: more memory in verify.resources), then run " +
          "`pulumi up` again",
    },
  );
}
