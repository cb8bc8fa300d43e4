import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  pulumiEnvironment,
  type PulumiEnvironment,
  repositoryRoot,
  runCommand,
  supervise,
} from "@kafka-migration/sandbox";
import { FakeMirror, messages } from "../engine/gate/fake-mirror";
import { withPorts } from "../engine/kafka/support";
import { programProject } from "../support/program";

/** The compiled command against a stack that the real Pulumi made: a gate that is armed, with its secrets encrypted. */
const ports = withPorts("cli");
let folder: string;
let pulumi: PulumiEnvironment;

const PROGRAM = `
const { Gate } = require("./dist/lifecycle/resources");
const { readFileSync } = require("node:fs");
const { origin, target, mirror } = JSON.parse(readFileSync(process.env.CLI_TEST_MODEL, "utf8"));
new Gate("orders-gate", { originConnection: origin, targetConnection: target, mirror, phase: "mirror", abandon: false, options: { stableForMs: 1000, limitMs: 5000 } }, {});
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-cli-stack-"));
  await programProject(join(folder, "project"), "cli-test", PROGRAM);
  pulumi = await pulumiEnvironment({ folder: join(folder, "pulumi") });
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it("the command line finds connections, options and phase in the stack, and shows no secret", async () => {
  const mirror = await FakeMirror.start(ports);
  const topic = await mirror.topic("orders");
  await mirror.send(topic, messages(3));
  await mirror.copied(topic, 2);
  const cwd = join(folder, "project");
  const model = join(folder, "model.json");
  await writeFile(model, JSON.stringify(mirror.model), { mode: 0o600 });
  const env = { CLI_TEST_MODEL: model };
  for (const args of [
    ["stack", "init", "dev", "--non-interactive"],
    ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev"],
  ]) {
    const done = await pulumi.run(args, { cwd, env });
    expect(done.exitCode, done.stdout + done.stderr).toBe(0);
  }
  const password = ports.clusters.origin.admin.password;
  expect((await pulumi.run(["stack", "export", "--stack", "dev"], { cwd })).stdout).not.toContain(password);

  const supervisor = supervise(join(folder, "command"));
  const command = async (...args: string[]) => {
    const result = await runCommand(supervisor, process.execPath, [join(repositoryRoot, "dist/cli/main.js"), ...args], {
      cwd: folder,
      env: pulumi.env,
    });
    expect(result.stdout + result.stderr).not.toContain(password);
    return result;
  };
  const status = await command("status", "--stack", "dev", "--cwd", cwd);
  expect(status, status.stderr).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("migration dev: phase mirror\n"),
  });
  expect(status.stdout).toContain("copy: 1 of 1 partition complete");
  const waited = await command("gate", "--wait", "--cwd", cwd, "--json");
  expect(waited.exitCode, waited.stderr).toBe(0);
  expect(JSON.parse(waited.stdout)).toMatchObject({ complete: true, topics: 1 });
  const report = await command("report", "--cwd", cwd, "--out", join(folder, "out"));
  expect(report.exitCode, report.stderr).toBe(0);
  expect(await readFile(join(folder, "out", "migration-dev.html"), "utf8")).toContain(topic);
  const none = await command("status", "--stack", "prod", "--cwd", cwd);
  expect([none.exitCode, none.stderr]).toEqual([
    2,
    expect.stringMatching(/^CLI_STACK: the state of stack "prod" cannot be read: [^\n]+\nfix: /),
  ]);
}, 240_000);
