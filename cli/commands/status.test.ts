import { expect, test } from "vitest";
import { historyOf } from "./status";

const at = (minute: number): string => new Date(Date.UTC(2026, 4, 4, 10, minute)).toISOString();

test("the events of a wave end with its return, and contain the way back and the copied connectors", () => {
  expect(
    historyOf({
      wayBack: { openedAt: at(20), returnedAt: at(30) },
      connectors: { at: at(10), copied: [] },
      fence: { version: 1, raisedAt: at(5), topics: 2, principals: [], created: 2, own: [], writing: [], warnings: [] },
    }),
  ).toEqual([
    [at(5), "fence raised on 2 topics"],
    [at(10), "offsets of 0 source connectors copied"],
    [at(20), "way back opened"],
    [at(30), "returned to the origin"],
  ]);
  expect(historyOf({ wayBack: { openedAt: at(20) } })).toEqual([[at(20), "way back opened"]]);
});
