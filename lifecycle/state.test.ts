import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clientsCaStep } from "./handlers/clients-ca";
import { consumerOffsetsStep } from "./handlers/consumer-offsets";
import { fenceStep } from "./handlers/fence";
import { defineStep, type Step } from "./handlers/framework";
import { gateStep } from "./handlers/gate";
import { passwordStep } from "./handlers/password";
import { preflightStep } from "./handlers/preflight";
import { replicationStep } from "./handlers/replication";
import { reportStep } from "./handlers/report";
import { residueStep } from "./handlers/residue";
import { secretValuesStep } from "./handlers/secret-values";
import { unclaimedUserStep } from "./handlers/unclaimed-user";
import { verificationStep } from "./handlers/verification";
import { testMirror } from "../test/support/models";
import { stepInputs } from "../test/lifecycle/support/inputs";
import { said } from "../test/lifecycle/support/said";
import { UNKNOWN } from "../test/support/unknown";

type Plain = Record<string, unknown>;

const phased = { ...stepInputs, fence: false, options: {} };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-state-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/**
 * Every step that has outputs and needs no cluster in its phase: its inputs and the outputs that its resource declares.
 */
const STEPS: [kind: string, step: Step, inputs: () => Plain, outputs: string[]][] = [
  ["gate", gateStep, () => phased, ["passed", "passedAt", "abandonedAt", "result", "ends", "topicIds"]],
  ["fence", fenceStep, () => ({ ...phased, enabled: false }), ["raised"]],
  [
    "verification",
    verificationStep,
    () => ({ ...phased, options: { mode: "tail", tailRecords: 100 } }),
    ["verifiedAt", "result"],
  ],
  ["consumer-offsets", consumerOffsetsStep, () => ({ ...phased, phase: "cleanup" }), ["appliedAt", "applied"]],
  ["replication", replicationStep, () => ({ ...phased, when: "cutover" }), ["resetAt", "result"]],
  ["replication", replicationStep, () => ({ ...phased, when: "removal" }), ["resetAt", "result"]],
  ["preflight", preflightStep, () => ({ ...phased, abandon: true, stage: "clusters" }), ["checkedAt", "result"]],
  ["password", passwordStep, () => ({ bytes: 24 }), ["password"]],
  [
    "report",
    reportStep,
    () => ({ ...phased, options: { gate: {}, offsets: {} }, facts: {}, trigger: "a", name: "m", folder, root: folder }),
    ["report", "writtenAt", "kept"],
  ],
];

/** All kinds of changes to the settings of such a step. None of them produces an output. */
const CHANGES: [what: string, change: (inputs: Plain) => Plain][] = [
  ["another pattern", (inputs) => ({ ...inputs, mirror: testMirror({ topicsPattern: "orders-.*" }) })],
  ["another option", (inputs) => ({ ...inputs, options: { ...(inputs.options as object), limitMs: 1 } })],
  ["another connection", (inputs) => ({ ...inputs, targetConnection: { bootstrapServers: "127.0.0.1:2" } })],
];

/** Does what Pulumi's SDK does at preview: an output that the state lacks becomes unknown, and null stays null. */
const unknownAtPreview = (state: Plain, outputs: string[]) => outputs.filter((key) => !(key in state));

describe.each(STEPS)("the state of %s", (kind, step, inputsOf, outputs) => {
  test.each(CHANGES)(
    "keeps every output through an update with %s, so that the next preview shows no change",
    async (_what, change) => {
      await said(async () => {
        const { id, outs: created } = await step.create(inputsOf());
        expect(unknownAtPreview(created, outputs)).toEqual([]);
        const inputs = change(inputsOf());
        const { outs: updated } = await step.update(id, created, inputs);
        expect(unknownAtPreview(updated, outputs)).toEqual([]);
        if (kind !== "password") expect((await step.diff(id, created, inputs)).changes).toBe(true);
        expect((await step.diff(id, updated, inputs)).changes).toBe(kind === "report" && updated.writtenAt === null);
        // Update a second time: outputs that Pulumi returned as null stay null.
        expect(unknownAtPreview((await step.update(id, updated, inputs)).outs, outputs)).toEqual([]);
      });
    },
  );

  test("is completed by one update if an older version stored no outputs", async () => {
    await said(async () => {
      const { id, outs } = await step.create(inputsOf());
      const old = Object.fromEntries(
        Object.entries(outs).filter(([key, value]) => !outputs.includes(key) || value !== null),
      );
      const lacking = Object.keys(old).length < Object.keys(outs).length;
      expect(await step.diff(id, old, inputsOf())).toEqual({ changes: lacking });
      const { outs: completed } = await step.update(id, old, inputsOf());
      expect(await step.diff(id, completed, inputsOf())).toEqual({ changes: false });
    });
  });
});

