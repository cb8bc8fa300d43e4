import { describe, expect, it } from "vitest";
import { bytesText, countText, durationText, someOf } from "./units";

describe("units", () => {
  it.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1000, "1 KB"],
    [1_540_000, "1.5 MB"],
    [250_000_000, "250 MB"],
    [999_999_999, "1 GB"],
  ])("%d is %s", (n, text) => expect(bytesText(n)).toBe(text));
  it.each([
    [400, "0.4 s"],
    [12_300, "12 s"],
    [59_700, "1 min"],
    [185_000, "3 min 5 s"],
    [7_800_000, "2 h 10 min"],
  ])("%d ms is %s", (n, text) => expect(durationText(n)).toBe(text));
  it("counts things and shortens lists", () => {
    expect(countText(1, "topic")).toBe("1 topic");
    expect(countText(2, "reassignment")).toBe("2 reassignments");
    expect(someOf(["a", "b", "c"], 2)).toBe("a, b and 1 more");
    expect(someOf(["a", "b"], 2)).toBe("a, b");
  });
});
