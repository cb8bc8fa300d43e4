import { readShard, type ShardResult } from "../../engine/verify";
import type { KubernetesObject } from "../kubernetes/reader";
import { INDEX_ANNOTATION } from "./objects";
import { CONTAINER } from "./types";

/** What a pod is waiting for. */
export interface Waiting {
  pod: string;
  /** `Unschedulable`, `ImagePullBackOff`, ... */
  reason: string;
  text: string;
}

/** A failed attempt of one share. */
export interface Attempt {
  /** From 0. */
  index: number;
  text: string;
}

export interface JobState {
  /** `failed` has the reason of the Job controller. */
  end: "running" | "complete" | { failed: string };
  /** From the start of the Job to its end, in ms. 0: it has not ended. */
  durationMs: number;
  /** Numbers of the finished shares, from 0. */
  finished: number[];
  /** Results that the pods reported, by number from 0. A text says why the message of a pod cannot be used. */
  results: Map<number, ShardResult | string>;
  waiting: Waiting[];
  /** Number of pods that run. */
  running: number;
  attempts: Attempt[];
  /** True if there is a pod, whatever it does. */
  hasPods: boolean;
}

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

interface ContainerState {
  waiting?: { reason?: string; message?: string };
  terminated?: { exitCode: number; reason?: string; message?: string };
}

interface PodStatus {
  phase?: string;
  reason?: string;
  message?: string;
  conditions?: Condition[];
  containerStatuses?: { name?: string; state?: ContainerState }[];
}

/** What a Job and its pods say. */
export function stateOf(job: KubernetesObject, pods: readonly KubernetesObject[]): JobState {
  const {
    completedIndexes = "",
    conditions = [],
    startTime,
    completionTime,
  } = (job.status ?? {}) as {
    completedIndexes?: string;
    conditions?: Condition[];
    startTime?: string;
    completionTime?: string;
  };
  const is = (type: string) => conditions.find((one) => one.type === type && one.status === "True");
  const failed = is("Failed");
  const results: JobState["results"] = new Map();
  const waiting: Waiting[] = [];
  const attempts: Attempt[] = [];
  let running = 0;
  for (const pod of pods) {
    const index = indexOf(pod);
    const status = (pod.status ?? {}) as PodStatus;
    // A template or an admission rule can add containers.
    const own = status.containerStatuses?.find(({ name = CONTAINER }) => name === CONTAINER);
    const terminated = own?.state?.terminated;
    if (status.phase === "Succeeded" && index !== undefined) results.set(index, readShard(terminated?.message ?? ""));
    if (status.phase === "Failed" && index !== undefined)
      attempts.push({ index, text: `share ${index + 1}: ${reasonOf(status, terminated)}` });
    if (status.phase === "Running") running++;
    const why = status.phase === "Pending" ? waitOf(status) : undefined;
    if (why !== undefined) waiting.push({ pod: String(pod.metadata.name), ...why });
  }
  return {
    end:
      is("Complete") !== undefined
        ? "complete"
        : failed === undefined
          ? "running"
          : { failed: [failed.reason, failed.message].filter((one) => one !== undefined).join(": ") },
    durationMs:
      startTime === undefined || completionTime === undefined ? 0 : Date.parse(completionTime) - Date.parse(startTime),
    finished: numbersOf(completedIndexes),
    results,
    waiting,
    running,
    attempts,
    hasPods: pods.length > 0,
  };
}

function indexOf({ metadata }: KubernetesObject): number | undefined {
  const text = (metadata.annotations as Record<string, string> | undefined)?.[INDEX_ANNOTATION];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** `0-2,5`, as `completedIndexes` of a Job. */
function numbersOf(text: string): number[] {
  return text
    .split(",")
    .filter((range) => range !== "")
    .flatMap((range) => {
      const [from = 0, to = from] = range.split("-").map(Number);
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    });
}

function waitOf({ conditions = [], containerStatuses = [] }: PodStatus): Omit<Waiting, "pod"> | undefined {
  const scheduled = conditions.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") {
    const reason = scheduled.reason ?? "Unschedulable";
    return { reason, text: `${reason}: ${scheduled.message ?? "no node takes it"}` };
  }
  const waiting = containerStatuses.map(({ state }) => state?.waiting).find((one) => one !== undefined);
  const reason = waiting?.reason ?? "Pending";
  return { reason, text: `${reason}${waiting?.message === undefined ? "" : `: ${waiting.message}`}` };
}

/** The last lines of what a failed pod wrote say why. The first ones are progress. */
const LINES = 6;

function reasonOf(status: PodStatus, terminated: ContainerState["terminated"]): string {
  const last = (terminated?.message ?? "").trim().split("\n").slice(-LINES).join(" ");
  const said = [terminated?.reason, status.reason, status.message, last].filter(
    (one) => one !== undefined && one !== "",
  );
  return `exit code ${terminated?.exitCode ?? "unknown"}${said.length === 0 ? "" : ` (${said.join(": ")})`}`;
}

/** One line for each share that failed: its last attempt. */
export function attemptTexts(attempts: readonly Attempt[]): string[] {
  return [...new Map(attempts.map((one) => [one.index, one.text])).values()];
}