const plainStep = defineStep<{ what: unknown; way?: unknown }, { found: string | null }>("sample", {
  create: async () => ({ found: null }),
  update: async () => ({ found: null }),
  remove: async () => {},
  outputs: { found: true },
  immaterial: ["way"],
});

test.each([
  ["null in an object", { a: 1, b: null }, { a: 1 }],
  ["null deep inside", { a: [{ b: { c: null } }] }, { a: [{ b: {} }] }],
  ["undefined in an object", { a: 1, b: undefined }, { a: 1 }],
])("%s equals its absence", async (_what, one, other) => {
  expect(await plainStep.diff("id", { what: one, found: null }, { what: other })).toEqual({ changes: false });
  expect(await plainStep.diff("id", { what: other, found: null }, { what: one })).toEqual({ changes: false });
});

test("null in a list does not equal a shorter list", async () => {
  expect(await plainStep.diff("id", { what: [null, 1], found: null }, { what: [1] })).toEqual({ changes: true });
});

test.each([
  [
    "unchanged, if it was known",
    { what: 1, way: { kubeconfig: "k" } },
    { kubeconfig: "k", context: UNKNOWN },
    { what: 1, way: { kubeconfig: "k" } },
  ],
  ["absent, if it was absent", { what: 1 }, UNKNOWN, { what: 1 }],
  ["absent before the first up", undefined, UNKNOWN, { what: 1 }],
])("access that is unknown at preview is shown %s", async (_what, olds, way, shown) => {
  expect((await plainStep.check(olds, { what: 1, way })).inputs).toEqual(shown);
});

test("secret access that is unknown at preview is never shown in plain text", async () => {
  const secret = (value: unknown) => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value,
  });
  const olds = {
    phase: "mirror",
    kubernetes: [{ kubeconfig: "token: abc" }],
    originSecrets: { kubeconfig: "token: abc" },
  };
  const news = {
    phase: "cutover",
    kubernetes: [{ kubeconfig: "token: abc", context: UNKNOWN }],
    originSecrets: { kubeconfig: UNKNOWN },
  };
  const { inputs } = await residueStep.check(olds, news);
  expect(inputs).toEqual({
    phase: "cutover",
    kubernetes: secret(olds.kubernetes),
    originSecrets: secret(olds.originSecrets),
  });
  expect((await residueStep.check({ phase: "mirror" }, news)).inputs).toEqual({ phase: "cutover" });
  const values = await secretValuesStep.check({ kubeconfig: "token: abc" }, { kubeconfig: UNKNOWN });
  expect(values.inputs).toEqual({ kubeconfig: secret("token: abc") });
  const user = await unclaimedUserStep.check({ connection: { password: "abc" } }, { connection: UNKNOWN });
  expect(user.inputs).toEqual({ connection: secret({ password: "abc" }) });
});

test("a setting that is unknown at preview stays unknown", async () => {
  expect((await plainStep.check({ what: 1 }, { what: UNKNOWN })).inputs).toEqual({ what: UNKNOWN });
});

test("where the clients CAs are is unknown at preview, and shows no update", async () => {
  const place = (namespace: string) => ({ namespace, name: "clients-ca", kubeconfig: "token: abc" });
  const olds = { users: ["billing"], origin: place("origin-ns"), target: place("target-ns") };
  const news = { users: ["billing"], origin: UNKNOWN, target: UNKNOWN };
  process.env.KAFKA_MIGRATION_OFFLINE = "true";
  try {
    const { inputs } = await clientsCaStep.check(olds, news);
    expect(JSON.stringify(inputs)).not.toContain(UNKNOWN);
    expect(await clientsCaStep.diff("id", olds, news)).toEqual({ changes: false });
  } finally {
    delete process.env.KAFKA_MIGRATION_OFFLINE;
  }
});
