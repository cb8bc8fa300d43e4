import fc from "fast-check";
import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { OpenKafka } from "../clusters";
import { MigrationError } from "../errors";
import type { Connection } from "../model";
import { type Progress, silent } from "../progress";
import type { Reached, Watch } from "./ordered";
import type { Pair } from "./pairs";
import { mergeResults } from "./merge";
import { compareCopy, compareShard, verifyCopy } from "./run";
import { DEFAULT_THREADS, threadCount } from "./thread-count";
import { packageThread } from "./thread-start";
import { Queue, Threads } from "./threads";
import type { PartitionResult, VerifyOptions, VerifyResult } from "./types";
import type { Item } from "./work";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";
import { put } from "../../test/engine/verify/memory-cluster";
import { threadsHere } from "../../test/engine/verify/threads-here";
import { temporaryFolder } from "../../test/support/folder";
import { runs } from "../../test/support/runs";

const CHANGES = ["same", "missing", "changed", "extra", "twice", "empty"] as const;
type Change = (typeof CHANGES)[number];

function mirrorOf(
  topics: readonly { compacted: boolean; partitions: readonly Change[] }[],
  records = 40,
): MemoryMirror {
  const mirror = new MemoryMirror({ topicsPattern: "topic.*" });
  for (const [t, { compacted, partitions }] of topics.entries()) {
    const name = `topic${t}`;
    mirror.topic(name, records, partitions.length);
    if (compacted)
      for (const side of [mirror.origin, mirror.target]) side[name]!.configs = { "cleanup.policy": "compact" };
    for (const [partition, change] of partitions.entries()) {
      const log = mirror.target[name]!.logs[partition]!;
      if (change === "missing") log.records.splice(records - 5, 2);
      if (change === "changed") log.records[5] = put(5, "k5", "other");
      if (change === "extra") log.records.push(put(records, "more", "v"));
      if (change === "twice") log.records.push({ ...log.records[records - 1]!, offset: records });
      if (change === "empty")
        for (const side of [mirror.origin, mirror.target]) side[name]!.logs[partition]!.records = [];
    }
  }
  return mirror;
}

/** Everything but the time. */
const timeless = ({ durationMs: _, ...result }: VerifyResult) => result;
const same = (count: number): Change[] => Array.from({ length: count }, () => "same" as const);

