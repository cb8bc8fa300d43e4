import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const PROGRAM = `
  const { createRequire } = require("node:module");
  const { Ajv2020 } = createRequire(require.resolve("@platformatic/kafka"))("ajv/dist/2020.js");
  let compiled = 0;
  const ajv = Object.getPrototypeOf(Ajv2020.prototype);
  const { compile } = ajv;
  ajv.compile = function (...schema) {
    compiled++;
    return compile.apply(this, schema);
  };
  require("./dist/engine/kafka/library.js").loadLibrary().then(({ Admin }) => {
    const seen = { atLoad: compiled };
    try {
      new Admin({ clientId: "tests", bootstrapBrokers: ["127.0.0.1:1"], strict: true, retries: "many" });
    } catch (error) {
      seen.error = error.message;
    }
    seen.atUse = compiled;
    new Ajv2020().compile({});
    console.log(JSON.stringify({ ...seen, afterwards: compiled - seen.atUse }));
  });`;

test("the client compiles no validators when it is loaded, and validates as always", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", PROGRAM], { cwd: join(__dirname, "../../..") });
  const { atLoad, error, atUse, afterwards } = JSON.parse(stdout) as Record<string, unknown>;
  expect(atLoad).toBe(0);
  expect(error).toMatch(/retries/);
  expect(atUse).toBeGreaterThan(0);
  // What other code compiles is compiled at once.
  expect(afterwards).toBe(1);
});
