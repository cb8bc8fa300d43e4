import * as pulumi from "@pulumi/pulumi";
import { isDeepStrictEqual } from "node:util";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Migration, type MigrationArgs, mirrorModelOf } from "../index";
import { opened, recordingMocks } from "../test/components/support/mocks";

/**
 * What a migration declared before waves existed (commit 5817ce6): the names of all resources, and the inputs and
 * dependencies of the steps. After a deliberate change, write the file again with KAFKA_MIGRATION_WRITE_FIXTURE=true
 * and review the difference.
 */
const FIXTURE = join(__dirname, "../test/fixtures/without-waves.json");

const operated = (side: string) => ({
  bootstrapServers: `${side}:9093`,
  operator: { cluster: side, namespace: `${side}-ns` },
});
const patterns = { topicsPattern: "orders-.*", groupsPattern: "orders-.*" };
const PROGRAMS: Record<string, Partial<MigrationArgs>> = {
  mirror: { mirror: patterns },
  cutover: { mirror: patterns, phase: "cutover" },
  cleanup: { mirror: patterns, phase: "cleanup" },
  fenced: {
    mirror: patterns,
    phase: "cutover",
    fence: true,
    fenceOptions: { everyoneByDefault: false },
    offsets: { groups: ["billing"] },
    verify: { mode: "full" },
    replication: { rules: [{ pattern: ".*", factor: 3 }] },
  },
};

/** The same for all steps, or the same as a setting: only whether it is there counts. */
const SHORT = ["originConnection", "targetConnection", "originSecrets", "targetSecrets", "rights", "trigger"];

async function declaredBy(args: Partial<MigrationArgs>): Promise<Record<string, unknown>> {
  const mocks = recordingMocks();
  await mocks.ready;
  const migration = new Migration("m", { origin: operated("origin"), target: operated("target"), ...args });
  const summary = await new Promise<object>((resolve) => migration.summary.apply((value) => resolve(value)));
  await pulumi.runtime.disconnect();
  const whole = JSON.stringify(mirrorModelOf(patterns));
  const lines = mocks.declared.map(({ type, name, inputs: secret, after }) => {
    const { __provider: _code, ...inputs } = opened(secret);
    if (inputs.mirror === undefined) return [`${type} ${name}`, { after }];
    const short = Object.entries(inputs).map(([key, value]) => [
      key,
      SHORT.includes(key) ? "..." : isDeepStrictEqual(value, JSON.parse(whole)) ? "the whole mirror" : value,
    ]);
    return [`${type} ${name}`, { after, ...Object.fromEntries(short) }];
  });
  return JSON.parse(JSON.stringify({ summary: Object.keys(summary), ...Object.fromEntries(lines) }));
}

describe("a migration without waves declares the resources, inputs and dependencies of the time before waves", () => {
  test.each(Object.keys(PROGRAMS))("%s", async (name) => {
    const found = await declaredBy(PROGRAMS[name]!);
    if (process.env.KAFKA_MIGRATION_WRITE_FIXTURE === "true") write(name, found);
    expect(found).toEqual(JSON.parse(readFileSync(FIXTURE, "utf8"))[name]);
  });
});

/** One line for each resource. */
function write(name: string, found: Record<string, unknown>): void {
  const all = { ...JSON.parse(readFileSync(FIXTURE, "utf8")), [name]: found };
  const text = Object.entries(all).map(([program, resources]) => {
    const lines = Object.entries(resources as object).map(
      ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
    );
    return ` ${JSON.stringify(program)}: {\n${lines.join(",\n")}\n }`;
  });
  writeFileSync(FIXTURE, `{\n${text.join(",\n")}\n}\n`);
}
