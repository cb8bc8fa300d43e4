import { beforeEach, describe, expect, it, vi } from "vitest";
import { MigrationError } from "../engine/errors";
import type { GateOptions } from "../engine/gate";
import type { MigrationModel } from "../engine/model";
import { returnModel } from "../engine/way-back/model";
import { accessStep } from "./handlers/access";
import { fenceStep } from "./handlers/fence";
import type { Step } from "./handlers/framework";
import { gateStep } from "./handlers/gate";
import { guardStep } from "./handlers/guard";
import { mirrorGoneStep } from "./handlers/internal-topics";
import { testMirror } from "../test/support/models";
import { said } from "../test/lifecycle/support/said";

/** The gate's calls and its error, if any. `origin`: what was written to the origin since the gate passed. */
const gate = { asked: [] as { options: GateOptions; recorded: unknown }[], refusal: undefined as Error | undefined };
const origin = { wrote: [] as object[], failure: undefined as Error | undefined, checks: 0 };
/** The mirror excludes the part's topics; the return mirror has started. `movedOn`: the origin has newer records. */
const wayBack = { open: false, started: false, movedOn: false };
/** What clients have written to the target since the gate passed, or why that is not known. */
const target = { wrote: [] as object[], failure: undefined as Error | undefined };
/** The fences that were lowered. */
let lowered = 0;

vi.mock("../engine/gate", async (original) => ({
  ...(await original<typeof import("../engine/gate")>()),
  runGateAndNameWriters: async (model: MigrationModel, options: GateOptions) => {
    gate.asked.push({ options, recorded: model.recorded });
    if (gate.refusal !== undefined) throw gate.refusal;
    return { passedAt: "2026-01-02T00:00:00.000Z", cleared: {}, warnings: [] };
  },
  copyEnds: async () => ({}),
  originMovedOn: async () => wayBack.movedOn,
  writtenSince: async () => {
    if (target.failure !== undefined) throw target.failure;
    return target.wrote;
  },
}));
vi.mock("../engine/fence", async (original) => ({
  ...(await original<typeof import("../engine/fence")>()),
  fenceIsThere: async () => false,
  previewFence: async () => {
    throw new MigrationError("FENCE_NOT_ALLOWED", "no", { fix: "none" });
  },
  lowerFence: async () => {
    lowered++;
    return {};
  },
  writtenOnOrigin: async () => {
    origin.checks++;
    if (origin.failure !== undefined) throw origin.failure;
    return origin.wrote;
  },
}));

vi.mock("../engine/cleanup", async (original) => ({
  ...(await original<typeof import("../engine/cleanup")>()),
  proveMirrorGone: async () => {},
  deleteMirrorGroups: async () => {},
}));
vi.mock("../engine/access", async (original) => ({
  ...(await original<typeof import("../engine/access")>()),
  checkAccess: async () => {
    throw new MigrationError("ACCESS_DIFFERS", "no", { fix: "none" });
  },
}));

vi.mock("../engine/way-back/left-mirror", () => ({
  hasLeftMirror: async () => wayBack.open,
  hasReturnMirror: async () => wayBack.started,
}));

beforeEach(() => {
  Object.assign(wayBack, { open: false, started: false, movedOn: false });
  Object.assign(target, { wrote: [], failure: undefined });
  lowered = 0;
  Object.assign(gate, { asked: [], refusal: undefined });
  Object.assign(origin, { wrote: [], failure: undefined, checks: 0 });
});

const connection = { bootstrapServers: "b:1" };
const topicIds = { orders: { origin: "a", target: "b" } };
const inputs = {
  originConnection: connection,
  targetConnection: connection,
  mirror: testMirror(),
  options: { limitMs: 900_000, stableForMs: 5_000 },
  abandon: false,
  fence: false,
};
const passed = {
  passed: true,
  passedAt: "2026-01-01T00:00:00.000Z",
  result: { cleared: { "orders:0": 7 } },
  ends: {},
  topicIds,
};
const shut = { passed: false, passedAt: null, result: null, ends: null, topicIds };
const incomplete = () =>
  new MigrationError("GATE_INCOMPLETE", "the copy is not proved complete", { fix: "wait longer" });

