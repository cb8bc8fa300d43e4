import { describe, expect, test } from "vitest";
import { aToB, identity } from "../test/policies/manifests";
import { found } from "../test/policies/resources";

const seen = (rule: string, entry: object, source: object = identity) =>
  found(rule, [aToB({ entry, source, checkpoint: source })]).map(({ message }) => message);

describe("a pattern", () => {
  test.each(["orders-{eu,us}", "orders-[0-9]{1,3}", "orders,a{", "orders,*-dlq", "(?P<n>x)", "orders-\\y"])(
    "that Java refuses is reported: %s",
    (topicsPattern) => {
      expect(seen("names-refused", { topicsPattern })).toEqual([
        expect.stringMatching(/topicsPattern: ".+" .*: MirrorMaker 2 cannot read it either/),
      ]);
    },
  );

  test.each([
    ["*orders-*", ".*orders-.*"],
    ["*-dlq", ".*-dlq"],
    ["*-orders*", ".*-orders.*"],
    ["a-**", "a-.*"],
    ["[orders-eu, payments]", "orders-eu,payments"],
  ])("that Java refuses is reported once, with what was meant: %s", (topicsPattern, meant) => {
    expect(seen("names-refused", { topicsPattern })).toEqual([
      expect.stringContaining(`; write "${meant}" [names-refused]`),
    ]);
    expect(seen("pattern-doubtful", { topicsPattern })).toEqual([]);
    // The other expressions of the list are separate mistakes.
    const others = { topicsPattern: `${topicsPattern},logs-*` };
    expect(seen("pattern-doubtful", others)).toEqual([expect.stringContaining('"logs-*" in topicsPattern')]);
  });

  test.each([
    "orders-(eu,us)",
    "[a,b]",
    "a{3}",
    "(?i)orders",
    "\\p{Lower}+",
    "[a-z&&[^x]]",
    "${TOPICS}",
    "{{ topics }}",
  ])("that Java reads, or that is filled in later, is not refused: %s", (topicsPattern) => {
    expect(seen("names-refused", { topicsPattern })).toEqual([]);
    expect(seen("nothing-copied", { topicsPattern })).toEqual([]);
  });

  test.each(["orders;payments", "orders payments", "'orders'", "/orders.*/", "team/orders", "x".repeat(250)])(
    "that no topic's name can match is reported: %s",
    (part) => {
      const selects = seen("nothing-copied", { topicsPattern: `invoices,${part}` });
      expect(selects).toEqual([
        expect.stringContaining(`"${part}" in topicsPattern matches no name that a topic can have`),
      ]);
      const excludes = seen("nothing-copied", { topicsPattern: "orders.*", topicsExcludePattern: part });
      expect(excludes).toEqual([expect.stringContaining("what it should exclude is copied")]);
    },
  );

  test.each(["(?!internal).*-orders", "[^/]+", "orders\\.v1", "\\w+", ".*", "a|b"])(
    "that topics can match is not reported: %s",
    (topicsPattern) => expect(seen("nothing-copied", { topicsPattern })).toEqual([]),
  );
});

describe("names that brokers refuse", () => {
  test("a copy of more than 249 characters is reported, and one of 249 is not", () => {
    const named = (length: number) => seen("names-refused", { topicsPattern: "x".repeat(length) }, {});
    expect(named(247)).toEqual([]);
    expect(named(248)).toEqual([
      expect.stringMatching(/would have a name of 250 characters: .*use a shorter clusters\[0\]\.alias/),
    ]);
    expect(seen("names-refused", { topicsPattern: "x".repeat(249) })).toEqual([]);
  });

  test("a separator that makes them is named", () => {
    const separator = { "replication.policy.separator": "/" };
    for (const message of seen("names-refused", {}, separator))
      expect(message).toContain('write a replication.policy.separator with only these characters, not "/"');
    expect(seen("names-refused", {}, separator)).not.toEqual([]);
  });
});
