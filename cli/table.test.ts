import { expect, it } from "vitest";
import { table } from "./table";

it("columns line up, numbers to the right, upper bounds among them", () => {
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

it("a list of hundreds of thousands of rows is shown whole when that is asked for", () => {
  const rows = Array.from({ length: 300_000 }, (_, i) => [`group-${i}`, String(i)]);
  const lines = table(["group", "offset"], rows, Infinity);
  expect([lines.length, lines.at(-1)]).toEqual([300_001, "group-299999  299999"]);
});