/** Each way to end a migration: a description, and a function that ends it from the given state. */
const ways: [string, (of: object) => Promise<unknown>][] = [
  ["removal of the gate in phase mirror", (of) => gateStep.delete("id", { ...inputs, phase: "mirror", ...of })],
  ["removal of the gate in phase cutover", (of) => gateStep.delete("id", { ...inputs, phase: "cutover", ...of })],
  [
    "removal of the guard in phase mirror",
    (of) => guardStep.delete("id", { ...inputs, phase: "mirror", ...guardOf(of) }),
  ],
  [
    "removal of the guard in phase cutover",
    (of) => guardStep.delete("id", { ...inputs, phase: "cutover", ...guardOf(of) }),
  ],
  ["the update from mirror to cleanup", (of) => cleanUp({ ...inputs, phase: "mirror", ...of })],
  ["the update from cutover to cleanup", (of) => cleanUp({ ...inputs, phase: "cutover", ...of })],
];
const cleanUp = (state: object) =>
  gateStep.update("id", state as never, {
    ...inputs,
    ...("abandon" in state && state.abandon ? { abandon: true } : {}),
    phase: "cleanup",
  });
/** The guard gets the outputs of the gate's state. */
const guardOf = ({ result, ...of }: { result?: { cleared: object } | null }) => ({
  ...of,
  ...(result ? { cleared: result.cleared } : {}),
});

describe.each(ways)("%s", (_what, end) => {
  it("asks the gate for every check of a cutover", async () => {
    await end(shut);
    expect(gate.asked).toEqual([
      { options: { limitMs: 120_000, stableForMs: 5_000, compareLastRecord: true }, recorded: topicIds },
    ]);
  });

  it("asks a gate that has passed only for later changes, because clients may be running", async () => {
    await end(passed);
    expect(gate.asked).toEqual([
      {
        options: { limitMs: 120_000, stableForMs: 0, compareLastRecord: false, cleared: { "orders:0": 7 } },
        recorded: topicIds,
      },
    ]);
  });

  it("fails if the gate stays shut, and says how to abandon the copy", async () => {
    for (const state of [shut, passed]) {
      gate.refusal = incomplete();
      await expect(end(state)).rejects.toThrow(
        /GATE_INCOMPLETE[^]*fix: wait longer; nothing was changed[^]*set abandon to true/,
      );
    }
    // A refused login says nothing about the copy.
    gate.refusal = new MigrationError("KAFKA_AUTHENTICATION", "the origin refused the login", {
      fix: "check the password",
    });
    const message = await end(shut).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(message).toMatch(/KAFKA_AUTHENTICATION[^]*check the password/);
    expect(message).not.toContain("give up the copy");
  });

  it("says what to do if a cluster does not answer, for now or for ever", async () => {
    gate.refusal = new MigrationError("KAFKA_UNREACHABLE", "no answer", { fix: "look at the network" });
    await expect(end(shut)).rejects.toThrow(
      /fix: look at .*; nothing was changed, so run this again .* set abandon to/,
    );
  });

  it("does not ask if the migration is abandoned, and says so", async () => {
    gate.refusal = incomplete();
    expect(await said(() => end({ ...shut, abandon: true, abandonedAt: "2026-01-03T00:00:00.000Z" }))).toMatch(
      /migration abandoned at 20/,
    );
    expect(gate.asked).toEqual([]);
  });
});

describe.each<[string, Step, object]>([
  ["fence", fenceStep, { enabled: true, gate: { limitMs: 900_000, stableForMs: 5_000 } }],
  ["access", accessStep, { mode: "require" }],
])("the first up of a cutover that fails at the step %s, before there is a gate", (what, step, more) => {
  // A part of its own: no gate of it was asked in this process.
  const mirror = { ...inputs.mirror, scope: { wave: what, topics: "orders" } };
  const news = { ...inputs, mirror, phase: "cutover", ...more };
  const failed = () =>
    step.create(news).then(
      () => expect.unreachable(),
      (error: { properties: object }) => error.properties,
    );

  it("asks the gate when this step is removed, before the mirror", async () => {
    const state = (await failed()) as Parameters<Step["delete"]>[1];
    gate.refusal = incomplete();
    await expect(step.delete("id", state)).rejects.toThrow(/GATE_INCOMPLETE[^]*set abandon to true/);
    gate.refusal = undefined;
    await step.delete("id", state);
    expect(gate.asked).toHaveLength(2);
  });

  it("does not ask it any more when a later up has passed this step", async () => {
    const state = (await failed()) as Parameters<Step["update"]>[1];
    const { outs } = await step.update("id", state, { ...news, phase: "mirror" });
    await step.delete("id", outs);
    expect(gate.asked).toEqual([]);
  });
});

