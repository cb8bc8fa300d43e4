import { expect, it } from "vitest";
import { table } from "./table";

it("columns are aligned, and numbers and upper bounds to the right", () => {
  expect(
    table(
      ["topic", "records"],
      [
        ["orders", "12"],
        ["payments", "at most 1,200"],
      ],
    ),
  ).toEqual(["topic           records", "orders               12", "payments  at most 1,200"]);
});

it("a table with hundreds of thousands of rows is shown whole if requested", () => {
  const rows = Array.from({ length: 300_000 }, (_, i) => [`group-${i}`, String(i)]);
  const lines = table(["group", "offset"], rows, Infinity);
  expect([lines.length, lines.at(-1)]).toEqual([300_001, "group-299999  299999"]);
});
