import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { supervise } from "./processes";
import { pulumiEnvironment } from "./pulumi";
import { fakeProgram, setEnv, tempFolder } from "./test/parts-support";

/** Makes garbage until V8 has let the young generation grow as far as it may. */
const program = `
  let kept = [];
  for (let i = 0; i < 3e6; i++) { kept.push({ i }); if (i % 1e5 === 0) kept = []; }
  const young = require("v8").getHeapSpaceStatistics().find((space) => space.space_name === "new_space");
  console.log(young.space_size / 1e6);
`;

test("garbage takes little memory of Pulumi's node processes, and the user's own NODE_OPTIONS do not reach them", async () => {
  setEnv({ NODE_OPTIONS: "--max-semi-space-size=64", KAFKA_MIGRATION_SEMI_SPACE_MB: undefined });
  const folder = tempFolder();
  const supervisor = supervise(folder);
  try {
    const parts = {
      pulumi: "/bin/true",
      "pulumi-language-nodejs": "/bin/true",
      "pulumi-resource-kubernetes": "/bin/true",
    };
    const { env } = await pulumiEnvironment({ folder, parts });
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", program], { env });
    expect(Number(stdout)).toBeGreaterThan(0);
    expect(Number(stdout)).toBeLessThan(10);
  } finally {
    await supervisor.stop();
  }
});

test("a language host that knows options only as arguments gets `typescript: false` of the project", async () => {
  const folder = tempFolder();
  const supervisor = supervise(join(folder, "pulumi"));
  try {
    const words = "Use ts-node at runtime to support typescript source natively (default true)";
    const usage = `-h) printf '  -typescript\\n    \\t${words}\\n' >&2;;`;
    const host = fakeProgram(join(folder, "it's a host"), `case "$1" in ${usage} *) echo "given $@";; esac`);
    const pulumi = fakeProgram(join(folder, "pulumi-program"), "exit 0");
    const parts = { pulumi, "pulumi-language-nodejs": host, "pulumi-resource-kubernetes": "/bin/true" };
    const { env } = await pulumiEnvironment({ folder: join(folder, "pulumi"), parts });
    const program = join(folder, "project", "dist");
    await mkdir(program, { recursive: true });
    const given = async (yaml: string) => {
      await writeFile(join(folder, "project", "Pulumi.yaml"), yaml);
      return (
        await promisify(execFile)("pulumi-language-nodejs", ["127.0.0.1:1"], { env, cwd: program })
      ).stdout.trim();
    };
    expect(await given("runtime: nodejs\n")).toBe("given 127.0.0.1:1");
    expect(await given("runtime:\n  name: nodejs\n  options:\n    typescript: false\n")).toBe(
      "given -typescript=false 127.0.0.1:1",
    );
  } finally {
    await supervisor.stop();
  }
});
