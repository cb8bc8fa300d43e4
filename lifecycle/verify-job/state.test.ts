import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../kubernetes/reader";
import { INDEX_ANNOTATION } from "./objects";
import { attemptTexts, type JobState, stateOf } from "./state";
import { stuck } from "./stuck";

const jobWith = (status: Record<string, unknown>): KubernetesObject => ({ metadata: {}, status });
const pod = (index: number | undefined, status: Record<string, unknown>): KubernetesObject => ({
  metadata: {
    name: `p-${index}`,
    annotations: index === undefined ? {} : { [INDEX_ANNOTATION]: String(index) },
  },
  status,
});
const ended = (phase: string, terminated: object) => ({ phase, containerStatuses: [{ state: { terminated } }] });

describe("the state of a Job", () => {
  it("knows finished shares, and why the message of a pod cannot be used", () => {
    const state = stateOf(jobWith({ completedIndexes: "0-2,5" }), [
      pod(0, ended("Succeeded", { exitCode: 0 })),
      pod(1, ended("Succeeded", { exitCode: 0, message: "hello" })),
      pod(undefined, ended("Succeeded", { exitCode: 0, message: "{}" })),
    ]);
    expect(state.finished).toEqual([0, 1, 2, 5]);
    expect([...state.results]).toEqual([
      [0, "it is empty"],
      [1, "it is damaged or was not written completely"],
    ]);
    expect(state.end).toBe("running");
  });

  it("reads the message of its own container only", () => {
    const container = (name: string, message: string) => ({ name, state: { terminated: { exitCode: 0, message } } });
    const containerStatuses = [container("a-sidecar", "bye"), container("verify", "hello")];
    const { results } = stateOf(jobWith({}), [
      pod(0, { phase: "Succeeded", containerStatuses }),
      pod(1, { phase: "Succeeded", containerStatuses: containerStatuses.slice(0, 1) }),
    ]);
    expect([...results]).toEqual([
      [0, "it is damaged or was not written completely"],
      [1, "it is empty"],
    ]);
  });

  it("is over only if a condition is true", () => {
    const conditions = (type: string, status: string) => ({
      conditions: [{ type, status, reason: "DeadlineExceeded", message: "too late" }],
    });
    expect(stateOf(jobWith(conditions("Complete", "True")), []).end).toBe("complete");
    expect(stateOf(jobWith(conditions("Complete", "False")), []).end).toBe("running");
    expect(stateOf(jobWith(conditions("FailureTarget", "True")), []).end).toBe("running");
    expect(stateOf(jobWith(conditions("Failed", "True")), []).end).toEqual({ failed: "DeadlineExceeded: too late" });
    expect(stateOf({ metadata: {} }, []).end).toBe("running");
  });

  it("says how long the Job took when it has ended", () => {
    const startTime = "2026-01-01T10:00:00Z";
    expect(stateOf(jobWith({ startTime }), []).durationMs).toBe(0);
    expect(stateOf(jobWith({ startTime, completionTime: "2026-01-01T11:00:05Z" }), []).durationMs).toBe(3_605_000);
  });

  it("tells the last attempt of each share, with the end of what it wrote", () => {
    const { attempts } = stateOf(jobWith({}), [
      pod(1, ended("Failed", { exitCode: 1, message: "first" })),
      pod(1, ended("Failed", { exitCode: 137, reason: "OOMKilled" })),
      pod(2, ended("Failed", { exitCode: 1, reason: "Error", message: "1\n2\n3\n4\n5\n6\n7\n" })),
      pod(3, { phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory" }),
    ]);
    expect(attemptTexts(attempts)).toEqual([
      "share 2: exit code 137 (OOMKilled)",
      "share 3: exit code 1 (Error: 2 3 4 5 6 7)",
      "share 4: exit code unknown (Evicted: The node was low on resource: memory)",
    ]);
  });

  it("tells what a pod waits for", () => {
    const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" };
    const waiting = { reason: "ImagePullBackOff", message: "Back-off" };
    const { waiting: found } = stateOf(jobWith({}), [
      pod(0, { phase: "Pending", conditions: [condition] }),
      pod(1, { phase: "Pending", containerStatuses: [{ state: { waiting } }] }),
      pod(2, { phase: "Pending" }),
      pod(3, { phase: "Running", containerStatuses: [{ state: {} }] }),
    ]);
    expect(found.map(({ text }) => text)).toEqual([
      "Unschedulable: 0/3 nodes",
      "ImagePullBackOff: Back-off",
      "Pending",
    ]);
  });
});

describe("a Job that does not start", () => {
  const state = (waiting: string[], hasPods = true, running = 0, reason = "Unschedulable"): JobState => ({
    end: "running",
    durationMs: 0,
    running,
    finished: [],
    results: new Map(),
    attempts: [],
    hasPods,
    waiting: waiting.map((name) => ({ pod: name, reason, text: reason })),
  });

  it("is given up after the limit, counted for each pod from when it was first seen", () => {
    const look = stuck(1000);
    expect(look(state(["a"]), 0)).toBeUndefined();
    expect(look(state(["a"]), 999)).toBeUndefined();
    expect(look(state(["b"]), 1000)).toBeUndefined();
    expect(look(state(["a", "b"]), 1500)).toBeUndefined();
    expect(look(state(["a", "b"]), 2000)).toBeDefined();
  });

  it("is not given up while other pods run, whose place comes free", () => {
    const look = stuck(1000);
    expect(look(state(["a"], true, 1), 0)).toBeUndefined();
    expect(look(state(["a"], true, 1), 5000)).toBeUndefined();
    expect(look(state(["a"]), 6000)).toBeUndefined();
    expect(look(state(["a"]), 7000)).toBeDefined();
    const noImage = stuck(1000);
    expect(noImage(state(["a"], true, 1, "ErrImagePull"), 0)).toBeUndefined();
    expect(noImage(state(["a"], true, 1, "ErrImagePull"), 1000)).toBeDefined();
  });

  it("is given up at once if the name of the image is invalid", async () => {
    const problem = stuck(1000)(state(["a"], true, 0, "InvalidImageName"), 0);
    const error = await problem!(undefined as never, { image: "a b" } as never);
    expect(error.message).toMatch(/^VERIFY_JOB_IMAGE: a cannot start[^]*make a b available/);
  });

  it("is given up if it has no pod", () => {
    const look = stuck(1000);
    expect(look(state([], false), 0)).toBeUndefined();
    expect(look(state([]), 500)).toBeUndefined();
    expect(look(state([], false), 1200)).toBeUndefined();
    expect(look(state([], false), 2200)).toBeDefined();
  });
});
