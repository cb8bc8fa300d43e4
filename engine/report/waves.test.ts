import { describe, expect, it } from "vitest";
import { buildReport, type PartFacts, reportHtml, type ReportInput, type WaveFacts } from ".";
import { defined } from "../objects";
import { cutOver } from "../../test/engine/report/inputs";

/** The results of one part with these topics and groups, cut over at 10:<minute>. */
function facts(minute: number, topic: string, group: string, changes: Partial<PartFacts> = {}): PartFacts {
  const all = cutOver();
  const at = (second: number) => `2026-05-04T10:${minute}:${String(second).padStart(2, "0")}.000Z`;
  const one = { ...all.verification!.result.topics[0]!, topic, target: topic, partitions: 2, duplicates: 0 };
  return {
    fenceClosedAt: at(0),
    fenceRaisedAt: at(1),
    gate: { ...all.gate!, passedAt: at(2), topics: 1, partitions: 2, durationMs: 1_500 },
    verification: {
      at: at(3),
      result: { ...all.verification!.result, differences: [], topics: [one], partitions: 2, equal: true },
    },
    offsets: {
      ...all.offsets!,
      at: at(4),
      skipped: [],
      clientsMayStartAt: at(4),
      groups: [
        { group, created: true, idleSince: at(1), readBackAt: at(4), offsets: [{ topic, partition: 0, offset: "4" }] },
      ],
    },
    replication: { at: at(9), result: { ...all.replication!.result, topics: [] } },
    ...changes,
  };
}

const wave = (name: string, phase: WaveFacts["phase"], of: PartFacts = {}): WaveFacts => ({ wave: name, phase, ...of });
const orders = wave("orders", "cutover", facts(10, "orders", "orders-app"));
const look = {
  at: "2026-05-04T10:30:00.000Z",
  topics: [{ topic: "clicks", target: "clicks", partitions: 4, complete: 3, records: 100, left: 5 }],
  against: [],
  warnings: [],
};

/** A migration whose rest still copies. */
function inWaves(waves: WaveFacts[], rest: Partial<ReportInput> = {}): ReportInput {
  const { preflight, mirror, name, madeAt } = cutOver();
  return { name, madeAt, mirror, preflight: preflight!, phase: "mirror", look, waves, ...rest };
}

