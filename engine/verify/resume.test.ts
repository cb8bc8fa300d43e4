import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { compareInOrder, type Reached } from "./ordered";
import { Memory, progressFileProblem } from "./resume";
import { type Pair, readPairs } from "./pairs";
import type { PartitionResult } from "./types";
import { memoryClusters, put, puts } from "../../test/engine/verify/memory-cluster";
import { testMirror } from "../../test/support/models";
import { temporaryFolder } from "../../test/support/folder";

const NOTHING = { bytes: () => {}, done: () => {} };
const span = { topic: "orders", partition: 0, from: 0n, to: 10n };
const pair: Pair = { origin: span, target: span, compacted: false, timestamps: true, identity: "a b" };
const equal: PartitionResult = {
  topic: "orders",
  partition: 0,
  proof: "exact",
  originRecords: 10,
  targetRecords: 10,
  differences: [],
};

it("a file that cannot be written is reported, and the comparison continues", async () => {
  const folder = temporaryFolder("memory");
  const memory = await Memory.open(join(folder, "missing", "verified.jsonl"), "full 100");
  memory.remember(pair, equal);
  memory.remember(pair, equal);
  expect(await memory.flushed()).toMatch(/^a later run could not go on from here: ENOENT/);
});

it("a partly written entry of a killed run is ignored", async () => {
  const file = join(temporaryFolder("memory"), "verified.jsonl");
  const memory = await Memory.open(file, "full 100");
  memory.remember(pair, equal);
  expect(await memory.flushed()).toBeUndefined();
  const whole = await readFile(file, "utf8");
  expect((await Memory.open(file, "full 100")).get(pair)).toEqual(equal);
  expect((await Memory.open(file, "tail 100")).get(pair)).toBeUndefined();
  expect((await Memory.open(file, "full 100")).get({ ...pair, target: { ...span, to: 11n } })).toBeUndefined();
  await writeFile(file, whole.slice(0, -5));
  const next = await Memory.open(file, "full 100");
  expect(next.get(pair)).toBeUndefined();
  next.remember(pair, equal);
  await next.flushed();
  expect((await Memory.open(file, "full 100")).get(pair)).toEqual(equal);
});

it("a partly read partition continues on each side from its own offset", async () => {
  const file = join(temporaryFolder("memory"), "verified.jsonl");
  const here = { origin: { ...span, to: 9n }, target: { ...span, to: 9n } };
  const long: Pair = { ...pair, ...here };
  const asked: Record<string, number[]> = { origin: [], target: [] };
  const clusters = memoryClusters(
    { orders: { logs: [{ records: puts(0, 9) }] } },
    { orders: { logs: [{ records: puts(0, 9) }] } },
  );
  for (const side of ["origin", "target"] as const) {
    const { fetch } = clusters[side];
    clusters[side].fetch = (requests, options) => (
      asked[side]!.push(...requests.map((r) => Number(r.offset))), fetch(requests, options)
    );
  }
  const first = await Memory.open(file, "full 100");
  const pieces: [string, Reached][] = [];
  const keep = (p: Pair, side: "origin" | "target", at: Reached) => (
    pieces.push([side, at]), first.rememberReached(p, side, at)
  );
  await compareInOrder(clusters, [long], "read_uncommitted", { ...NOTHING, reached: keep }, 2);
  await first.flushed();
  expect(pieces.filter(([side]) => side === "origin").map(([, { count, next }]) => [count, next])).toEqual([
    [2, 2],
    [4, 4],
    [6, 6],
    [8, 8],
  ]);
  expect(asked).toEqual({ origin: [0], target: [0] });

  // Simulate a run that was killed after six target records. All origin records had been read.
  const lines = (await readFile(file, "utf8"))
    .split("\n")
    .filter((line) => line !== "" && !(line.includes('"target"') && line.includes('"next":8')));
  await writeFile(file, `${lines.join("\n")}\n{"id":"`);
  const second = await Memory.open(file, "full 100");
  const done: PartitionResult[] = [];
  const goOn = {
    ...NOTHING,
    done: (_: Pair, result: PartitionResult) => void done.push(result),
    reachedBefore: (p: Pair, side: "origin" | "target") => second.reachedBefore(p, side),
  };
  await compareInOrder(clusters, [long], "read_uncommitted", goOn, 2);
  expect(asked).toEqual({ origin: [0, 8], target: [0, 6] });
  expect(done).toEqual([
    { topic: "orders", partition: 0, proof: "exact", originRecords: 9, targetRecords: 9, differences: [] },
  ]);
  // The saved progress of another log is not used.
  expect(second.reachedBefore({ ...long, identity: "a c" }, "origin")).toBeUndefined();
});

it.each([
  ["a folder", async (path: string) => void (await mkdir(path)), "is not a file"],
  ["another file", (path: string) => writeFile(path, '{"password":"x"}'), "holds something else"],
])("%s is neither read nor changed, and does not stop the comparison", async (_what, make, reason) => {
  const path = join(temporaryFolder("resume"), "progress");
  await make(path);
  expect(await progressFileProblem(path)).toContain(reason);
  const memory = await Memory.open(path, "full 100");
  memory.remember({ origin: {}, target: {} } as unknown as Pair, { differences: [] } as unknown as PartitionResult);
  expect(await memory.flushed()).toMatch(new RegExp(`^a later run could not go on from here: .*${reason}`));
  expect(await readFile(path, "utf8").catch(() => "a folder")).toMatch(/^a folder$|^\{"password":"x"\}$/);
});

it("progress can be kept in a new file, an empty one, and that of a run that was killed at its first line", async () => {
  const folder = temporaryFolder("resume");
  expect(await progressFileProblem(join(folder, "new"))).toBeUndefined();
  for (const text of ["", "\n", '{"i', '{"id":"full 100 a b ord']) {
    await writeFile(join(folder, "old"), text);
    expect(await progressFileProblem(join(folder, "old"))).toBeUndefined();
  }
  expect(await progressFileProblem(join(folder, "absent", "new"))).toMatch(/ENOENT/);
});

it("a saved result is not used for a recreated topic, even on brokers without topic ids", async () => {
  const identityOf = async (value: string, id?: string) => {
    const topic = () => ({
      logs: [{ records: [put(0, "k", value), put(1, "l", "v")] }],
      ...(id === undefined ? {} : { id }),
    });
    const clusters = memoryClusters({ orders: topic() }, { orders: topic() });
    return (await readPairs(clusters, testMirror({ topicsPattern: "orders" }))).pairs[0]!.identity;
  };
  expect(await identityOf("old", "")).toBe(await identityOf("old", ""));
  expect(await identityOf("new", "")).not.toBe(await identityOf("old", ""));
  expect(await identityOf("new")).toBe(await identityOf("old"));
});