describe("several threads", () => {
  it("find what one thread finds, in every mode, and read as many bytes", async () => {
    const shape = fc.array(
      fc.record({
        compacted: fc.boolean(),
        partitions: fc.array(fc.constantFrom(...CHANGES), { minLength: 1, maxLength: 6 }),
      }),
      { minLength: 1, maxLength: 4 },
    );
    const modes = fc.constantFrom<VerifyOptions["mode"]>("tail", "sample", "full");
    await fc.assert(
      fc.asyncProperty(
        shape,
        modes,
        fc.integer({ min: 2, max: 5 }),
        fc.nat(1),
        async (topics, mode, threads, whole) => {
          const { model, open } = mirrorOf(topics);
          const options: VerifyOptions = { mode, tailRecords: 4, holeRecords: 2, countUpTo: whole * 1_000 };
          const one = await compareCopy(model, { ...options, threads: 1 }, silent, undefined, open);
          const { start, seen } = threadsHere(open);
          const several = await compareCopy(model, { ...options, threads }, silent, undefined, open, start);
          expect(timeless(several)).toEqual(timeless(one));
          const isEmpty = topics.every(({ partitions }) => partitions.every((change) => change === "empty"));
          expect([one.bytes.origin > 0, one.bytes.target > 0]).toEqual([!isEmpty, !isEmpty]);
          expect(seen.started).toBeLessThanOrEqual(threads);
          expect(seen.ended).toBe(seen.started);
        },
      ),
      { numRuns: runs(60) },
    );
  });

  it("find what one thread finds in a machine's share", async () => {
    const { model, open } = mirrorOf([{ compacted: false, partitions: [...same(5), "missing"] }]);
    const one = await compareCopy(model, { mode: "full" }, silent, undefined, open);
    const share = (index: number) =>
      compareShard(
        model,
        { mode: "full", threads: 2 },
        { shard: { index, of: 2 } },
        silent,
        undefined,
        open,
        threadsHere(open).start,
      );
    const shards = [await share(1), await share(2)].map((result, i) => ({ name: `${i}`, result }));
    const { requests: _requests, ...merged } = timeless(mergeResults(shards) as VerifyResult);
    expect({ ...timeless(one), ...merged }).toEqual(timeless(one));
  });

  it("get no password but by message, and ask the main thread for renewed credentials", async () => {
    const mirror = mirrorOf([{ compacted: false, partitions: same(4) }]);
    const login = (password: string): Connection => ({
      bootstrapServers: "b:1",
      sasl: { mechanism: "PLAIN", username: "u", password },
    });
    let asked = 0;
    // The password is rotated twice while the threads read.
    const once = { ...login("new"), renew: async () => (asked++, login("newer")) };
    const model = { ...mirror.model, origin: { ...mirror.model.origin, renew: async () => (asked++, once) } };
    const logins: (string | undefined)[] = [];
    const inThread: OpenKafka = async (connection, side) => {
      const current = side === "origin" ? await (await connection.renew!())!.renew!() : connection;
      logins.push((current?.sasl as { password?: string } | undefined)?.password);
      expect(side === "target" && connection.renew !== undefined).toBe(false);
      return mirror.open(connection, side);
    };
    const { start } = threadsHere(inThread);
    await verifyCopy(model, { mode: "full", threads: 2 }, silent, undefined, mirror.open, start);
    expect(asked).toBe(4);
    expect(logins.sort()).toEqual(["newer", "newer", undefined, undefined]);
  });

  it("add their requests and keep the limit together", async () => {
    const mirror = mirrorOf([{ compacted: false, partitions: same(8) }]);
    const counting: OpenKafka = async (connection, side) => {
      const port = await mirror.open(connection, side);
      let requests = 0;
      return {
        ...port,
        requestCount: () => requests,
        fetch: (...all: Parameters<typeof port.fetch>) => (requests++, port.fetch(...all)),
      } as typeof port;
    };
    const free = await compareCopy(mirror.model, { mode: "full" }, silent, undefined, mirror.open);
    const limit = free.bytes.origin;
    const options: VerifyOptions = { mode: "full", threads: 4, throttleBytesPerSecond: limit };
    const { start, seen } = threadsHere(counting);
    const result = await compareCopy(mirror.model, options, silent, undefined, mirror.open, start);
    expect(result.requests).toBeGreaterThanOrEqual(8);
    expect(result.bytes).toEqual(free.bytes);
    expect(seen.started).toBe(4);
    // The last response of each side is paid after it was read. It is at most a quarter of all.
    expect(result.durationMs).toBeGreaterThanOrEqual(650);
  });
});

