import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const review = (...args: string[]) =>
  spawnSync(process.execPath, [join(__dirname, "../../dist/policies/review/main.js"), ...args], { encoding: "utf8" });

describe("wrong usage of the review ends with exit code 2 and one error that names it", () => {
  test.each([
    ["an unknown option", ["--form", "x"], "--form"],
    ["an option without its value", ["--from"], "--from"],
    ["one argument too many", ["now"], "now"],
    ["a file that does not exist", ["--from", "nowhere/preview.json"], "nowhere/preview.json"],
  ])("%s", (_what, args, named) => {
    const { status, stdout, stderr } = review(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^REVIEW_USAGE: /);
    expect(stderr).toContain(named);
    expect(stderr).toContain("\nfix: ");
    expect(stderr).not.toContain("    at ");
  });
});
