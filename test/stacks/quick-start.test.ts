import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** What is loaded with the SDK, after the program's first line or without it. */
async function loaded(first: string): Promise<string[]> {
  const text = `${first}
    require("@pulumi/pulumi");
    const { isProxy } = require("node:util").types;
    const files = Object.entries(require.cache).filter(([, { exports }]) => !isProxy(exports)).map(([file]) => file);
    const all = { typescript: /typescript.lib.typescript[.]js$/, arborist: /arborist.lib.index[.]js$/ };
    console.log(Object.keys(all).filter((name) => files.some((file) => all[name].test(file))).join());`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", text], { cwd: join(__dirname, "..", "..") });
  return stdout.trim().split(",");
}

test("the ready-made stack does not load what Pulumi's SDK needs for functions only", async () => {
  expect(await loaded("")).toEqual(["typescript", "arborist"]);
  expect(await loaded('require("./dist/stacks/quick-start.js");')).toEqual([""]);
});
