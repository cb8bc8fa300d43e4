import { createHash } from "node:crypto";
import { MigrationError } from "../../engine/errors";
import type { Connection, MigrationModel, Side } from "../../engine/model";
import { defined } from "../../engine/objects";
import { bytesText } from "../../engine/units";
import { comparedBy, type VerifyOptions } from "../../engine/verify";
import { OWNER_ANNOTATION } from "../owner";
import { CONTAINER, type VerifyJob } from "./types";

/**
 * Annotation of the Job: what its pods compare, and how. A killed `up` continues only with a Job that does the same.
 * After a correction of `verify.template` or of the limit, the old pods would go on without it.
 */
export const COMPARES_ANNOTATION = "pulumi-kafka-migration/compares";
/** Label that the Job controller puts on each pod of a Job (all versions of Kubernetes with Indexed Jobs). */
export const JOB_LABEL = "job-name";
/** Annotation of each pod of an Indexed Job: its number, from 0. */
export const INDEX_ANNOTATION = "batch.kubernetes.io/job-completion-index";

const MODEL_PATH = "/etc/kafka-migration";
const MODEL_KEY = "model.json";
/** Largest Secret, in bytes (Kubernetes: 1 MiB). */
const LARGEST_SECRET = 1_048_576;
/** How often a share runs again if its pod fails. Evicted pods do not count. */
const RETRIES = 2;

/** What a Job compares. */
export interface Comparison {
  model: MigrationModel;
  options: VerifyOptions;
  /** When the gate passed, ISO 8601. */
  gatePassedAt?: string;
}

/**
 * Digest of the comparison, of its division and of its pods, in hex. It says nothing about passwords. What a Job can
 * change while it runs is not part of it.
 */
export function digestOf({ model, options, gatePassedAt }: Comparison, job: VerifyJob): string {
  const { mirror, recorded = {}, proved = {} } = model;
  const { completions, image, resources, template, bootstrapServers } = job;
  const { throttleBytesPerSecond, threads } = optionsOfAll(options, job);
  const pods = { image, resources, template, bootstrapServers, throttleBytesPerSecond, threads };
  const parts = [gatePassedAt ?? "", comparedBy(options), mirror, recorded, proved, completions, pods];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/**
 * Returns the options for the pods, of which `together` read at the same time. Each of them divides the limit by the
 * number of all shares (`compareShard`).
 */
export function optionsOfPods(
  { throttleBytesPerSecond: limit, ...options }: VerifyOptions,
  { completions }: VerifyJob,
  together: number,
): VerifyOptions {
  return limit === undefined
    ? options
    : { ...options, throttleBytesPerSecond: Math.floor((limit * completions) / together) };
}

/** The options for pods of which as many read at the same time as the Job allows. */
const optionsOfAll = (options: VerifyOptions, job: VerifyJob): VerifyOptions =>
  optionsOfPods(options, job, Math.min(job.parallelism, job.completions));

/**
 * The Secret with what a pod needs: a model file of the command line.
 * @throws MigrationError VERIFY_JOB_TOO_LARGE
 */
export function secretText({ model, options, gatePassedAt }: Comparison, job: VerifyJob, jobUid?: string) {
  const { origin, target, mirror, recorded, proved } = model;
  // The pods have no place for a file that outlives them.
  const { resumeFile: _, ...verify } = optionsOfAll(options, job);
  const file = JSON.stringify({
    origin: fromPods(origin, job.bootstrapServers.origin),
    target: fromPods(target, job.bootstrapServers.target),
    mirror,
    ...defined({ recorded, proved, gatePassedAt }),
    options: { verify },
  });
  const size = Buffer.byteLength(file);
  if (size > LARGEST_SECRET)
    throw new MigrationError(
      "VERIFY_JOB_TOO_LARGE",
      `the model for the Job ${job.namespace}/${job.name} has ${bytesText(size)}, and a Secret holds ` +
        `${bytesText(LARGEST_SECRET)} at most: the migration has too many topics`,
      { fix: "divide the migration into waves, or set verify.runOn to here" },
    );
  return {
    apiVersion: "v1",
    kind: "Secret" as const,
    metadata: {
      ...metadataOf(job),
      // Whatever deletes the Job (also its time to live) deletes the passwords.
      ...(jobUid === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name: job.name, uid: jobUid }] }),
    },
    type: "Opaque",
    data: { [MODEL_KEY]: Buffer.from(file).toString("base64") },
  };
}

