import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { silent } from "../engine/progress";
import { compareShard, shardFile, shortShard } from "../engine/verify";
import { MemoryMirror } from "../test/engine/gate/memory-mirror";
import { temporaryFolder } from "../test/support/folder";
import { parse } from "./arguments";
import { run } from "./run";
import { shardFrom } from "./verify-shards";
import { Reader } from "./values";

async function command(...argv: string[]) {
  const text = { out: "", err: "" };
  const stream = (key: "out" | "err") => ({ write: (some: string) => (text[key] += some) });
  const exit = await run(argv, { out: stream("out"), err: stream("err") }, new AbortController().signal);
  return { exit, ...text };
}

describe("verify --merge", () => {
  async function files(changed: boolean) {
    const folder = temporaryFolder("shards");
    const mirror = new MemoryMirror();
    mirror.topic("orders", 10, 3);
    if (changed) mirror.target.orders!.logs[1]!.records.pop();
    const paths: string[] = [];
    for (const index of [1, 2]) {
      const options = { shard: { index, of: 2 } };
      const shard = await compareShard(mirror.model, { mode: "full" }, options, silent, undefined, mirror.open);
      paths.push(join(folder, `${index}.json`));
      writeFileSync(paths.at(-1)!, index === 1 ? shardFile(shard) : shortShard(shard));
    }
    return paths;
  }

  it("needs no stack and no cluster, and prints what one machine prints", async () => {
    const merged = await command("verify", "--merge", ...(await files(false)));
    expect(merged).toMatchObject({ exit: 0, err: "" });
    expect(merged.out).toMatch(/orders +3 +30 +30 +0 +0/);
    expect(merged.out).toMatch(/\nequal: 3 partitions \(full\), /);
    const different = await command("verify", "--json", "--merge", ...(await files(true)));
    expect([different.exit, JSON.parse(different.out)]).toMatchObject([
      1,
      { equal: false, differences: [{ kind: "missing", topic: "orders", partition: 1 }] },
    ]);
  });

  it("refuses an incomplete set and unreadable files in one message", async () => {
    const [first] = await files(false);
    const refused = await command("verify", "--merge", first!, `${first}.missing`);
    expect(refused).toMatchObject({ exit: 1, out: "" });
    expect(refused.err).toContain("VERIFY_SHARDS: the results of the machines cannot be merged");
    expect(refused.err).toContain("1.json.missing: it cannot be read: ENOENT");
    expect(refused.err).toContain("1 result of 2 is missing: 2/2");
  });

  it("refuses options of a comparison", async () => {
    const refused = await command("verify", "--mode", "full", "--merge", "a.json", "b.json", "--seed", "2");
    expect(refused).toMatchObject({ exit: 2 });
    expect(refused.err).toContain("--merge and --mode cannot be combined");
    expect(refused.err).toContain("--merge and --seed cannot be combined");
  });

  it("refuses options that name a migration, because it needs none and would ignore them", async () => {
    for (const option of ["stack", "cwd", "migration", "wave", "model"]) {
      const refused = await command("verify", `--${option}`, "x", "--merge", "a.json", "b.json");
      expect(refused).toMatchObject({ exit: 2 });
      expect(refused.err).toContain(`--merge and --${option} cannot be combined`);
    }
  });

  it("takes all files up to the next option", () => {
    expect(parse(["verify", "--merge", "a", "b", "--json", "--merge=c"]).values).toEqual({
      merge: ["a", "b", "c"],
      json: true,
    });
    expect(() => parse(["verify", "--merge", "a", "--json", "b"])).toThrow(/unexpected "b"/);
  });
});

describe("the share of a machine", () => {
  const shardOf = (values: Record<string, string>, environment: NodeJS.ProcessEnv = {}) => {
    const read = new Reader(values);
    const shard = shardFrom(read, environment);
    read.check("verify");
    return shard;
  };

  it("is I of N, or follows from the number that an Indexed Job gives a pod", () => {
    expect(shardOf({ shard: "2/8", out: "f" })).toEqual({ shard: { index: 2, of: 8 }, out: "f" });
    expect(shardOf({ shards: "8", "termination-message": "t" }, { JOB_COMPLETION_INDEX: "0" })).toEqual({
      shard: { index: 1, of: 8 },
      terminationMessage: "t",
    });
    expect(shardOf({})).toBeUndefined();
  });

  it.each([
    [{ shard: "0/8", out: "f" }, {}, '--shard is "0/8": it must be I/N, with I from 1 to N'],
    [{ shard: "9/8", out: "f" }, {}, '--shard is "9/8"'],
    [{ shard: "3", out: "f" }, {}, '--shard is "3"'],
    [{ shard: "1/2" }, {}, "--shard needs --out or --termination-message"],
    [{ shard: "1/2", shards: "2", out: "f" }, { JOB_COMPLETION_INDEX: "0" }, "--shard and --shards cannot be combined"],
    [{ shards: "2", out: "f" }, {}, "--shards 2 needs the environment variable JOB_COMPLETION_INDEX"],
    [{ shards: "2", out: "f" }, { JOB_COMPLETION_INDEX: "2" }, 'JOB_COMPLETION_INDEX is "2"'],
    [{ shards: "two", out: "f" }, {}, '--shards is "two"'],
    [{ out: "f" }, {}, "--out needs --shard or --shards"],
  ])("cannot be %o", (values, environment, message) => {
    expect(() => shardOf(values as Record<string, string>, environment)).toThrow(message);
  });

  it("docs/command-line.md explains every option", () => {
    const page = readFileSync(join(__dirname, "../docs/command-line.md"), "utf8");
    for (const option of ["shard", "shards", "out", "termination-message", "merge"])
      expect(page).toContain(`--${option}`);
  });
});