describe.each(ways.filter(([what]) => what.includes("cutover")))("%s, with a way back", (what, end) => {
  const left = { ...passed, hasLeft: true };

  it("does not ask the gate, because the origin has records that came from the target", async () => {
    gate.refusal = incomplete();
    wayBack.open = true;
    const text = await said(() => end(left));
    expect(gate.asked).toEqual([]);
    // The mirror is deleted before this gate, so only the guard can say it in time.
    if (!what.includes("removal of the gate")) expect(text).toMatch(/not asked again.*proved at 2026-01-01/);
  });

  it("asks the gate if the topics have not left the mirror yet", async () => {
    if (what.includes("removal of the gate")) return;
    await end(left);
    expect(gate.asked).toHaveLength(1);
  });

  it("asks the gate if the part never had a way back, whatever the mirror excludes", async () => {
    wayBack.open = true;
    await end(passed);
    expect(gate.asked).toHaveLength(1);
  });
});

it.each(["mirror", "returned"])(
  "a guard in phase %s finds a way back that an up opened before it failed",
  async (phase) => {
    const state = {
      ...inputs,
      phase,
      ...guardOf(shut),
      mirror: { ...inputs.mirror, leaving: [".*"], scope: { wave: phase, topics: "orders" } },
    };
    // Somebody may have stopped the connector, and a return that was killed may have left its storage topics.
    for (const found of [{ open: true }, { started: true }]) {
      Object.assign(wayBack, { open: false, started: false }, found);
      await guardStep.delete("id", state);
    }
    expect(gate.asked).toHaveLength(2);
    Object.assign(wayBack, { open: true, started: true });
    await guardStep.delete("id", state);
    // Pulumi has deleted the return mirror before the guard.
    wayBack.started = false;
    const back = returnModel({ origin: connection, target: connection, mirror: state.mirror });
    await mirrorGoneStep.delete("id", { ...inputs, mirror: back.mirror, limitSeconds: 1 });
    await guardStep.delete("id", state);
    expect(gate.asked).toHaveLength(2);
  },
);

describe("a gate that has passed and whose way back was opened", () => {
  const state = { ...inputs, ...passed, phase: "cutover", abandonedAt: null };

  it("is not outdated by the records that come back to the origin", async () => {
    expect(await gateStep.diff("id", state, state)).toEqual({ changes: false });
    wayBack.movedOn = true;
    const left = { ...state, hasLeft: true };
    expect(await gateStep.diff("id", left, left)).toEqual({ changes: true });
    wayBack.open = true;
    expect(await gateStep.diff("id", left, left)).toEqual({ changes: false });
    expect(await gateStep.diff("id", state, state)).toEqual({ changes: true });
  });

  it("is prepared again by a return, and warns of nothing that came back", async () => {
    const returned = { ...inputs, phase: "returned", returnedAt: "2026-01-09T00:00:00.000Z" };
    const { outs } = (await gateStep.update("id", { ...state, hasLeft: true }, returned)) as { outs: object };
    expect(outs).toMatchObject({ passed: false, passedAt: null, ends: null });
    expect(gate.asked).toEqual([]);
  });
});

it("a roll-back also lowers a fence on topics that the patterns have left out since", async () => {
  const state = { ...inputs, ...passed, fence: true, phase: "cutover", abandonedAt: null };
  const wide = { ...state, mirror: { ...inputs.mirror, topicsPattern: "orders,payments" } };
  const narrow = { ...inputs, mirror: { ...inputs.mirror, topicsPattern: "orders" }, fence: true, phase: "mirror" };
  await gateStep.update("id", wide as never, narrow);
  expect(lowered).toBe(2);
});

describe("a return whose mirror never ran, because the cutover failed or was killed before that", () => {
  const state = { ...inputs, ...passed, fence: true, phase: "cutover", abandonedAt: null, hasLeft: true };
  const returned = { ...inputs, fence: true, phase: "returned", returnedAt: null };
  const goBack = (more: object = {}) => gateStep.update("id", state, { ...returned, ...more });

  it("leaves no record behind that clients have written to the target, and keeps the origin closed", async () => {
    target.wrote = [{ topic: "orders", partition: 0, records: 7 }];
    for (const fence of [true, false])
      await expect(goBack({ fence })).rejects.toThrow(
        /WAY_BACK_INTERRUPTED[^]*7 records to 1 partition of the target[^]*orders-0 \(7\)[^]*phase to cutover again/,
      );
    expect(lowered).toBe(0);
    expect(await said(() => goBack({ abandon: true }))).toMatch(
      /roll-back: clients wrote 7 records[^]*stay on the target/,
    );
    expect(lowered).toBe(1);
  });

  it("is a roll-back if they have written nothing, or if the target does not answer", async () => {
    await goBack();
    target.failure = new MigrationError("KAFKA_UNREACHABLE", "cannot reach the target cluster", { fix: "-" });
    expect(await said(goBack)).toMatch(
      /roll-back: could not check whether clients wrote to the target.*KAFKA_UNREACHABLE/,
    );
    expect(lowered).toBe(2);
  });
});

