import { describe, expect, it } from "vitest";
import { idleRules, minInsyncChanges, wantedFactors } from "./factors";

const origin = [
  { name: "orders", factor: 1, minInsync: 1 },
  { name: "orders.audit", factor: 2, minInsync: 1 },
  { name: "payments", factor: 3, minInsync: 2 },
];

describe("wantedFactors", () => {
  it("returns the origin's own factor without rules", () => {
    expect(Object.fromEntries(wantedFactors(origin, []))).toEqual({
      orders: { factor: 1, from: "origin" },
      "orders.audit": { factor: 2, from: "origin" },
      payments: { factor: 3, from: "origin" },
    });
  });

  it("uses the first rule that matches the whole name", () => {
    const got = wantedFactors(origin, [
      { pattern: "orders", factor: 2 },
      { pattern: "orders.*", factor: 3 },
    ]);
    expect(got.get("orders")).toEqual({ factor: 2, from: "orders" });
    expect(got.get("orders.audit")).toEqual({ factor: 3, from: "orders.*" });
    expect(got.get("payments")).toEqual({ factor: 3, from: "origin" });
  });

  it("reports every invalid rule at once", () => {
    expect(() =>
      wantedFactors(origin, [
        { pattern: "a", factor: 0 },
        { pattern: " ", factor: 1.5 },
      ]),
    ).toThrow(/REPLICATION_RULE_INVALID[^]*rule 1 \(a\): factor 0[^]*rule 2 \( \): factor 1.5[^]*the pattern is empty/);
  });

  it("finds rules that match nothing", () => {
    expect(
      idleRules(
        ["orders"],
        [
          { pattern: "order", factor: 2 },
          { pattern: "orders", factor: 2 },
        ],
      ),
    ).toEqual(["order"]);
  });
});

describe("minInsyncChanges", () => {
  const cases: [
    string,
    { factor: number; originMin: number; targetMin: number },
    "before" | "after" | "none",
    number?,
  ][] = [
    ["raises it at the end, when all replicas are there", { factor: 3, originMin: 2, targetMin: 1 }, "after", 2],
    ["never above the factor", { factor: 1, originMin: 2, targetMin: 1 }, "none"],
    ["lowers it first, before replicas go", { factor: 1, originMin: 2, targetMin: 2 }, "before", 1],
    [
      "follows an origin that asks for less than the target's default",
      { factor: 3, originMin: 1, targetMin: 2 },
      "before",
      1,
    ],
    ["leaves what is right alone", { factor: 3, originMin: 2, targetMin: 2 }, "none"],
  ];
  it.each(cases)("%s", (_, topic, when, to) => {
    const got = minInsyncChanges([{ name: "t", ...topic }]);
    const wanted = { topic: "t", from: topic.targetMin, to };
    expect(got).toEqual({ before: when === "before" ? [wanted] : [], after: when === "after" ? [wanted] : [] });
  });
});
