import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { repositoryRoot, supervise } from "@kafka-migration/sandbox";
import { temporaryFolder } from "../support/folder";
import { until } from "./support";

const supervisor = supervise(join(temporaryFolder("interrupt"), "outer"));
afterAll(() => supervisor.stop());

/** By what it was told of where to put its files; other systems do not show a process's environment. */
function processesIn(folder: string): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "latin1").includes(`\0TMPDIR=${folder}`);
    } catch {
      return false;
    }
  });
}

test.each([
  ["clusters start", /ready in/],
  ["up", /operator: KafkaUser \S+\/mm2-credentials is ready/],
])(
  "npm start leaves no process and no file after Ctrl-C (%s)",
  async (name, line) => {
    const folder = join(supervisor.folder, name.replace(" ", "-"));
    mkdirSync(folder);
    const log = `${folder}.log`;
    const said = () => readFileSync(log, "utf8");
    const start = supervisor.start({
      name,
      command: process.execPath,
      args: [join(repositoryRoot, "sandbox/dist/main.js"), "--bulk-mb", "1"],
      env: { ...process.env, TMPDIR: folder },
      log,
    });
    await start.until("the place to interrupt it", () => line.test(said()) || undefined, 240_000, 100);
    expect(processesIn(folder)).not.toEqual([]);
    // To the whole group, as a terminal does.
    process.kill(-start.pid, "SIGINT");
    expect((await start.exited).code, said()).not.toBe(0);
    expect(said()).toMatch(/interrupted/i);
    await until(
      "the processes' end",
      async () => processesIn(folder),
      (left) => left.length === 0,
    );
    await until(
      "an empty folder",
      async () => readdirSync(folder),
      (left) => left.length === 0,
    );
  },
  300_000,
);
