import { MigrationError } from "../../engine/errors";
import { durationText, someOf } from "../../engine/units";
import type { JobApi } from "./api";
import type { JobState } from "./state";
import type { VerifyJob } from "./types";

/** Makes the error. It may ask the API server for the reason. */
type Problem = (api: JobApi, job: VerifyJob) => Promise<MigrationError>;

/** Reasons for which Kubernetes tries again for ever, although only a person can help. */
const IMAGE = ["ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull"];

/** No node can ever pull such an image, and clients wait meanwhile. */
const NEVER = "InvalidImageName";
const UNSCHEDULABLE = "Unschedulable";

/**
 * Finds pods that do not start. Their times are those of this machine: the clocks of the cluster may differ.
 * @returns a function that takes each look at the Job. It returns undefined as long as there is hope
 */
export function stuck(limitMs: number): (state: JobState, now: number) => Problem | undefined {
  const since = new Map<string, number>();
  return ({ waiting, running, hasPods }, now) => {
    // A pod for which there is no place now gets that of one that runs.
    const hopeless = waiting.filter(({ reason }) => running === 0 || reason !== UNSCHEDULABLE);
    const names = hasPods ? hopeless.map(({ pod }) => pod) : [NO_POD];
    for (const name of since.keys()) if (!names.includes(name)) since.delete(name);
    for (const name of names) if (!since.has(name)) since.set(name, now);
    const never = new Set(waiting.filter(({ reason }) => reason === NEVER).map(({ pod }) => pod));
    const late = names.filter((name) => never.has(name) || now - since.get(name)! >= limitMs);
    if (late.length === 0) return undefined;
    if (!hasPods) return (api, job) => noPods(api, job, limitMs);
    const found = hopeless.filter(({ pod }) => late.includes(pod));
    return async (_api, job) => notStarted(job, found, limitMs);
  };
}

const NO_POD = "";

async function noPods(api: JobApi, { namespace, name }: VerifyJob, limitMs: number): Promise<MigrationError> {
  const reasons = await api.events();
  return new MigrationError(
    "VERIFY_JOB_NO_PODS",
    `Job ${namespace}/${name} has no pod after ${durationText(limitMs)}`,
    {
      details: [...new Set(reasons)].slice(0, 5),
      fix:
        `check the quotas, limit ranges and admission rules of namespace ${namespace} (kubectl describe job ${name} ` +
        `-n ${namespace}); verify.resources, verify.template and verify.parallelism change the pods`,
    },
  );
}

function notStarted({ image }: VerifyJob, waiting: JobState["waiting"], limitMs: number): MigrationError {
  const reasons = waiting.map(({ reason }) => reason);
  const when = reasons.includes(NEVER) ? "cannot start" : `did not start within ${durationText(limitMs)}`;
  const isImage = reasons.some((reason) => IMAGE.includes(reason));
  const isNode = reasons.includes(UNSCHEDULABLE);
  return new MigrationError(
    isImage ? "VERIFY_JOB_IMAGE" : isNode ? "VERIFY_JOB_UNSCHEDULABLE" : "VERIFY_JOB_PENDING",
    `${someOf(
      waiting.map(({ pod }) => pod),
      3,
    )} ${when}`,
    {
      details: [...new Set(waiting.map(({ text }) => text))].slice(0, 5),
      fix: isImage
        ? `make ${image} available to the nodes, or set verify.image; for a registry with a login set ` +
          "spec.imagePullSecrets in verify.template"
        : isNode
          ? "ask for less in verify.resources, lower verify.parallelism, or set spec.nodeSelector or spec.tolerations " +
            "in verify.template"
          : "read the events of the pods with kubectl describe, correct the cause, then run `pulumi up` again",
    },
  );
}