describe("threads that do not end well", () => {
  const mirror = mirrorOf([{ compacted: false, partitions: same(6) }]);
  const full: VerifyOptions = { mode: "full", threads: 3 };

  it("end all together with the first error, which keeps its code and its fix", async () => {
    const failing: OpenKafka = async (connection, side) => ({
      ...(await mirror.open(connection, side)),
      fetch: async (requests) => {
        if (requests.some(({ partition }) => partition === 4))
          throw new MigrationError("RECORDS_GONE", "records were deleted", {
            fix: "look again",
            details: ["orders-4"],
          });
        return new Promise(() => {});
      },
    });
    const { start, seen } = threadsHere(failing);
    const error = await compareCopy(mirror.model, full, silent, undefined, mirror.open, start).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "RECORDS_GONE", fix: "look again", details: ["orders-4"] });
    expect(error).toBeInstanceOf(MigrationError);
    expect(seen).toMatchObject({ started: 3, ended: 3 });
  });

  it("give a clear error if one crashes", async () => {
    const { start, seen } = threadsHere(mirror.open, (message, thread) =>
      thread === 2 && message.kind === "done" ? "out of memory" : undefined,
    );
    await expect(compareCopy(mirror.model, full, silent, undefined, mirror.open, start)).rejects.toMatchObject({
      code: "VERIFY_THREAD_ENDED",
      seen: "thread 2 of the verification ended: out of memory",
    });
    expect(seen.ended).toBe(seen.started);
  });

  it.each([
    ["an interrupt", undefined, { name: "AbortError" }],
    ["a lost fence", new MigrationError("FENCE_LOST", "gone", { fix: "raise it" }), { code: "FENCE_LOST" }],
  ])("end at once at %s, though all of them wait for a broker", async (_, reason, expected) => {
    const stopping = new AbortController();
    const waiting: OpenKafka = async (connection, side) => ({
      ...(await mirror.open(connection, side)),
      fetch: () => (setImmediate(() => stopping.abort(reason)), new Promise(() => {})),
    });
    const { start, seen } = threadsHere(waiting);
    const run = compareCopy(mirror.model, full, silent, stopping.signal, mirror.open, start);
    await expect(run).rejects.toMatchObject(expected);
    expect(seen).toMatchObject({ started: 3, ended: 3 });
  });

  it("read again in mode tail if records were deleted meanwhile, with other threads", async () => {
    let failures = 1;
    const failing: OpenKafka = async (connection, side) => {
      const port = await mirror.open(connection, side);
      const fetch: typeof port.fetch = async (...all) => {
        if (failures-- > 0) throw new MigrationError("RECORDS_GONE", "records were deleted", { fix: "look again" });
        return port.fetch(...all);
      };
      return { ...port, fetch };
    };
    const lines: string[] = [];
    const progress: Progress = { info: (line) => lines.push(line), warn: (line) => lines.push(line) };
    const { start, seen } = threadsHere(failing);
    const options: VerifyOptions = { mode: "tail", threads: 2 };
    const result = await compareCopy(mirror.model, options, progress, undefined, mirror.open, start);
    expect(result).toMatchObject({ equal: true, partitions: 6 });
    expect(lines).toContain("records were deleted: looking again");
    expect(seen).toMatchObject({ started: 4, ended: 4 });
  });

  it("leave their progress in the file, and other threads go on from there", async () => {
    const resumeFile = join(temporaryFolder("threads"), "verified.jsonl");
    const options = { ...full, resumeFile };
    let done = 0;
    const { start } = threadsHere(mirror.open, (message) =>
      message.kind === "done" && ++done === 4 ? "killed" : undefined,
    );
    await expect(compareCopy(mirror.model, options, silent, undefined, mirror.open, start)).rejects.toThrow("killed");
    // Mistakes in what was sent to the main thread would show here.
    await expect.poll(async () => (await readFile(resumeFile, "utf8")).trim().split("\n").length).toBe(3);
    const { start: again, seen } = threadsHere(mirror.open);
    const result = await compareCopy(mirror.model, options, silent, undefined, mirror.open, again);
    expect(result).toMatchObject({ equal: true, partitions: 6, resumed: 3 });
    const compared = seen.messages.flatMap((message) => (message.kind === "compare" ? message.items : []));
    expect(compared.length).toBe(3);
  });
});

it("go on in the middle of a partition, where other threads stopped", async () => {
  const mirror = mirrorOf([{ compacted: false, partitions: same(2) }]);
  const range = (partition: number) => ({ topic: "topic0", partition, from: 0n, to: 40n });
  const items = [0, 1].map(
    (p): Item => ({
      pair: { origin: range(p), target: range(p), compacted: false, timestamps: true, identity: "" },
    }),
  );
  const compare = async (before: Watch["reachedBefore"] = () => undefined) => {
    const seen = { reached: [] as [Pair, string, Reached][], results: new Map<Pair, PartitionResult>() };
    const threads = new Threads({ model: mirror.model, progress: silent, start: threadsHere(mirror.open).start });
    await threads.compare(2, () => 1)({ kind: "in order", piece: 10 }, items, "read_uncommitted", {
      bytes() {},
      done: (pair, result) => void seen.results.set(pair, result),
      reached: (...all) => void seen.reached.push(all),
      reachedBefore: before,
    });
    threads.end();
    return seen;
  };
  const whole = await compare();
  expect(whole.reached.length).toBe(16);
  const stopped = whole.reached.filter(([, , { next }]) => next === 20);
  const rest = await compare((pair, side) => stopped.find(([p, s]) => p === pair && s === side)?.[2]);
  expect(rest.results).toEqual(whole.results);
  expect(rest.reached.map(([, , { next }]) => next).sort()).toEqual([30, 30, 30, 30, 40, 40, 40, 40]);
});

