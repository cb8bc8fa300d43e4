import { describe, expect, it } from "vitest";
import { buildReport, partPauseText, type PartFacts, reportHtml, type ReportInput, returnPause } from ".";
import { cutOver } from "../../test/engine/report/inputs";
import { groupsPause, groupsPauseText, pauseText } from "./pause";

const at = (second: number): string => new Date(Date.UTC(2026, 4, 4, 10, 30, second)).toISOString();
const offset = [{ topic: "orders", partition: 0, offset: "4" }];
const group = (name: string, times: { idleSince?: string; readBackAt?: string } = {}) => ({
  group: name,
  created: true,
  offsets: offset,
  ...times,
});

/**
 * A cutover whose fence closed at 10:29:50. The gate passed at 10:30:00, and the offsets were read back at 10:30:06.
 */
function timed(changes: Partial<ReportInput> = {}): ReportInput {
  const all = cutOver();
  return cutOver({
    fenceClosedAt: at(-10),
    fenceRaisedAt: at(-9),
    gate: { ...all.gate!, durationMs: 4_000, quietFrom: at(-5) },
    offsets: {
      ...all.offsets!,
      at: at(6),
      clientsMayStartAt: at(6),
      skipped: [],
      groups: [
        group("fast", { idleSince: at(4), readBackAt: at(6) }),
        group("slow", { idleSince: at(-20), readBackAt: at(6) }),
        group("busy", { readBackAt: at(6) }),
      ],
    },
    ...changes,
  });
}

const withoutFence = (changes: Partial<ReportInput> = {}): ReportInput => {
  const { fenceClosedAt: _closed, fenceRaisedAt: _raised, ...input } = timed(changes);
  return input;
};

describe("how long producers waited", () => {
  it("is from when the fence closed the origin until the last offset was read back, not until the replication ended", () => {
    const { producers, timeline } = buildReport(timed());
    expect(producers).toEqual({ from: at(-10), to: at(6) });
    expect(pauseText(producers)).toBe("producers waited 16 s (10:29:50 to 10:30:06 UTC)");
    expect(timeline).toContainEqual({
      at: at(6),
      what: expect.stringMatching(/^Clients may start on the target: producers waited 16 s .*group "slow", waited/),
    });
  });

  it("is at least the time since the gate saw no new record, if there is no fence", () => {
    const { producers } = buildReport(withoutFence());
    expect(producers).toEqual({ from: at(-5), to: at(6), start: "quiet" });
    expect(pauseText(producers)).toBe(
      "producers waited at least 11 s (10:29:55 to 10:30:06 UTC, from the first look after the last record)",
    );
    expect(reportHtml(buildReport(withoutFence()))).toContain(
      "<small>from the first look after the last record</small>",
    );
  });

  it("is at least the time since the fence was up, if an older version raised it or another run closed the origin", () => {
    const { fenceClosedAt: _, ...older } = timed();
    expect(buildReport(older).producers).toEqual({ from: at(-9), to: at(6), start: "raised" });
  });

  it("stays the same if later ups raised the fence again, and the timeline keeps each raise", () => {
    const fenceEarlier = [
      { closedAt: at(-900), raisedAt: at(-899) },
      { closedAt: at(-10), raisedAt: at(-9) },
      { closedAt: at(50), raisedAt: at(51) },
    ];
    const again = buildReport(timed({ fenceEarlier, fenceClosedAt: at(90), fenceRaisedAt: at(91) }));
    expect(again.producers).toEqual({ from: at(-10), to: at(6) });
    expect(again.timeline.filter(({ what }) => what.startsWith("Fence raised"))).toEqual([
      { at: at(-899), what: expect.stringMatching(/^Fence raised: /) },
      ...[-9, 51, 91].map((second) => ({ at: at(second), what: expect.stringMatching(/^Fence raised again: /) })),
    ]);
  });

  it("counts from the last record if the fence was switched on after the cutover", () => {
    const later = buildReport(timed({ fenceClosedAt: at(90), fenceRaisedAt: at(91) }));
    expect(later.producers).toEqual({ from: at(-5), to: at(6), start: "quiet" });
  });

  it("is not over before the groups have moved, and not known if nothing says when producers stopped", () => {
    const { offsets: _, ...moving } = timed();
    expect(buildReport(moving).producers).toEqual({ from: at(-10) });
    expect(pauseText(buildReport(moving).producers)).toBeUndefined();
    expect(buildReport(cutOver()).producers).toBeUndefined();
    expect(buildReport(timed({ phase: "mirror" })).producers).toBeUndefined();
    const nothing = timed();
    expect(buildReport({ ...nothing, gate: { ...nothing.gate!, partitions: 0 } }).producers).toBeUndefined();
  });

  it("does not end with groups that moved before the gate passed", () => {
    const input = timed();
    const early = { ...input.offsets!, at: at(-60) };
    delete early.clientsMayStartAt;
    expect(buildReport({ ...input, offsets: early }).producers).toEqual({ from: at(-10) });
  });
});

