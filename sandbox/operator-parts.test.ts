import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { type Generation, generationOf } from "./operator/generation";
import { settleConnectors, type AutoRestartStatus } from "./operator/mirror/connectors";
import type { ConnectorDefinition } from "./operator/mirror/properties";
import { ConnectRest } from "./operator/mirror/rest";
import { watchObjects } from "./operator/kube/watch";
import { KubeError, type Kube, type KubeObject } from "./operator/kube/client";
import { WorkQueue } from "./operator/queue";

/** Waits for a condition that becomes true in later turns of the event loop. */
async function soon(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 5_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe("the work queue", () => {
  it("never processes a key twice at the same time, and merges requests", async () => {
    const begun: string[] = [];
    const end = new Map<string, () => void>();
    const queue = new WorkQueue(
      async (key) => {
        begun.push(end.has(key) ? `${key} twice` : key);
        await new Promise<void>((resolve) => end.set(key, resolve));
        end.delete(key);
      },
      () => undefined,
    );
    for (const key of ["a", "a", "b", "a"]) queue.add(key);
    await soon("both begin", () => end.size === 2);
    queue.add("a", 1);
    queue.add("c", 2);
    await soon("the appointments of a and c", () => end.has("c"));
    queue.add("a");
    queue.add("a");
    end.get("a")!();
    await soon("a begins again", () => begun.length === 4 && end.has("a"));
    for (const finish of end.values()) finish();
    await queue.stop();
    expect(begun).toEqual(["a", "b", "c", "a"]);
  });

  it("retries with growing delays until it succeeds, and then starts again with the first delay", async () => {
    const waits: number[] = [];
    const failures: string[] = [];
    let calls = 0;
    const queue = new WorkQueue(
      async () => {
        if (++calls !== 3) throw new Error(`call ${calls}`);
      },
      (_key, error) => failures.push((error as Error).message),
      (n) => {
        waits.push(n);
        return calls < 3 ? 1 : 60_000;
      },
    );
    queue.add("k");
    await soon("three calls", () => calls === 3);
    queue.add("k");
    await soon("the fourth call", () => waits.length === 3);
    expect([failures, waits]).toEqual([
      ["call 1", "call 2", "call 4"],
      [0, 1, 0],
    ]);
    await queue.stop();
  });

  it("runs a scheduled key earlier if asked, and nothing after it was stopped", async () => {
    let calls = 0;
    const queue = new WorkQueue(
      async () => void calls++,
      () => undefined,
    );
    queue.add("k", 60_000);
    queue.add("k", 70_000);
    queue.add("k");
    await soon("the early call", () => calls === 1);
    queue.add("k");
    await queue.stop();
    queue.add("k");
    queue.add("l");
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(calls).toBe(1);
  });
});

describe("watching", () => {
  const object = (name: string, resourceVersion: string): KubeObject => ({
    metadata: { name, namespace: "ns", resourceVersion },
  });

  it("lists again if the server no longer knows the version, and misses no event", async () => {
    const lists = [
      [object("a", "1"), object("b", "2")],
      [object("b", "2"), object("c", "7")],
    ];
    const asked: string[] = [];
    let watches = 0;
    const kube = {
      list: async () => ({ items: lists.shift()!, resourceVersion: lists.length === 1 ? "5" : "9" }),
      watch: async (
        _resource: unknown,
        scope: { resourceVersion: string },
        onEvent: (type: string, object: KubeObject) => void,
        signal: AbortSignal,
      ) => {
        asked.push(scope.resourceVersion);
        watches++;
        if (watches === 1) return onEvent("MODIFIED", object("a", "6"));
        if (watches === 2) throw new KubeError(410, "too old");
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      },
    } as unknown as Kube;
    const changes: string[] = [];
    const watch = watchObjects({
      kube,
      resource: { group: "g", version: "v1", plural: "things", kind: "Thing" },
      onChange: (_ns, name) => changes.push(name),
      progress: () => undefined,
    });
    await watch.synced;
    await soon("the third watch", () => watches === 3);
    expect(asked).toEqual(["5", "6", "9"]);
    expect(changes).toEqual(["a", "b", "a", "a", "c"]);
    expect(watch.get("ns", "a")).toBeUndefined();
    expect(watch.get("ns", "c")).toMatchObject({ apiVersion: "g/v1", kind: "Thing" });
    await watch.stop();
  });

  it("fails immediately if the first list fails", async () => {
    const kube = { list: async () => Promise.reject(new KubeError(403, "forbidden")) } as unknown as Kube;
    const watch = watchObjects({
      kube,
      resource: { group: "", version: "v1", plural: "secrets", kind: "Secret" },
      onChange: () => undefined,
      progress: () => undefined,
    });
    await expect(watch.synced).rejects.toThrow("forbidden");
    await watch.stop();
  });
});

/** Starts a stub of Connect's REST interface that records its calls. It proves only the order of the calls. */
async function withConnect(
  answer: (call: string) => { status?: number; body?: unknown },
  work: (rest: ConnectRest, calls: string[]) => Promise<void>,
): Promise<void> {
  const calls: string[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const call = `${request.method} ${decodeURIComponent(request.url!)}`;
    calls.push(call);
    request.resume();
    const { status = 200, body } = answer(call);
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(body === undefined ? "" : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work(
      new ConnectRest(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, new AbortController().signal),
      calls,
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("connectors over REST", () => {
  const definition = (more: Partial<ConnectorDefinition> = {}): ConnectorDefinition => ({
    name: "a->b.C",
    config: { x: "1", "tasks.max": 2, "connector.class": "C" },
    state: "running",
    pauseAndState: false,
    autoRestart: { enabled: false },
    ...more,
  });
  const state = (connector: string, ...tasks: string[]): unknown => ({
    name: "a->b.C",
    connector: { state: connector },
    tasks: tasks.map((each, id) => ({ id, state: each })),
  });
  const same = { name: "a->b.C", x: "1", "tasks.max": "2", "connector.class": "C" };
  const settle = (
    rest: ConnectRest,
    wanted: ConnectorDefinition,
    earlier: AutoRestartStatus[] = [],
    generation: Generation = "0.51",
  ) => settleConnectors(rest, [wanted], earlier, () => undefined, generation);

  it("are created with Strimzi's order of calls, after unwanted ones are deleted", async () => {
    let waits = 2;
    await withConnect(
      (call) => {
        if (call === "GET /connectors") return { body: ["old"] };
        if (call.startsWith("DELETE")) return { status: 204 };
        if (call === "GET /connectors/a->b.C/config") return { status: 404, body: { message: "none" } };
        if (call.startsWith("PUT")) return { status: 201, body: {} };
        if (call.endsWith("/status"))
          return waits-- > 0 ? { status: 404, body: { message: "no status" } } : { body: state("RUNNING") };
        return { body: {} };
      },
      async (rest, calls) => {
        const result = await settle(rest, definition());
        expect(result.failure).toBeUndefined();
        expect(calls).toEqual([
          "GET /connectors",
          "DELETE /connectors/old",
          "GET /connectors/a->b.C/config",
          "PUT /connectors/a->b.C/config",
          ...Array.from({ length: 3 }, () => "GET /connectors/a->b.C/status"),
          "GET /connectors/a->b.C/topics",
        ]);
      },
    );
  });

  it.each([
    ["RUNNING", "paused", "PUT /connectors/a->b.C/pause"],
    ["RUNNING", "stopped", "PUT /connectors/a->b.C/stop"],
    ["PAUSED", "running", "PUT /connectors/a->b.C/resume"],
    ["STOPPED", "paused", "PUT /connectors/a->b.C/pause"],
    ["UNASSIGNED", "stopped", undefined],
    ["FAILED", "stopped", undefined],
    ["PAUSED", "paused", undefined],
  ] as const)("in state %s that should be %s: %s", async (now, wanted, put) => {
    await withConnect(
      (call) =>
        call === "GET /connectors"
          ? { body: ["a->b.C"] }
          : call.endsWith("/config")
            ? { body: same }
            : call.endsWith("/status")
              ? { body: state(now) }
              : { status: 202 },
      async (rest, calls) => {
        await settle(rest, definition({ state: wanted }));
        expect(calls.filter((call) => call.startsWith("PUT"))).toEqual(put === undefined ? [] : [put]);
      },
    );
  });

  it.each([
    ["stopped", ["PUT /connectors/a->b.C/stop"], "One or more connectors are in FAILED state"],
    ["paused", [], "The connector a->b.C cannot be paused since it is in failed state"],
    ["running", [], "One or more connectors are in FAILED state"],
  ] as const)("in state FAILED that should be %s are handled like in Strimzi 1.2", async (wanted, puts, message) => {
    await withConnect(
      (call) =>
        call === "GET /connectors"
          ? { body: ["a->b.C"] }
          : call.endsWith("/config")
            ? { body: same }
            : call.endsWith("/status")
              ? { body: state("FAILED") }
              : { status: 202 },
      async (rest, calls) => {
        const { failure } = await settle(rest, definition({ state: wanted }), [], "1.2");
        expect(calls.filter((call) => call.startsWith("PUT"))).toEqual(puts);
        expect(failure?.message).toBe(message);
      },
    );
  });

  it("are created directly in their state by Strimzi 1.2, and then only configured", async () => {
    expect([generationOf(["v1"]), generationOf(["v1", "v1beta2"]), generationOf(["v1beta2", "v1alpha1"])]).toEqual([
      "1.2",
      "0.51",
      "0.51",
    ]);
    for (const [current, call] of [
      [undefined, "POST /connectors"],
      [{ ...same, x: "2" }, "PUT /connectors/a->b.C/config"],
    ] as const) {
      await withConnect(
        (asked) => {
          if (asked === "GET /connectors") return { body: [] };
          if (asked.startsWith("GET") && asked.endsWith("/config"))
            return current === undefined ? { status: 404, body: {} } : { body: current };
          return asked.endsWith("/status") ? { body: state("STOPPED") } : { body: {} };
        },
        async (rest, calls) => {
          await settle(rest, definition({ state: "stopped" }), [], "1.2");
          expect(calls.filter((one) => !one.startsWith("GET"))).toEqual([call]);
        },
      );
    }
  });

  it("are configured again if a value differs or a key is not wanted", async () => {
    for (const current of [{ ...same, x: "2" }, { ...same, y: "1" }, same]) {
      await withConnect(
        (call) =>
          call === "GET /connectors"
            ? { body: [] }
            : call.endsWith("/config")
              ? { body: current }
              : call.endsWith("/status")
                ? { body: state("RUNNING") }
                : {},
        async (rest, calls) => {
          await settle(rest, definition());
          expect(calls.includes("PUT /connectors/a->b.C/config")).toBe(current !== same);
        },
      );
    }
  });

  it("make the resource NotReady in state FAILED, but FAILED tasks do not", async () => {
    for (const [body, message] of [
      [state("FAILED"), "One or more connectors are in FAILED state"],
      [state("RUNNING", "FAILED"), undefined],
    ] as const) {
      await withConnect(
        (call) =>
          call === "GET /connectors"
            ? { body: [] }
            : call.endsWith("/config")
              ? { body: same }
              : call.endsWith("/status")
                ? { body }
                : {},
        async (rest) => {
          const { failure, connectors } = await settle(rest, definition());
          expect([failure?.message, connectors.length]).toEqual([message, 1]);
        },
      );
    }
  });

  it("are restarted if enabled: immediately, then after 2 minutes, and never more often than allowed", async () => {
    const restarts = async (
      earlier: AutoRestartStatus[],
      more: Partial<ConnectorDefinition["autoRestart"]> = {},
    ): Promise<[number, number | undefined]> => {
      let result: [number, number | undefined] = [0, undefined];
      await withConnect(
        (call) =>
          call === "GET /connectors"
            ? { body: [] }
            : call.endsWith("/config")
              ? { body: same }
              : call.includes("/restart") || call.endsWith("/status")
                ? { body: state("RUNNING", "FAILED") }
                : {},
        async (rest, calls) => {
          const { autoRestartStatuses } = await settle(
            rest,
            definition({ autoRestart: { enabled: true, ...more } }),
            earlier,
          );
          result = [
            calls.filter((call) => call === "POST /connectors/a->b.C/restart?includeTasks=true&onlyFailed=true").length,
            autoRestartStatuses[0]?.count,
          ];
        },
      );
      return result;
    };
    const before = (minutes: number, count = 1): AutoRestartStatus[] => [
      {
        connectorName: "a->b.C",
        count,
        lastRestartTimestamp: new Date(Date.now() - minutes * 60_000 - 1_000).toISOString(),
      },
    ];
    expect(await restarts([])).toEqual([1, 1]);
    expect(await restarts(before(1))).toEqual([0, 1]);
    expect(await restarts(before(2))).toEqual([1, 2]);
    expect(await restarts(before(60, 7), { maxRestarts: 7 })).toEqual([0, 7]);
    expect(await restarts([], { enabled: false })).toEqual([0, undefined]);
  });

  it("report Connect's own message if it refuses", async () => {
    await withConnect(
      (call) =>
        call === "GET /connectors"
          ? { body: [] }
          : call.startsWith("GET")
            ? { status: 404, body: {} }
            : { status: 400, body: { error_code: 400, message: "Connector configuration is invalid" } },
      async (rest) => {
        const { failure } = await settle(rest, definition());
        expect(failure).toMatchObject({
          reason: "ConnectRestException",
          message: "PUT /connectors/a->b.C/config returned 400 (400): Connector configuration is invalid",
        });
      },
    );
  });
});
