import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { shardFile, shardResult } from "../engine/verify";
import { packageVersion } from "../engine/verify/package-version";
import { noRemarks } from "../engine/verify/remarks";
import { testMirror } from "../test/support/models";
import { temporaryFolder } from "../test/support/folder";
import { run } from "./run";

/** Runs `verify` with a model file. Nobody answers at its addresses, so exit code 3 means that it began to read. */
async function verify(argv: string[], options: object = {}, signal = new AbortController().signal) {
  const model = join(temporaryFolder("verify"), "model.json");
  const connection = { bootstrapServers: "127.0.0.1:1" };
  const file = { origin: connection, target: connection, mirror: testMirror({}), options };
  writeFileSync(model, JSON.stringify(file), { mode: 0o600 });
  let err = "";
  const streams = { out: { write: () => true }, err: { write: (some: string) => ((err += some), true) } };
  const exit = await run(["verify", "--model", model, ...argv], streams, signal);
  return { exit, err, model };
}

it.each(["0", "65", "two", "-1", "1.5"])("verify --threads %s is refused before anything is read", async (threads) => {
  const { exit, err } = await verify(["--threads", threads]);
  expect(exit).toBe(2);
  expect(err).toContain(`--threads is "${threads}": it must be a whole number`);
});

it.each(["1", "1.5", "0", "95%"])("verify --miss-probability %s is refused", async (probability) => {
  const { exit, err } = await verify(["--mode", "sample", "--miss-probability", probability]);
  expect(exit).toBe(2);
  expect(err).toContain(`--miss-probability is "${probability}": it must be a number above 0 and below 1`);
});

it.each([
  [["--seed", "2"], "--seed has no effect in mode tail: add --mode sample"],
  [["--mode", "full", "--hole-records", "5"], "--hole-records has no effect in mode full: add --mode sample"],
  [["--mode", "full", "--tail-records", "5"], "--tail-records has no effect in mode full"],
])("verify %j is refused, because the option would be ignored", async (argv, mistake) => {
  const { exit, err } = await verify(argv);
  expect(exit).toBe(2);
  expect(err).toContain(mistake);
});

it("verify accepts options of samples if the mode of the migration is sample", async () => {
  const samples = ["--seed", "2", "--hole-records", "5", "--miss-probability", "0.5", "--tail-records", "5"];
  expect((await verify(samples, { verify: { mode: "sample" } })).exit).toBe(3);
  expect((await verify(["--mode", "ful", ...samples])).err).not.toContain("has no effect");
});

it("verify promises after an interrupt only what it can do", async () => {
  const progress = join(temporaryFolder("verify"), "progress.jsonl");
  const without = await verify(["--mode", "full"], {}, AbortSignal.abort());
  const resumed = await verify(["--mode", "full", "--resume", progress], {}, AbortSignal.abort());
  expect([without.exit, resumed.exit]).toEqual([130, 130]);
  expect(without.err).toContain("fix: run it again; with --resume FILE an interrupted run goes on where it stopped");
  expect(resumed.err).toContain("fix: run it again: it goes on where it stopped");
});

it.each(["0", "10MB", "-5"])("verify --throttle-bytes-per-second %s is refused", async (limit) => {
  const { exit, err } = await verify(["--throttle-bytes-per-second", limit]);
  expect(exit).toBe(2);
  expect(err).toContain(`--throttle-bytes-per-second is "${limit}": it must be a whole number`);
});

it("options in a model file that the engine does not know are refused, all in one message", async () => {
  const { exit, err } = await verify([], {
    verify: { mode: "ful", threads: "2", throttleBytesPerSecond: "10MB", holeRecord: 5, missProbability: 1 },
    gate: { limit: 1 },
    verifiy: {},
  });
  expect(exit).toBe(2);
  for (const text of [
    "options.verify.mode: ",
    "options.verify.threads: a whole number from 1 to 64",
    "options.verify.throttleBytesPerSecond: a whole number",
    "options.verify.missProbability: a number above 0 and below 1",
    'options.verify: unknown key "holeRecord" (did you mean "holeRecords"?)',
    'options.gate: unknown key "limit" (did you mean "limitMs"?)',
    'options: unknown key "verifiy" (did you mean "verify"?)',
  ])
    expect(err).toContain(text);
});

describe("files that verify --shard writes are checked before anything is read", () => {
  const folder = temporaryFolder("out");
  const at = (name: string, text?: string) => {
    const path = join(folder, name);
    if (text !== undefined) writeFileSync(path, text);
    return path;
  };
  mkdirSync(at("folder"));
  const result = (index: number, of = 4) => {
    const { topics, pairs, results } = { topics: [], pairs: [], results: new Map() };
    const look = { clusters: { origin: "o", target: "t" }, isolation: "read_committed" as const };
    return shardFile(
      shardResult({
        version: packageVersion(),
        shard: { index, of },
        look: { ...look, topics: 0, partitions: 0, ends: { origin: 0, target: 0 }, digest: "" },
        options: { mode: "full" },
        ...{ topics, pairs, own: pairs, results },
        remarks: noRemarks(),
        ...{ resumed: 0, bytes: { origin: 0, target: 0 }, durationMs: 1, requests: 1 },
      }),
    );
  };

  it.each([
    ["a folder", () => ["--out", at("folder")], "folder can't be written: it is a folder"],
    ["a device", () => ["--out", "/dev/null"], "/dev/null can't be written: it is not a file"],
    ["an absent folder", () => ["--out", at("absent/1.json")], "can't be written: ENOENT"],
    ["another file", () => ["--out", at("a.json", '{"origin":{}}')], "it holds something else than a result"],
    ["another machine's result", () => ["--out", at("3.json", result(3))], "it has the result of machine 3/4"],
    ["a folder for the message", () => ["--termination-message", at("folder")], "folder can't be written: EISDIR"],
    ["a folder for the progress", () => ["--out", at("1"), "--resume", at("folder")], "folder is not a file"],
    [
      "a result for the progress",
      () => ["--out", at("1"), "--resume", at("1.json", result(1))],
      "1.json holds something else than the progress",
    ],
    ["one file for both", () => ["--out", at("1"), "--resume", at("1")], "--resume and --out name the same file"],
  ])("%s is refused", async (_what, argv, message) => {
    const { exit, err } = await verify(["--shard", "1/4", ...argv()]);
    expect([exit, err]).toEqual([2, expect.stringContaining(message)]);
    expect(err).toMatch(/\nfix: |fix: /);
  });

  it.each([
    ["a new file", () => at("new")],
    ["an empty file", () => at("empty", "")],
    ["an earlier result of the same machine", () => at("same", result(1))],
    ["one with another number of machines", () => at("other", result(3, 8))],
    ["a half-written one", () => at("half", result(3).slice(0, 80))],
  ])("%s is used", async (_what, out) => {
    const path = out();
    const before = path.endsWith("new") ? undefined : readFileSync(path, "utf8");
    expect((await verify(["--shard", "1/4", "--out", path])).exit).toBe(3);
    if (before !== undefined) expect(readFileSync(path, "utf8")).toBe(before);
  });
});
