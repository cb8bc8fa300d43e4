import { expect, it } from "vitest";
import { sideBySide } from "./commands/offsets";
import type { OffsetPlan, PartitionPlan } from "../engine/offsets";

/** A plan with this number of groups, and a count of the partitions that were read from it. */
function planOf(groups: number, target: number): { plan: OffsetPlan; looked: () => number } {
  let looked = 0;
  const partition = (): PartitionPlan => ({
    partition: 0,
    targetOffset: String(target),
    exact: true,
    how: "end",
    rereads: 0,
    get originOffset() {
      looked++;
      return "7";
    },
  });
  const list = Array.from({ length: groups }, (_, g) => ({
    group: `group-${g}`,
    type: "classic",
    originMembers: 0,
    targetMembers: [],
    exists: false,
    topics: [{ topic: "orders", partitions: [partition()] }],
  }));
  const summary = { groups, offsets: groups, exact: groups, by: {}, rereads: 0, inPlace: 0, attention: [] };
  return {
    plan: { version: 1, at: "2026-01-01T00:00:00.000Z", groups: list, nothingCommitted: [], unknown: [], summary },
    looked: () => looked,
  };
}

it("a large comparison formats only the rows that it shows", () => {
  const [exact, checkpoints] = [planOf(1000, 3), planOf(1000, 2)];
  const lines = sideBySide({ exact: exact.plan, checkpoints: checkpoints.plan }, false);
  expect(lines.slice(0, 2)).toEqual([
    "exact: 1000 of 1000 offsets exact, 0 records read again",
    "checkpoints: 1000 of 1000 offsets exact, 0 records read again",
  ]);
  expect(lines[4]).toMatch(/^group-0 +orders-0 +7 +3 +2 +exact +0$/);
  expect(lines.at(-1)).toBe("and 950 more");
  expect([exact.looked(), checkpoints.looked()]).toEqual([50, 0]);
});

it("the comparison shows all rows if requested", () => {
  const lines = sideBySide({ exact: planOf(60, 3).plan }, true);
  expect(lines.at(-1)).toMatch(/^group-59 /);
  expect(lines).toHaveLength(1 + 1 + 1 + 60);
});