describe("the report of a migration in waves", () => {
  it("has one row for each wave: its state, how long producers waited, when groups moved, and its proof", () => {
    const billing = wave("billing", "consumers", { offsets: facts(20, "billing", "billing-app").offsets! });
    const { waves } = buildReport(inWaves([orders, billing, wave("late", "mirror")]));
    expect(waves).toEqual([
      {
        wave: "orders",
        phase: "cutover",
        state: "cut over",
        producers: { from: "2026-05-04T10:10:00.000Z", to: "2026-05-04T10:10:04.000Z" },
        groupsWaited: {
          groups: 1,
          slowest: {
            group: "orders-app",
            from: "2026-05-04T10:10:01.000Z",
            to: "2026-05-04T10:10:04.000Z",
            start: "idle",
          },
        },
        groupsMovedAt: "2026-05-04T10:10:04.000Z",
        proof: "equal (tail): 2 partitions; 1 offset moved",
        tone: "good",
      },
      {
        wave: "billing",
        phase: "consumers",
        state: "groups moved",
        groupsWaited: {
          groups: 1,
          slowest: {
            group: "billing-app",
            from: "2026-05-04T10:20:01.000Z",
            to: "2026-05-04T10:20:04.000Z",
            start: "idle",
          },
        },
        groupsMovedAt: "2026-05-04T10:20:04.000Z",
        proof: "1 offset moved",
        tone: "waiting",
      },
      { wave: "late", phase: "mirror", state: "copying", proof: "not proved yet", tone: "waiting" },
      { phase: "mirror", state: "copying", proof: "not proved yet", tone: "waiting" },
    ]);
  });

  it("is complete on the origin after a return, which was proved like a cutover", () => {
    const { passedAt, durationMs, partitions } = facts(10, "orders", "orders-app").gate!;
    const pause = { stopped: { gate: { passedAt, durationMs, partitions } }, groups: [] };
    const back = (wayBack: PartFacts["wayBack"]) =>
      buildReport(inWaves([wave("orders", "returned", defined({ wayBack }))])).waves![0];
    const times = { openedAt: passedAt, returnedAt: passedAt };
    expect(back({ ...times, pause })).toMatchObject({
      proof: "back on the origin: 2 partitions complete",
      tone: "good",
    });
    expect(back(times)).toMatchObject({ proof: "back on the origin", tone: "good" });
    expect(back({ openedAt: passedAt })).toMatchObject({ proof: "not proved yet", tone: "waiting" });
  });

  it("does not claim that groups moved if a wave has none", () => {
    const none = { ...facts(20, "billing", "billing-app").offsets!, groups: [] };
    const { waves } = buildReport(
      inWaves([
        wave("billing", "consumers", { offsets: none }),
        wave("orders", "cutover", facts(10, "orders", "orders-app", { offsets: none })),
      ]),
    );
    expect(waves![0]).toMatchObject({ state: "no groups to move", proof: "nothing to move" });
    for (const row of waves!.slice(0, 2)) expect(row).not.toHaveProperty("groupsMovedAt");
  });

  it("lists the topics, groups, events and warnings of all waves", () => {
    const billing = wave("billing", "cutover", facts(20, "billing", "billing-app"));
    billing.verification!.result.notes = ["billing: a note"];
    const report = buildReport(inWaves([orders, billing], { groups: [{ group: "clicks-app", offsets: 4 }] }));
    expect(report.topics.map((t) => [t.topic, t.tone])).toEqual([
      ["clicks", "waiting"],
      ["billing", "good"],
      ["orders", "good"],
    ]);
    expect(report.groups.map((g) => [g.group, g.proof])).toEqual([
      ["clicks-app", "still on the origin; the cutover moves it"],
      ["billing-app", "written and read back"],
      ["orders-app", "written and read back"],
    ]);
    expect(report.timeline.map((e) => e.what.split(":").slice(0, 2).join(":"))).toEqual(
      expect.arrayContaining(["Wave orders: Fence raised", "Wave billing: Fence raised"]),
    );
    expect(report.warnings).toContain("billing: a note");
    expect(report.headline).toEqual({ tone: "waiting", text: "2 of 2 waves cut over" });
  });

  it("says how far the waves are, and that everything is cut over only if the rest is, too", () => {
    const done = facts(40, "clicks", "clicks-app");
    const text = (waves: WaveFacts[], rest: Partial<ReportInput> = {}) =>
      buildReport(inWaves(waves, rest)).headline.text;
    expect(text([wave("orders", "mirror")])).toBe("The copy looks complete: ready for the cutover");
    expect(text([orders, wave("late", "mirror")])).toBe("1 of 2 waves cut over");
    expect(text([wave("late", "mirror")], { phase: "cutover", ...done })).toBe(
      "0 of 1 wave cut over, and everything outside the waves",
    );
    expect(text([orders], { phase: "cutover", ...done })).toBe(
      "Cut over: the copy is complete and the offsets of the groups are written",
    );
  });

  it("shows a difference in one wave as the state of the whole migration", () => {
    const bad = wave("orders", "cutover", facts(10, "orders", "orders-app"));
    bad.verification!.result.equal = false;
    const report = buildReport(inWaves([bad]));
    expect(report.headline).toEqual({ tone: "bad", text: "The copy differs from the origin" });
    expect(report.waves![0]).toMatchObject({ proof: "the copy differs", tone: "bad" });
  });

  it("does not count the time since a later up raised the fence again, nor a pause that nobody saw", () => {
    const again = wave("orders", "cutover", facts(10, "orders", "orders-app"));
    again.fenceClosedAt = again.fenceRaisedAt = "2026-05-04T12:00:00.000Z";
    const open = wave("open", "cutover", facts(10, "open", "open-app"));
    delete open.fenceClosedAt;
    delete open.fenceRaisedAt;
    const running = wave("running", "cutover", { fenceRaisedAt: "2026-05-04T10:20:00.000Z" });
    const rows = buildReport(inWaves([again, open, running])).waves!;
    expect(rows[0]!.producers).toEqual({
      from: "2026-05-04T10:10:00.500Z",
      to: "2026-05-04T10:10:04.000Z",
      start: "gate",
    });
    expect(rows[1]!).not.toHaveProperty("producers");
    expect(rows[2]!.producers).toEqual({ from: "2026-05-04T10:20:00.000Z", start: "raised" });
  });

  it("does not give groups that moved first the time of the cutover", () => {
    const first = wave("first", "cutover", facts(10, "a", "a-app"));
    first.offsets!.groups = first.offsets!.groups.map((group) => ({ ...group, early: true as const }));
    const some = wave("some", "cutover", facts(20, "b", "b-app"));
    some.offsets!.groups = [...some.offsets!.groups, { group: "b-early", offsets: 2, early: true }];
    const [all, part] = buildReport(inWaves([first, some])).waves!;
    expect(all).not.toHaveProperty("groupsMovedAt");
    expect(all).toMatchObject({ groupsMovedBefore: 1 });
    expect(part).toMatchObject({ groupsMovedAt: "2026-05-04T10:20:04.000Z", groupsMovedBefore: 1 });
    expect(reportHtml(buildReport(inWaves([first])))).toContain("1 before the cutover");
  });

  it("has one table on the page, and a page without waves has none", () => {
    const page = reportHtml(buildReport(inWaves([orders, wave("late", "mirror")])));
    expect(page.match(/<h2>Waves \(2\)<\/h2>/g)).toHaveLength(1);
    expect(page).toContain('<td data-of="Producers waited">4 s<small>2026-05-04 10:10:00 UTC to');
    expect(page).toContain("everything else");
    expect(reportHtml(buildReport(cutOver()))).not.toContain("Waves");
    expect(buildReport(cutOver())).not.toHaveProperty("waves");
  });
});
