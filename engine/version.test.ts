import { expect, test } from "vitest";
import { versionAtLeast } from "./version";

test.each([
  ["4.0.0", "4", true],
  ["3.9.1", "4", false],
  ["3.10.0", "3.9", true],
  ["3.5", "3.5.0", true],
  ["11.1.4", "11.1.4", true],
  ["11.1.3", "11.1.4", false],
  ["11.2", "11.1.4", true],
  ["3.0.0-rc1", "3.0", true],
  ["four", "3.0", false],
  ["", "0.1", false],
])("versions are compared number by number: is %s at least %s? %s", (version, least, expected) => {
  expect(versionAtLeast(version, least)).toBe(expected);
});
