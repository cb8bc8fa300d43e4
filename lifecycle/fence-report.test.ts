import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FenceGap } from "../engine/fence";
import type { Report } from "../engine/report";
import { returnModel } from "../engine/way-back/model";
import {
  fenceRecord,
  forgetFenceRecord,
  lastWhole,
  mergeGaps,
  noteGap,
  noteWhole,
  stopHolding,
} from "./handlers/fence-hold";
import { modelOf, type StepInputs } from "./handlers/inputs";
import { reportStep } from "./handlers/report";
import { stepInputs } from "../test/lifecycle/support/inputs";
import { said } from "../test/lifecycle/support/said";

const gap = (after: string, until: string, more: Partial<FenceGap> = {}): FenceGap => ({
  after,
  until,
  rules: 1,
  topics: ["orders"],
  wrote: [],
  ...more,
});
const model = modelOf(stepInputs as unknown as StepInputs);
const RAISED = "2026-01-01T10:00:00.000Z";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-fence-report-"));
});
afterEach(async () => {
  await forgetFenceRecord();
  await rm(folder, { recursive: true, force: true });
});

async function written(more: object): Promise<Report> {
  const inputs = {
    ...stepInputs,
    phase: "cutover",
    name: "m",
    folder,
    root: folder,
    trigger: "t",
    options: { gate: {}, offsets: {} },
    ...more,
  };
  await said(() => reportStep.create(inputs));
  return JSON.parse(await readFile(join(folder, "migration-m.json"), "utf8")) as Report;
}

test("the report lists every gap of the fence, also from earlier ups, and since when nothing holds it", async () => {
  const facts = { fenceRaisedAt: RAISED };
  noteGap(
    model,
    gap("2026-01-01T10:00:01.000Z", "2026-01-01T10:00:02.000Z", {
      wrote: [{ topic: "orders", partition: 3, from: "7", to: "9" }],
    }),
  );
  const first = await written({ facts, userOperator: true });
  expect(first.timeline.map((e) => e.what).join("\n")).toMatch(
    /Fence open at some time between \S+ and \S+: 1 ACL on orders had been removed; written: orders-3 7 -> 9/,
  );
  expect(first.timeline.map((e) => e.what).join("\n")).not.toMatch(/nobody writes/);
  expect(first.warnings.join("\n")).toMatch(
    new RegExp(`fence has not been held since ${RAISED}: .*user operator.*kafka-migration fence --hold`),
  );
  await forgetFenceRecord();
  const counted = { wrote: [{ topic: "orders", partition: 4, from: "1", to: "2" }], countedFrom: RAISED };
  noteGap(model, gap("2026-01-01T11:00:00.000Z", "2026-01-01T11:00:01.000Z", counted));
  const second = await written({ facts, userOperator: true });
  expect(second.timeline.map((e) => e.what).join("\n")).toContain(`written since ${RAISED}: orders-4 1 -> 2`);
  expect(second.fence?.gaps.map((g) => g.after)).toEqual(["2026-01-01T10:00:01.000Z", "2026-01-01T11:00:00.000Z"]);
});

test("the report lists the gaps of the target's fence during the return of a wave, also those of an earlier up", async () => {
  const scope = { wave: "one", topics: "one" };
  const back = returnModel({ ...model, mirror: { ...model.mirror, scope } });
  const waves = [{ scope, phase: "returned", facts: {} }];
  noteGap(back, gap("2026-01-01T10:00:01.000Z", "2026-01-01T10:00:02.000Z"));
  const lines = (report: Report) => report.warnings.filter((line) => line.startsWith("Fence"));
  const first = await written({ phase: "mirror", facts: {}, waves });
  expect(lines(first)).toEqual([
    expect.stringMatching(
      /^Fence of the target, during the return, open at some time between .*1 ACL on orders had been/,
    ),
  ]);
  expect(first.timeline.map((entry) => entry.what)).toContain(lines(first)[0]);
  await forgetFenceRecord();
  expect(lines(await written({ phase: "mirror", facts: {}, waves }))).toEqual(lines(first));
  expect(lines(await written({ phase: "mirror", facts: {}, waves: [{ ...waves[0], phase: "mirror" }] }))).toEqual([]);
});

