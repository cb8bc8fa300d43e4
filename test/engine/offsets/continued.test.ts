import { expect, test } from "vitest";
import { continued } from "../../../engine/offsets";
import type { AppliedOffsets } from "../../../engine/offsets";

const applied = (groups: AppliedOffsets["groups"]): AppliedOffsets => ({ version: 1, at: "2026-01-01T00:00:00.000Z", groups, skipped: [], written: 0, inPlace: 0 });

test("two applies in a row are taken back as one: to what was there before the first", () => {
  const before = { offset: "3", metadata: "m" };
  const first = applied([
    { group: "a", created: false, offsets: [{ topic: "t", partition: 0, offset: "10", before }] },
    { group: "left-out", created: true, offsets: [{ topic: "t", partition: 0, offset: "7" }] },
  ]);
  const second = applied([
    { group: "a", created: false, offsets: [{ topic: "t", partition: 0, offset: "10", inPlace: true }, { topic: "new", partition: 0, offset: "5" }] },
    { group: "b", created: true, offsets: [{ topic: "new", partition: 0, offset: "1" }] },
  ]);
  expect(continued(first, second).groups).toEqual([
    { group: "a", created: false, offsets: [{ topic: "t", partition: 0, offset: "10", before }, { topic: "new", partition: 0, offset: "5" }] },
    { group: "b", created: true, offsets: [{ topic: "new", partition: 0, offset: "1" }] },
    { group: "left-out", created: true, offsets: [{ topic: "t", partition: 0, offset: "7" }] },
  ]);
});

test("an offset that the second moved again goes back to what the first found", () => {
  const first = applied([{ group: "a", created: false, offsets: [{ topic: "t", partition: 0, offset: "10", before: { offset: "3", metadata: "" } }] }]);
  const second = applied([{ group: "a", created: false, offsets: [{ topic: "t", partition: 0, offset: "12", before: { offset: "10", metadata: "" } }] }]);
  expect(continued(first, second).groups[0]!.offsets).toEqual([{ topic: "t", partition: 0, offset: "12", before: { offset: "3", metadata: "" } }]);
});
