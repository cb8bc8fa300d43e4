import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { dialects } from "../components/dialects";
import { readSettings } from "./settings";

const folder = join(__dirname, "examples");

describe("the examples", () => {
  test("there is one per dialect", () => {
    expect(
      readdirSync(folder)
        .map((f) => /^Pulumi\.(.+)\.yaml$/.exec(f)?.[1])
        .sort(),
    ).toEqual(Object.keys(dialects).sort());
  });

  test.each(readdirSync(folder))("%s is a valid configuration", (file) => {
    const { config } = parse(readFileSync(join(folder, file), "utf8")) as { config: Record<string, unknown> };
    const raw = Object.entries(config).map(([key, value]) => [
      key.replace("kafka-migration:", ""),
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    expect(readSettings(Object.fromEntries(raw) as Record<string, string>).dialect).toBe(
      /^Pulumi\.(.+)\.yaml$/.exec(file)![1],
    );
  });
});
