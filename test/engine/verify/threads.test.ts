import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { silent } from "../../../engine/progress";
import type { MigrationModel } from "../../../engine/model";
import { compareCopy, type VerifyOptions, type VerifyResult } from "../../../engine/verify";
import { packageThread, workerThread } from "../../../engine/verify/thread-start";
import { temporaryFolder } from "../../support/folder";
import { FakeMirror, messages } from "../gate/fake-mirror";
import { withPorts } from "../kafka/support";

/** Real threads: the compiled program of the package, with connections of their own to real brokers. */
const ports = withPorts("threads");
const PARTITIONS = 6;
let mirror: FakeMirror;
let topic: string;
let compacted: string;

/** Everything but the time and the requests. Each thread asks for the leaders of its partitions. */
const compared = ({ durationMs: _duration, requests: _requests, ...result }: VerifyResult) => result;
const compare = (options: VerifyOptions, model = mirror.model, signal?: AbortSignal) =>
  compareCopy(model, options, silent, signal);

beforeAll(async () => {
  expect(existsSync(join(process.cwd(), "dist/engine/verify/thread.js")), "npm run build comes first").toBe(true);
  mirror = await FakeMirror.start(ports);
  topic = await mirror.topic("wide", PARTITIONS);
  for (let partition = 0; partition < PARTITIONS; partition++) await mirror.send(topic, messages(500), 500, partition);
  compacted = await mirror.topic("compacted", 2, { "cleanup.policy": "compact" });
  for (const partition of [0, 1]) await mirror.send(compacted, messages(50), 50, partition);
}, 120_000);

describe("two threads on real brokers", () => {
  it.each(["sample", "full"] as const)("say what one thread says, in mode %s", async (mode) => {
    const [one, two] = [await compare({ mode, threads: 1 }), await compare({ mode, threads: 2 })];
    expect(one).toMatchObject({ equal: true, partitions: PARTITIONS + 2 });
    expect(compared(two)).toEqual(compared(one));
    expect(two.requests).toBeGreaterThan(one.requests);
  });

  it("find the same differences", async () => {
    await mirror.only("target", topic, messages(2, 500));
    await mirror.only("origin", compacted, [{ key: "k1", value: "changed" }]);
    const [one, two] = [await compare({ mode: "full", threads: 1 }), await compare({ mode: "full", threads: 2 })];
    expect(one.differences.map(({ kind }) => kind).sort()).toEqual(["changed", "extra"]);
    expect(compared(two)).toEqual(compared(one));
  });

  it("end with the error of the cluster if one of them cannot log in", async () => {
    const password = "not-the-password-of-anybody";
    const sasl = { mechanism: "SCRAM-SHA-512" as const, username: "nobody", password };
    let opened = 0;
    // The main thread can log in. The threads get the connection as it is then.
    const model: MigrationModel = { ...mirror.model, target: { ...mirror.model.target } };
    const error = await compareCopy(
      model,
      { mode: "full", threads: 2 },
      {
        info: (line) => (line.startsWith("reading with") && opened++ === 0 ? (model.target.sasl = sasl) : 0),
        warn() {},
      },
    ).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "KAFKA_AUTHENTICATION" });
    expect(String((error as Error).message)).not.toContain(password);
  });
});

describe("a crashed thread", () => {
  it("is a clear error, and leaves no thread running", async () => {
    const crash = join(temporaryFolder("threads"), "crash.js");
    await writeFile(crash, "setTimeout(() => { throw new Error('no memory left'); }, 50);");
    await expect(
      compareCopy(mirror.model, { mode: "full", threads: 2 }, silent, undefined, undefined, workerThread(crash)),
    ).rejects.toMatchObject({
      code: "VERIFY_THREAD_ENDED",
      message: expect.stringMatching(/thread [12] of the verification ended: no memory left\nfix: .*--threads 1/),
    });
    expect(packageThread()).toBeDefined();
  });
});

describe("kafka-migration verify --threads 2", () => {
  it("shows its progress, and ends at the first Ctrl-C", async () => {
    const model = join(temporaryFolder("threads"), "model.json");
    await writeFile(model, JSON.stringify(mirror.model), { mode: 0o600 });
    const args = [
      "verify",
      "--model",
      model,
      "--mode",
      "full",
      "--threads",
      "2",
      "--throttle-bytes-per-second",
      "2000",
    ];
    const child = spawn(process.execPath, [join(process.cwd(), "dist/cli/main.js"), ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let [err, pressed] = ["", 0];
    child.stderr.on("data", (piece: Buffer) => {
      err += piece.toString();
      if (pressed > 0 || !/ of 8 partitions verified; .* read, .*limited to/.test(err)) return;
      pressed = Date.now();
      child.kill("SIGINT");
    });
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    expect([code, err]).toEqual([130, expect.stringContaining("INTERRUPTED")]);
    expect(err).toContain("reading with 2 threads");
    expect(Date.now() - pressed).toBeLessThan(5_000);
  });
});
