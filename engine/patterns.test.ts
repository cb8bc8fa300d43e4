import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePatternList, DEFAULT_GROUPS_EXCLUDE, DEFAULT_TOPICS_EXCLUDE } from "./patterns";

const matches = (pattern: string, name: string) => compilePatternList(pattern, "topicsPattern")(name);
const refusal = (pattern: string) => {
  try {
    compilePatternList(pattern, "topicsPattern");
    return "none";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("a pattern that Java and JavaScript read differently is refused, with its place and a fix", () => {
  test.each([
    ["\\p{Lower}+", "uses \\p", "[a-z] for \\p{Lower}"],
    ["\\P{Lower}", "uses \\P", "[^a-z]"],
    ["\\v", "uses \\v", "write the character itself"],
    ["\\h", "uses \\h", "write the character itself"],
    ["\\e", "uses \\e", "write the character itself"],
    ["\\a", "uses \\a", "write the character itself"],
    ["\\cA", "uses \\c", "write the character itself"],
    ["\\07", "uses \\0", "write the character itself"],
    ["\\R", "uses \\R", "write the character itself"],
    ["\\X", "uses \\X", "write the character itself"],
    ["\\N{DOT}", "uses \\N", "write the character itself"],
    ["\\y", "uses \\y", "write the character itself"],
    ["\\b{g}", "uses \\b", "write the character itself"],
    ["[\\b]", "uses \\b", "write the character itself"],
    ["\\Qa.b\\E", "uses \\Q", "a backslash before each special character"],
    ["\\Aa\\z", "uses \\A", "a pattern always matches the whole name"],
    ["(a)\\1", "refers back to group 1", "write the repeated text out"],
    ["(?<x>a)\\k<x>", "uses \\k", "write the repeated text out"],
    ["[a[bc]]", "a class inside a class", "put all characters into one class"],
    ["[a-z&&[^b]]", "an intersection of classes", "list the characters"],
    ["[]a]", 'begins with "]"', "write \\]"],
    ["[^]a]", 'begins with "]"', "write \\]"],
    ["[z-a]", "runs backwards", "write a-z"],
    ["[a-\\d]", "ends in a class", "write \\-"],
    ["[abc", 'a "[" without its "]"', "close the class"],
    ["a*+", 'possessive quantifier, "*+"', 'write "*" alone'],
    ["a{2}+", "possessive quantifier", 'write "{2}" alone'],
    ["a**", 'a "*" after a quantifier', "(?:...)"],
    ["a{2}{3}", 'a "{" after a quantifier', "(?:...)"],
    ["*orders", 'a "*" with nothing before it', "write .*"],
    ["(?>a)", "an atomic group", "(?:...)"],
    ["(?i)orders", "an inline flag", "[oO]rders"],
    ["a(?s-i:b)", "an inline flag", "remove the flag"],
    ["(?<a_b>x)", 'a "(?" that does not begin a group', "(?:...)"],
    ["(?<a>x),(?<a>y)", 'two groups called "a"', "(?:...)"],
    ["(?<=a*)b", "inside a lookbehind", "use {n}"],
    ["(?=a)*", "repeats", "remove the quantifier"],
    ["^*", "repeats", "remove the quantifier"],
    ["a(b", 'a "(" without its ")"', "close the group"],
    ["a)b", 'a ")" without its "("', "write \\)"],
    ["a{2,3}", 'a "{" that does not begin a count', "a comma separates patterns"],
    ["{x}", 'a "{" with nothing before it', "write \\{"],
    ["a\\", "ends with a backslash", "write \\\\"],
    ["\\u12", "without the number of a character", "\\u002e"],
  ])("%s", (pattern, seen, fix) => {
    const message = refusal(pattern);
    expect(message).toMatch(/^PATTERN_INVALID: topicsPattern: "/);
    expect(message).toMatch(/\(character \d+\)\nfix: /);
    expect(message).toContain(seen);
    expect(message.split("fix: ")[1]).toContain(fix);
  });

  test("the place is counted in characters", () => expect(refusal("ab\\p{Lu}")).toContain("(character 3)"));
});

describe("a pattern that both read the same way works", () => {
  test.each([
    ["orders", ["orders"], ["orders2", "aorders"]],
    ["orders-.*", ["orders-", "orders-eu"], ["orders"]],
    ["a|bc", ["a", "bc"], ["ac"]],
    ["^orders$", ["orders"], ["orders-"]],
    ["(?<region>eu|us)\\.orders", ["eu.orders", "us.orders"], ["euxorders"]],
    ["[\\w.-]+", ["a-b.c_9"], ["a:b"]],
    ["[\\w-.]+", ["a-b.c_9"], ["a:b"]],
    ["[a-c-]x[^\\d]", ["-xa", "bxz"], ["dxa", "ax1"]],
    ["a]b}", ["a]b}"], ["ab"]],
    ["\\x41\\u0042\\x{43}", ["ABC"], ["abc"]],
    ["a{3}b??c+?", ["aaac", "aaabcc"], ["aac"]],
    ["(?!internal)(?:.+)(?<!-dlq)", ["orders"], ["internal-x", "orders-dlq"]],
    ["\\borders\\b.*", ["orders-eu"], ["ordersx"]],
    [".*[\\-\\.]internal", ["a.internal", "a-internal"], ["internal"]],
    [DEFAULT_TOPICS_EXCLUDE, ["mm2-x.internal", "a.replica", "__x"], ["orders"]],
    [DEFAULT_GROUPS_EXCLUDE, ["connect-x"], ["orders"]],
  ])("%s", (pattern, yes, no) => {
    for (const name of yes) expect(matches(pattern, name), name).toBe(true);
    for (const name of no) expect(matches(pattern, name), name).toBe(false);
  });

  test("matches as Java does, even where JavaScript differs", () => {
    expect(matches("a.b", "a\u0085b")).toBe(false);
    expect(matches("a.b", "a\nb")).toBe(false);
    expect(matches("a\\sb", "a\u00a0b")).toBe(false);
    expect(matches("a[\\S]b", "a\u00a0b")).toBe(true);
    expect(matches("a.b", "a\u{1f600}b")).toBe(true);
    expect(matches("\\uD83D\\uDE00", "\u{1f600}")).toBe(true);
    expect(matches("a$\\n", "a\n")).toBe(true);
    expect(matches("a\\r$\\n", "a\r\n")).toBe(false);
  });

  /**
   * For names that Kafka allows for topics, the translation must not change any expression that JavaScript reads as
   * Java does.
   */
  test("a translated pattern matches the same names as the original", () => {
    const single = fc.constantFrom(
      "a",
      "b",
      "-",
      "_",
      "0",
      "\\.",
      "\\-",
      ".",
      "\\d",
      "\\w",
      "[ab]",
      "[^a_]",
      "[a-c]",
      "[\\w-]",
      "[.-]",
      "\\x61",
    );
    const quantifier = fc.constantFrom("", "", "", "*", "+", "?", "{2}", "*?", "+?", "??");
    const { pattern } = fc.letrec<{ pattern: string; sequence: string; piece: string }>((tie) => ({
      piece: fc
        .tuple(
          fc.oneof(
            { weight: 6, arbitrary: single },
            { weight: 1, arbitrary: tie("pattern").map((p) => `(${p})`) },
            { weight: 1, arbitrary: tie("pattern").map((p) => `(?:${p})`) },
          ),
          quantifier,
        )
        .map(([p, q]) => p + q),
      sequence: fc
        .array(
          fc.oneof(
            { weight: 12, arbitrary: tie("piece") },
            { weight: 1, arbitrary: fc.constantFrom("(?!a)", "(?=.*b)", "(?<!a)", "\\b") },
          ),
          { minLength: 1, maxLength: 4 },
        )
        .map((p) => p.join("")),
      pattern: fc.array(tie("sequence"), { minLength: 1, maxLength: 2 }).map((p) => p.join("|")),
    }));
    const name = fc
      .array(fc.constantFrom("a", "b", "c", "-", "_", ".", "0"), { minLength: 1, maxLength: 6 })
      .map((l) => l.join(""));
    fc.assert(
      fc.property(pattern, fc.array(name, { minLength: 10, maxLength: 10 }), (text, names) => {
        const ours = compilePatternList(text, "topicsPattern");
        const plain = new RegExp(`^(?:${text})$`);
        for (const n of names) expect(ours(n), `${text} on ${n}`).toBe(plain.test(n));
      }),
      { numRuns: 1000 },
    );
  });
});

test("a list matches what one of its expressions matches, however long their common start is", () => {
  const part = fc.constantFrom("a", "b", "-", ".", "\\.", "a?", "b*", "a{0}", "b+", "(a|b)", "[ab]", "a|b", ".*");
  const expression = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));
  const name = fc.string({ unit: fc.constantFrom("a", "b", "-", "."), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(expression, { minLength: 1, maxLength: 5 }),
      fc.array(name, { minLength: 9 }),
      (list, names) => {
        const ours = compilePatternList(list.join(", "), "topicsPattern");
        const plain = list.map((one) => new RegExp(`^(?:${one})$`));
        for (const n of names) expect(ours(n), `${list.join()} on ${n}`).toBe(plain.some((r) => r.test(n)));
      },
    ),
    { numRuns: 1000 },
  );
});