describe("the end of a migration after its clean-up", () => {
  it("does not ask the gate again, neither at another up nor at the removal", async () => {
    gate.refusal = incomplete();
    const state = { ...inputs, phase: "cleanup", ...shut };
    await gateStep.delete("id", state);
    await guardStep.delete("id", state);
    await cleanUp(state);
    expect(gate.asked).toEqual([]);
  });

  it("keeps the gate's result and the time of abandoning", async () => {
    expect(((await cleanUp({ ...inputs, phase: "cutover", ...passed })) as { outs: object }).outs).toMatchObject({
      ...passed,
      abandonedAt: null,
    });
    const abandoned = { ...inputs, phase: "mirror", ...shut, abandon: true, abandonedAt: "2026-01-03T00:00:00.000Z" };
    expect(((await cleanUp(abandoned)) as { outs: object }).outs).toMatchObject({
      passed: false,
      abandonedAt: abandoned.abandonedAt,
    });
  });

  it("waits no longer than the program's limit", async () => {
    await gateStep.delete("id", { ...inputs, phase: "mirror", ...shut, options: { limitMs: 5_000 } });
    expect(gate.asked[0]!.options.limitMs).toBe(5_000);
  });
});

describe("the guard of a part with a way back", () => {
  it("leaves the check of the origin to the step that opens the way back", async () => {
    origin.wrote = [{ topic: "orders", partition: 0, from: 3, to: 5 }];
    await guardStep.create({ ...inputs, phase: "cutover", fence: true, gateEnds: { orders: [3] }, hasLeft: true });
    expect(origin.checks).toBe(0);
  });
});

describe("the guard at the end of a cutover", () => {
  const cutover = { ...inputs, phase: "cutover", passed: true, passedAt: passed.passedAt, gateEnds: { orders: [3] } };
  const wrote = [{ topic: "orders", partition: 0, from: 3, to: 5 }];

  it("fails behind a fence if the origin was written to since the gate, and only warns without one", async () => {
    origin.wrote = wrote;
    await expect(guardStep.create({ ...cutover, fence: true })).rejects.toThrow(/FENCE_BREACHED/);
    expect(await said(() => guardStep.create(cutover))).toMatch(/orders-0/);
    origin.wrote = [];
    expect(await said(() => guardStep.create({ ...cutover, fence: true }))).toBe("");
    expect(origin.checks).toBe(3);
  });

  it("only warns for a cutover that it checked before, and fails for a new one", async () => {
    origin.wrote = wrote;
    const fenced = { ...cutover, fence: true };
    expect(await said(() => guardStep.update("id", fenced, fenced))).toMatch(/orders-0/);
    await expect(guardStep.update("id", fenced, { ...fenced, passedAt: "2026-01-05T00:00:00.000Z" })).rejects.toThrow(
      /FENCE_BREACHED/,
    );
    await expect(guardStep.update("id", { ...fenced, phase: "mirror" }, fenced)).rejects.toThrow(/FENCE_BREACHED/);
  });

  it("fails if the origin cannot be asked, unless it checked the same cutover before", async () => {
    origin.failure = new MigrationError("KAFKA_UNREACHABLE", "nobody answers", { fix: "look" });
    await expect(guardStep.create(cutover)).rejects.toThrow("KAFKA_UNREACHABLE");
    expect(await said(() => guardStep.update("id", cutover, cutover))).toMatch(
      /received writes since the gate passed \(KAFKA_UNREACHABLE/,
    );
  });

  it("checks nothing in other phases, for an abandoned migration, or without the gate's end offsets", async () => {
    origin.wrote = wrote;
    const { gateEnds: _, ...unseen } = cutover;
    for (const other of [
      { ...cutover, phase: "mirror" },
      { ...cutover, phase: "cleanup" },
      { ...cutover, abandon: true },
      unseen,
    ])
      await guardStep.create({ ...other, fence: true });
    expect(origin.checks).toBe(0);
  });
});