test("the report does not say that nothing was written in a gap that was not watched", async () => {
  const [raised, again] = ["2026-01-01T10:00:00.000Z", "2026-01-01T11:00:00.000Z"];
  noteGap(model, gap(raised, again, { topics: [], unwatched: true }));
  noteGap(model, gap("2026-01-01T10:30:00.000Z", "2026-01-01T10:30:01.000Z"));
  const { warnings } = await written({ facts: { fenceRaisedAt: RAISED } });
  const [line, ...others] = warnings.filter((w) => w.startsWith("Fence open"));
  expect(line).toMatch(/writes may have been missed$/);
  expect(line).not.toMatch(/no write was found/);
  expect(others).toEqual([]);
});

test("the report names the command that holds the fence of each part that is cut over", async () => {
  const wave = (name: string, phase: string) => ({
    scope: { wave: name, topics: name },
    phase,
    facts: phase === "cutover" ? { fenceRaisedAt: RAISED } : {},
  });
  const waves = [wave("one", "cutover"), wave("two", "mirror"), wave("three", "cutover")];
  const { warnings } = await written({ phase: "mirror", facts: {}, waves, userOperator: true });
  const hold = "`kafka-migration fence --hold --stack NAME";
  expect(warnings.join("\n")).toContain(`Run ${hold} --wave one\` and ${hold} --wave three\` until`);
});

test("the report does not say that an operator removes ACLs from a fence that has none", async () => {
  const empty = { fenceRaisedAt: RAISED, fenceEmpty: true };
  const alone = await written({ facts: empty, userOperator: true });
  expect(alone.warnings.join("\n")).not.toMatch(/fence/i);
  expect(alone.timeline.map((e) => e.what).join("\n")).toMatch(/Fence raised: it needs no ACL/);
  const waves = [empty, { fenceRaisedAt: RAISED }].map((facts, i) => ({
    scope: { wave: `w${i}`, topics: `w${i}` },
    phase: "cutover",
    facts,
  }));
  const { warnings } = await written({ phase: "mirror", facts: {}, waves, userOperator: true });
  expect(warnings.join("\n")).toContain("Run `kafka-migration fence --hold --stack NAME --wave w1` until");
});

test("the report has no warning if there is no user operator, because the ACLs stay", async () => {
  const report = await written({ facts: { fenceRaisedAt: RAISED } });
  expect(report.warnings.join("\n")).not.toMatch(/fence/i);
  expect(report.fence).toEqual({ gaps: [], notHeldSince: RAISED, raised: [null] });
});

test("the report does not mention a fence if there is none", async () => {
  expect((await written({ facts: {} })).fence).toBeUndefined();
});

test("a gap that was seen twice is listed once, with all its writes", () => {
  const wrote = [{ topic: "orders", partition: 0, from: "1", to: "2" }];
  const seen = mergeGaps([gap("01", "04"), gap("06", "07")], [gap("02", "05", { topics: ["clicks"], wrote })]);
  expect(seen).toEqual([gap("01", "05", { topics: ["orders", "clicks"], wrote }), gap("06", "07")]);
});

test("the fence of a wave has its own record, and the whole migration has them all", async () => {
  const part = (scope: object) => ({ ...model, mirror: { ...model.mirror, scope } });
  const [one, two] = [part({ wave: "one", topics: "a" }), part({ wave: "two", topics: "b" })];
  const outside = part({ withoutTopics: ["a", "b"] });
  const elsewhere = { ...model, origin: { bootstrapServers: "other:9092" } };
  const [first, second] = [
    gap("2026-01-01T10:00:00.000Z", "2026-01-01T10:00:01.000Z", { topics: ["a"] }),
    gap("2026-01-01T11:00:00.000Z", "2026-01-01T11:00:01.000Z", { topics: ["b"] }),
  ];
  noteGap(one, first);
  noteGap(two, second);
  noteWhole(one, RAISED);
  expect(fenceRecord(one, RAISED).gaps).toEqual([first]);
  expect(fenceRecord(outside, RAISED).gaps).toEqual([]);
  expect(fenceRecord(model, RAISED).gaps).toEqual([first, second]);
  expect(fenceRecord(elsewhere, RAISED).gaps).toEqual([]);
  expect([lastWhole(one), lastWhole(two), lastWhole(outside)]).toEqual([RAISED, undefined, undefined]);
  await stopHolding(two);
  expect(lastWhole(one)).toBe(RAISED);
});