/** The Job. Its text contains no secret. */
export function jobText(comparison: Comparison, job: VerifyJob, retriesEachIndex: boolean) {
  const { metadata, ...pod } = merged(podText(job), job.template ?? {}) as Record<string, unknown>;
  return {
    apiVersion: "batch/v1",
    kind: "Job" as const,
    metadata: { ...metadataOf(job, { [COMPARES_ANNOTATION]: digestOf(comparison, job) }) },
    spec: {
      completionMode: "Indexed",
      completions: job.completions,
      parallelism: job.parallelism,
      activeDeadlineSeconds: job.limitSeconds,
      // A week after its end. An `up` that was killed has collected the results by then.
      ttlSecondsAfterFinished: 604_800,
      ...(retriesEachIndex
        ? {
            backoffLimitPerIndex: RETRIES,
            // Without the result of one share the others are worth nothing, and clients wait.
            maxFailedIndexes: 0,
            podFailurePolicy: {
              // An evicted or preempted pod, or one of a lost node, is not a failure of the share.
              rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
            },
          }
        : { backoffLimit: RETRIES * job.completions }),
      template: { metadata: metadata ?? {}, ...pod },
    },
  };
}

function podText({ name, image, completions, resources }: VerifyJob) {
  const container = {
    name: CONTAINER,
    image,
    args: [
      "verify",
      "--model",
      `${MODEL_PATH}/${MODEL_KEY}`,
      "--shards",
      String(completions),
      "--termination-message",
      "/dev/termination-log",
    ],
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "FallbackToLogsOnError",
    ...defined({ resources }),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [{ name: "model", mountPath: MODEL_PATH, readOnly: true }],
  };
  return {
    metadata: { labels: { "app.kubernetes.io/name": "kafka-migration", "app.kubernetes.io/component": "verify" } },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [container],
      volumes: [{ name: "model", secret: { secretName: name } }],
    },
  };
}

const metadataOf = ({ namespace, name, owner }: VerifyJob, annotations: Record<string, string> = {}) => ({
  name,
  namespace,
  annotations: { [OWNER_ANNOTATION]: owner, ...annotations },
});

/** Another address may need another name in the broker's certificate. */
function fromPods({ renew: _, tls, ...connection }: Connection, bootstrapServers: string): Connection {
  if (connection.bootstrapServers === bootstrapServers) return { ...connection, ...defined({ tls }) };
  const { serverName: _name, ...rest } = tls ?? {};
  return { ...connection, bootstrapServers, ...(tls === undefined ? {} : { tls: rest }) };
}

/** Logins that a pod cannot use, by side. */
export function unusableInPods(model: Pick<MigrationModel, Side>): Side[] {
  return (["origin", "target"] as const).filter((side) => "tokenFile" in (model[side].sasl ?? {}));
}

type Named = { name: string };
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const areNamed = (value: unknown): value is (Named & Record<string, unknown>)[] =>
  Array.isArray(value) && value.every((one) => isObject(one) && typeof one.name === "string");

/** Merges as Kubernetes does: objects by key, lists of named objects by name. Any other value replaces. */
export function merged(own: unknown, more: unknown): unknown {
  if (isObject(own) && isObject(more)) {
    const keys = [...new Set([...Object.keys(own), ...Object.keys(more)])];
    return Object.fromEntries(keys.map((key) => [key, key in more ? merged(own[key], more[key]) : own[key]]));
  }
  if (areNamed(own) && areNamed(more)) {
    const added = more.filter(({ name }) => own.every((one) => one.name !== name));
    return [...own.map((one) => merged(one, more.find(({ name }) => name === one.name) ?? {})), ...added];
  }
  return more === undefined ? own : more;
}
