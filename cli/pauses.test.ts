import { expect, test } from "vitest";
import { buildReport } from "../engine/report";
import { cutOver } from "../test/engine/report/inputs";
import { pauseLines, pausesOf } from "./pauses";

const at = (second: number): string => new Date(Date.UTC(2026, 4, 4, 10, 31, second)).toISOString();

/** A cutover of this many groups. Group n waited n seconds longer than the first. One group did not stop. */
function report(groups: number) {
  const all = cutOver();
  const offsets = [{ topic: "orders", partition: 0, offset: "1" }];
  const moved = Array.from({ length: groups }, (_, i) => ({
    group: `group-${i}`,
    created: true,
    idleSince: at(10 - i),
    readBackAt: at(20),
    offsets,
  }));
  return cutOver({
    fenceClosedAt: at(-70),
    offsets: {
      ...all.offsets!,
      clientsMayStartAt: at(20),
      skipped: [],
      groups: [...moved, { group: "busy", created: true, readBackAt: at(20), offsets }],
    },
  });
}

test("the text shows the slowest groups and how many more there are, and the JSON lists all", () => {
  const pauses = pausesOf(buildReport(report(100)));
  const lines = pauseLines(pauses);
  expect(lines[0]).toMatch(
    /^producers waited 1 min 30 s \(10:29:50 to 10:31:20 UTC\); the slowest of 100 groups, group "group-99"/,
  );
  expect(lines.slice(2, 5).map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
    ["group", "waited"],
    ["busy", "had members on the origin"],
    ["group-99", "at least 1 min 49 s"],
  ]);
  expect(lines).toHaveLength(2 + 1 + 20 + 1);
  expect(lines.at(-1)).toBe("and 81 more");
  expect(pauses.groups).toHaveLength(101);
  expect(pauses.parts).toEqual([
    {
      producers: { from: at(-70), to: at(20) },
      groupsWaited: { groups: 100, notStopped: 1, slowest: expect.anything() },
    },
  ]);
});

test("each wave has its own line, and a wave of which nothing is known has none", () => {
  const { name, madeAt, mirror } = cutOver();
  const { fenceClosedAt, gate, offsets, verification } = report(1);
  const done = { gate: gate!, offsets: offsets!, verification: verification!, fenceClosedAt: fenceClosedAt! };
  const waves = [
    { wave: "orders", phase: "cutover" as const, ...done },
    { wave: "open", phase: "cutover" as const, fenceClosedAt: at(30) },
    { wave: "late", phase: "mirror" as const },
  ];
  const pauses = pausesOf(buildReport({ name, madeAt, mirror, phase: "mirror", waves }));
  expect(pauseLines(pauses).slice(0, 2)).toEqual([
    expect.stringMatching(/^wave orders: producers waited 1 min 30 s .*; group "group-0" waited at least 10 s/),
    `wave open: producers wait since ${at(30)}`,
  ]);
  expect(pauses.parts.map((part) => part.wave)).toEqual(["orders", "open"]);
});

test("nothing is printed before a cutover, or for the state of an older version", () => {
  expect(pauseLines(pausesOf(buildReport(cutOver())))).toEqual([]);
  expect(pauseLines(pausesOf(buildReport(cutOver({ phase: "mirror" }))))).toEqual([]);
});
