import { setTimeout as pause } from "node:timers/promises";
import { isMigrationError, MigrationError } from "../../engine/errors";
import type { KubernetesAccess } from "../kubernetes/kubeconfig";
import { type KubernetesObject, type ObjectPlace, openKubernetes } from "../kubernetes/reader";
import { type ObjectText, openWriter } from "../kubernetes/writer";
import { ownerOf } from "../owner";
import { JOB_LABEL } from "./objects";
import type { JobPlace } from "./types";

/** The requests that a Job needs. */
export interface JobApi {
  job(): Promise<KubernetesObject | undefined>;
  secret(): Promise<KubernetesObject | undefined>;
  /** The pods of the Job, also those of a Job that was deleted. */
  pods(): Promise<KubernetesObject[]>;
  /**
   * @param only `ask`: changes nothing, and only checks whether the API server would accept it
   * @throws MigrationError VERIFY_JOB_REFUSED, KUBERNETES_FORBIDDEN
   */
  apply(text: ObjectText, manager: string, only?: "ask"): Promise<KubernetesObject>;
  /** True if the API server counts the failures of each share by itself (Kubernetes 1.29 and later). */
  retriesEachIndex(): Promise<boolean>;
  /** Why the Job controller could not create pods. Empty: there are no such events, or they may not be read. */
  events(): Promise<string[]>;
  /** True if there is a Job or Secret of this owner. */
  isLeft(): Promise<boolean>;
  /** Deletes Job, Secret and pods of this owner, and waits until they are gone. */
  removeAll(): Promise<void>;
}

/** First minor version of Kubernetes 1 that serves `backoffLimitPerIndex` by default. */
const PER_INDEX = 29;
/** Pods end gracefully within 30 s by default. */
const GONE_MS = 120_000;
const EVERY_MS = 500;

/** The Job and its Secret. */
export const objectsOf = ({ namespace, name }: Pick<JobPlace, "namespace" | "name">): [ObjectPlace, ObjectPlace] => [
  { apiVersion: "batch/v1", kind: "Job", namespace, name },
  { apiVersion: "v1", kind: "Secret", namespace, name },
];

export function jobApi(access: KubernetesAccess, { namespace, name, owner }: JobPlace): JobApi {
  const reader = openKubernetes(access);
  const writer = openWriter(access);
  const [jobPlace, secretPlace] = objectsOf({ namespace, name });
  const podPlace = (pod: string): ObjectPlace => ({ apiVersion: "v1", kind: "Pod", namespace, name: pod });
  const isOwn = (object: KubernetesObject | undefined) => object !== undefined && ownerOf(object) === owner;

  // Asked every few seconds for hours, and the namespace may have many other pods.
  const pods = () => reader.list({ apiVersion: "v1", kind: "Pod", namespace }, { [JOB_LABEL]: name });
  const left = async () => {
    const [job, secret] = await Promise.all([reader.get(jobPlace), reader.get(secretPlace)]);
    // Another Job of this name has pods of its own.
    const ofJob = job === undefined || isOwn(job) ? await pods() : [];
    return [
      ...(isOwn(job) ? [{ place: jobPlace, object: job! }] : []),
      ...(isOwn(secret) ? [{ place: secretPlace, object: secret! }] : []),
      ...ofJob.map((object) => ({ place: podPlace(String(object.metadata.name)), object })),
    ];
  };

  return {
    job: () => reader.get(jobPlace),
    secret: () => reader.get(secretPlace),
    pods,
    async apply(text, manager, only) {
      const applied = await writer.apply(text, manager, only).catch((error: unknown) => {
        throw isMigrationError(error) && error.code === "KUBERNETES_REFUSED" ? refused(error) : error;
      });
      if ("object" in applied) return applied.object;
      const fields = applied.taken.map(({ field, message }) => `${field}: ${message}`);
      throw new MigrationError("VERIFY_JOB_TAKEN", `somebody else set fields of ${text.kind} ${namespace}/${name}`, {
        details: fields,
        fix: `delete it (kubectl delete ${text.kind.toLowerCase()} ${name} -n ${namespace}) and run \`pulumi up\` again`,
      });
    },
    async retriesEachIndex() {
      const version = await reader.discover("/version").catch(() => undefined);
      const { major, minor } = (typeof version === "object" ? version : {}) as { major?: string; minor?: string };
      return major === "1" && Number.parseInt(minor ?? "", 10) >= PER_INDEX;
    },
    async events() {
      const all = await reader.list({ apiVersion: "v1", kind: "Event", namespace }).catch(() => []);
      return all.flatMap((event) => {
        const { involvedObject, type, message } = event as unknown as Record<string, unknown>;
        const about = involvedObject as { kind?: string; name?: string } | undefined;
        return about?.kind === "Job" && about.name === name && type === "Warning" ? [String(message)] : [];
      });
    },
    async isLeft() {
      const [job, secret] = await Promise.all([reader.get(jobPlace), reader.get(secretPlace)]);
      return isOwn(job) || isOwn(secret);
    },
    async removeAll() {
      const end = Date.now() + GONE_MS;
      for (;;) {
        const there = await left();
        if (there.length === 0) return;
        // The garbage collector deletes the pods, too, but it may be slow or switched off.
        const open = there.filter(({ object }) => object.metadata.deletionTimestamp === undefined);
        for (const { place, object } of open) await reader.remove(place, object);
        if (Date.now() > end) throw notGone(there);
        await pause(EVERY_MS);
      }
    },
  };
}

function refused(error: MigrationError): MigrationError {
  return new MigrationError("VERIFY_JOB_REFUSED", error.seen, {
    fix: "correct verify.template, verify.resources and verify.image; the message names the field",
    cause: error,
  });
}

function notGone(left: readonly { place: ObjectPlace }[]): MigrationError {
  return new MigrationError(
    "VERIFY_JOB_LEFT",
    `${left.map(({ place: { kind, namespace, name } }) => `${kind} ${namespace}/${name}`).join(", ")} still exist ` +
      `${GONE_MS / 1000} s after their deletion`,
    { fix: "look at their finalizers and at the nodes of the pods (kubectl describe), then run this again" },
  );
}