describe("the queue of the threads", () => {
  const itemOf = (partition: number): Item => {
    const range = { topic: "t", partition, from: 0n, to: 1n };
    return { pair: { origin: range, target: range, compacted: false, timestamps: true, identity: "" } satisfies Pair };
  };

  it("hands out each item once, and leaves the threads at most a small part apart", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 8 }), (bytes, threads) => {
        const items = bytes.map((_, i) => itemOf(i));
        const queue = new Queue(items, (item) => bytes[item.pair.origin.partition]!, threads);
        const read = new Array<number>(threads).fill(0);
        const seen: Item[] = [];
        for (;;) {
          const least = read.indexOf(Math.min(...read));
          const some = queue.next();
          if (some.length === 0) break;
          seen.push(...some);
          read[least]! += some.reduce((sum, { pair }) => sum + bytes[pair.origin.partition]!, 0);
        }
        expect(new Set(seen).size).toBe(items.length);
        expect(seen.length).toBe(items.length);
        const total = bytes.reduce((sum, size) => sum + size, 0);
        const floor = Math.max(...bytes, 32 * 1024 * 1024) * 2;
        expect(Math.max(...read) - Math.min(...read)).toBeLessThanOrEqual(Math.max(floor, total / threads / 2));
      }),
    );
  });
});

describe("the number of threads", () => {
  const GB = 1024 ** 3;

  it("is one for each core if there is enough to read, and at most eight", () => {
    expect(threadCount({ mode: "full" }, 10 * GB, 2)).toBe(2);
    expect(threadCount({ mode: "sample" }, 10 * GB, 64)).toBe(DEFAULT_THREADS);
    expect(threadCount({ mode: "full" }, 0.6 * GB, 4)).toBe(2);
    expect(threadCount({ mode: "full" }, 1000, 4)).toBe(1);
    expect(threadCount({ mode: "full" }, 10 * GB, 1)).toBe(1);
    // Samples are a small part of what they are taken from.
    expect(threadCount({ mode: "sample" }, 1.5 * GB, 4)).toBe(1);
  });

  it("is one where more would only wait: in mode tail, and behind a low limit", () => {
    expect(threadCount({ mode: "tail" }, 10 * GB, 4)).toBe(1);
    expect(threadCount({ mode: "full", throttleBytesPerSecond: 10_000_000 }, 10 * GB, 4)).toBe(1);
    expect(threadCount({ mode: "full", throttleBytesPerSecond: 200_000_000 }, 10 * GB, 4)).toBe(2);
  });

  it("is one that the memory of a container has room for", () => {
    expect(threadCount({ mode: "full" }, 10 * GB, 8, GB / 2)).toBe(3);
    expect(threadCount({ mode: "full" }, 10 * GB, 8, GB / 16)).toBe(1);
  });

  it("is the one that was asked for", () => {
    expect(threadCount({ mode: "tail", threads: 3 }, 0, 2, GB / 16)).toBe(3);
  });
});

describe("the program of the threads", () => {
  it("is beside the compiled code, or in dist/ if sources run, and nowhere in a bundle", () => {
    const folder = temporaryFolder("threads");
    for (const place of ["compiled", "dist/engine/verify", "bundle"]) {
      mkdirSync(join(folder, place), { recursive: true });
      writeFileSync(join(folder, place, "thread.js"), "");
    }
    expect(packageThread(join(folder, "compiled", "thread-start.js"))).toBeDefined();
    expect(packageThread(join(folder, "engine", "verify", "thread-start.ts"))).toBeDefined();
    expect(packageThread(join(folder, "bundle", "index.js"))).toBeUndefined();
    expect(packageThread(join(folder, "elsewhere", "thread-start.js"))).toBeUndefined();
  });
});
