import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { supervise } from "./processes";
import { pulumiEnvironment } from "./pulumi";
import { setEnv, tempFolder } from "./test/parts-support";

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
