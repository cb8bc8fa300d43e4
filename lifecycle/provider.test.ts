import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { providerText } from "./provider";

const fixture = join(__dirname, "..", "test", "fixtures", "older-state", "state.json");

it("the provider's text is the one that Pulumi made from functions in older versions: no step changes", () => {
  const { provider } = JSON.parse(readFileSync(fixture, "utf8")) as { provider: string[] };
  expect(providerText("consumer-offsets")).toBe(provider.join("\n").replaceAll("{{kind}}", "consumer-offsets"));
});

it("the provider's text runs as Pulumi runs it, and hands every call on", () => {
  const called: unknown[] = [];
  const step = new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...given: unknown[]) =>
          called.push([name, ...given]),
    },
  );
  const required: string[] = [];
  const load = (name: string) => {
    required.push(name);
    return name === "module"
      ? { createRequire: (from: string) => (what: string) => (required.push(from, what), { step: () => step }) }
      : undefined;
  };
  const exports: { handler?: () => Record<string, (...given: unknown[]) => void> } = {};
  new Function("exports", "require", providerText("gate"))(exports, load);
  const provider = exports.handler!();
  for (const method of Object.values(provider)) method(1, 2, 3);
  expect(called).toEqual([
    ["check", 1, 2],
    ["diff", 1, 2, 3],
    ["create", 1],
    ["update", 1, 2, 3],
    ["delete", 1, 2],
  ]);
  expect(required.slice(0, 3)).toEqual(["module", `${process.cwd()}/package.json`, "pulumi-kafka-migration/lifecycle"]);
});