describe("how long groups waited", () => {
  it("is listed for each group, and says which group had not stopped", () => {
    const rows = new Map(buildReport(timed()).groups.map((row) => [row.group, row]));
    expect(rows.get("slow")).toMatchObject({ waited: { from: at(-20), to: at(6), start: "idle" } });
    expect(rows.get("fast")).toMatchObject({ waited: { from: at(4), to: at(6), start: "idle" } });
    expect(rows.get("busy")).toMatchObject({ notStopped: true });
    expect(rows.get("busy")).not.toHaveProperty("waited");
    const page = reportHtml(buildReport(timed()));
    expect(page).toContain('<td data-of="Waited">at least 26 s<small>2026-05-04 10:29:40 UTC to');
    expect(page).toContain('<td data-of="Waited">not stopped</td>');
  });

  it("is one line, also for 1,000 groups", () => {
    const many = Array.from({ length: 1000 }, (_, i) =>
      group(`group-${i}`, { idleSince: at(i === 700 ? -30 : 0), readBackAt: at(6) }),
    );
    expect(groupsPauseText(groupsPause(many))).toBe(
      'the slowest of 1000 groups, group "group-700", waited at least 36 s (10:29:30 to 10:30:06 UTC, from the first ' +
        "look that found the group without members)",
    );
    expect(groupsPauseText(groupsPause([many[0]!, group("busy", { readBackAt: at(6) })]))).toBe(
      'group "group-0" waited at least 6 s (10:30:00 to 10:30:06 UTC, from the first look that found the group ' +
        "without members); 1 group still had members on the origin, so its pause is not known",
    );
    expect(groupsPause([group("older")])).toBeUndefined();
  });

  it("is all that is reported in phase consumers", () => {
    const { producers, groupsWaited, timeline } = buildReport({ ...timed(), phase: "consumers", gate: undefined });
    expect(producers).toBeUndefined();
    expect(groupsWaited).toMatchObject({ groups: 2, slowest: { group: "slow" }, notStopped: 1 });
    expect(timeline.map((e) => e.what).join()).toMatch(/Offsets of 3 groups moved: .*; the slowest of 2 groups/);
  });
});

describe("a return", () => {
  const moved = {
    version: 1 as const,
    at: at(40),
    groups: [group("slow", { idleSince: at(31), readBackAt: at(40) })],
    skipped: [],
    written: 1,
    inPlace: 0,
  };
  const gate = { ...cutOver().gate!, passedAt: at(35), quietFrom: at(34) };
  const back = (closedAt?: string): PartFacts["wayBack"] => {
    const pause = returnPause(closedAt === undefined ? gate : { ...gate, closedAt }, moved);
    return { openedAt: at(10), returnedAt: at(50), ...(pause === undefined ? {} : { pause }) };
  };
  const returned = (wayBack: PartFacts["wayBack"]): ReportInput => {
    const { name, madeAt, mirror } = cutOver();
    const groups = [{ group: "slow", offsets: 1 }];
    return { name, madeAt, mirror, phase: "returned", groups, wayBack: wayBack! };
  };

  it("shows the pause on the way from the target to the origin", () => {
    const report = buildReport(returned(back(at(30))));
    expect(report.producers).toEqual({ from: at(30), to: at(50) });
    expect(report.groups[0]).toMatchObject({ group: "slow", waited: { from: at(31), to: at(40), start: "idle" } });
    expect(report.timeline).toContainEqual({
      at: at(50),
      what: expect.stringMatching(/^Clients may start on the origin: producers waited 20 s .*group "slow" waited/),
    });
    expect(buildReport(returned(back())).producers).toEqual({ from: at(34), to: at(50), start: "quiet" });
  });

  it("of an older version shows none", () => {
    const { quietFrom: _, ...older } = gate;
    expect(returnPause(older, moved)).toBeUndefined();
    const report = buildReport(returned({ openedAt: at(10), returnedAt: at(50) }));
    expect(report).not.toHaveProperty("producers");
    expect(report.groups[0]).not.toHaveProperty("waited");
    expect(reportHtml(report)).not.toContain("waited");
  });
});

it("a line without anything to tell is left out", () => expect(partPauseText({})).toBeUndefined());
