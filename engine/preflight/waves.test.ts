import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Phase } from "../model";
import { testMirror } from "../../test/support/models";
import { changeProblems } from "./wave-changes";
import { declaresOthers, goesForward, partProblems, type WaveFacts, type Waves } from "./waves";

const wave = (name: string, topics: string, groups = "", phase: Phase = "mirror") => ({ name, topics, groups, phase });
const waves = (...list: Waves["waves"]): Waves => ({
  phase: "mirror",
  waves: list,
  splitGroups: [],
  mirror: testMirror({ topicsExcludePattern: "__.*|secret" }),
});
const facts = (topics: string[], groups: Record<string, string[]> = {}): WaveFacts => ({
  topics,
  groups: new Map(Object.entries(groups)),
});

describe("waves on an origin", () => {
  const shop = wave("shop", "orders|carts", "billing");

  it("are accepted if every topic and every group is in one part", () => {
    const found = facts(["orders", "carts", "audit", "__consumer_offsets"], {
      billing: ["orders", "carts"],
      auditor: ["audit"],
      idle: [],
    });
    expect(partProblems(found, waves(shop))).toEqual([]);
    expect(partProblems(found, waves())).toEqual([]);
  });

  it("may not select a topic or a group twice", () => {
    const found = facts(["orders", "carts"], { billing: ["orders"], "billing-2": [] });
    expect(partProblems(found, waves(shop, wave("other", "carts,orders", "billing.*")))).toEqual([
      "wave shop and wave other both select topics carts, orders",
      "wave shop and wave other both select group billing",
    ]);
    const split = { ...waves(shop, wave("other", "audit", "billing.*")), splitGroups: ["billing"] };
    expect(partProblems(facts(["orders", "audit"], { billing: ["orders", "audit"] }), split)).toEqual([]);
  });

  it("may not be without a topic that the mirror copies, unless they are under way", () => {
    const found = facts(["orders", "invoices", "secret"]);
    const news = waves(wave("a", "invoice"), wave("b", "secret"), wave("c", "orders"));
    expect(partProblems(found, news)).toEqual([
      expect.stringMatching(/^wave a selects no topic: waves\.a\.topics "invoice" selects none .*did you mean/),
      expect.stringMatching(/^wave b selects no topic: waves\.b\.topics "secret" selects none/),
    ]);
    const olds = waves(wave("a", "invoice", "", "cutover"), wave("b", "secret", "", "consumers"), wave("c", "orders"));
    expect(partProblems(found, olds, olds)).toEqual([]);
  });

  it("may not move consumers without selecting a group, unless they are under way", () => {
    const news = waves(
      wave("shop", "orders", "billing", "consumers"),
      wave("store", "stock", "stocks", "consumers"),
      wave("audit", "audit", "", "consumers"),
    );
    expect(partProblems(facts(["orders", "stock", "audit"], { billing: ["orders"] }), news)).toEqual([
      expect.stringMatching(/^wave store is in phase consumers, but no group would move: waves.store.groups "stocks"/),
      expect.stringMatching(/^wave audit is in phase consumers, but no group would move: it has no `groups`; set/),
    ]);
    // Its groups may have been deleted since it moved them.
    expect(partProblems(facts(["orders", "stock", "audit"]), news, news)).toEqual([]);
    expect(partProblems(facts(["stock"]), waves(wave("store", "stock")))).toEqual([]);
  });

  it("may not name groups of which none moves, in any phase", () => {
    const found = { ...facts(["orders"], { billing: [] }), listed: ["billing", "sink", "connect-sink"] };
    for (const phase of ["mirror", "consumers", "cutover"] as const)
      expect(partProblems(found, waves(wave("shop", "orders", ".*sink", phase)))).toEqual([
        expect.stringMatching(/^wave shop selects only groups that do not move: sink, connect-sink; .*groupsPattern "/),
      ]);
    expect(partProblems(found, waves(wave("shop", "orders", ".*")))).toEqual([]);
    // There may be groups later.
    expect(partProblems(found, waves(wave("shop", "orders", "later", "cutover")))).toEqual([]);
  });

  it("do not select heartbeats, which every mirror copies", () => {
    expect(partProblems(facts(["heartbeats", "a"]), waves(wave("x", "a|heart.*"), wave("y", "heart.*")))).toEqual([
      expect.stringMatching(/^wave y selects no topic/),
    ]);
  });

  it("may not split a group that nobody accepted by name", () => {
    const found = facts(["orders", "audit", "stock"], {
      billing: ["orders", "audit"],
      both: ["orders", "stock"],
      stranger: ["orders"],
      other: ["audit", "not-copied-any-more"],
    });
    const news = waves(wave("shop", "orders", "billing"), wave("store", "stock", "both"));
    expect(partProblems(found, news)).toEqual([
      'group "billing" is in wave shop and has committed offsets outside the waves (audit) and in wave shop (orders)',
      'group "both" is in wave store and has committed offsets in wave shop (orders) and in wave store (stock)',
      'group "stranger" is outside the waves and has committed offsets in wave shop (orders)',
    ]);
    expect(partProblems(found, { ...news, splitGroups: ["billing", "both", "stranger"] })).toEqual([]);
  });

  it("may not separate a Streams application from its internal topics, even if its group is accepted", () => {
    const topics = ["orders", "app-store-changelog", "app-by-key-repartition", "app-2-x-changelog", "lost-y-changelog"];
    const found = facts(topics, { app: ["orders", "app-by-key-repartition"], "app-2": [] });
    const news = { ...waves(wave("shop", "orders", "app")), splitGroups: ["app"] };
    expect(partProblems(found, news)).toEqual([
      'Streams application "app" is in wave shop, but its internal topics are outside the waves: ' +
        "app-by-key-repartition, app-store-changelog",
    ]);
    const away = waves(wave("shop", "app-.*"));
    expect(partProblems(found, away).filter((line) => line.startsWith("Streams"))).toEqual([
      'Streams application "app-2" is outside the waves, but its internal topics are in wave shop: app-2-x-changelog',
      'Streams application "app" is outside the waves, but its internal topics are in wave shop: ' +
        "app-by-key-repartition, app-store-changelog",
    ]);
    expect(partProblems(found, waves(wave("shop", "orders,app-[bs].*", "app")))).toEqual([]);
  });

  it("may leave out an application whose group does not move; its topics are not those of another application", () => {
    const found = facts(["orders", "app-v2-s-changelog", "app-s-changelog"], { app: ["orders"] });
    const news = waves(wave("one", "orders|app-s-.*", "app"));
    expect(partProblems({ ...found, listed: ["app", "app-v2"] }, news)).toEqual([]);
    expect(partProblems({ ...found, listed: ["app"] }, news)).toEqual([
      'Streams application "app" is in wave one, but its internal topics are outside the waves: app-v2-s-changelog',
    ]);
  });

  it("are accepted exactly if no name is in two parts, for any topics and groups", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[ab][ab]?$/), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        names,
        names,
        names,
        fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 }),
        (one, two, all, group) => {
          const news = waves(wave("one", one.join("|"), "g"), wave("two", two.join("|")));
          const topics = [...new Set([...all, ...group])];
          const of = (topic: string) => [one.includes(topic), two.includes(topic)];
          const fine =
            topics.every((topic) => of(topic).filter(Boolean).length < 2) &&
            [one, two].every((list) => topics.some((topic) => list.includes(topic))) &&
            group.every((topic) => one.includes(topic));
          expect(partProblems(facts(topics, { g: group }), news).length === 0).toBe(fine);
        },
      ),
    );
  });
});

describe("a change of the waves", () => {
  it.each<[Phase, Phase, boolean]>([
    ["mirror", "consumers", true],
    ["mirror", "cutover", true],
    ["consumers", "mirror", true],
    ["consumers", "cutover", true],
    ["cutover", "mirror", true],
    ["cutover", "consumers", false],
    ["consumers", "cleanup", false],
    ["cutover", "cleanup", true],
    ["mirror", "cleanup", true],
    ["cleanup", "mirror", true],
  ])("from phase %s to %s is allowed: %s", (was, is, allowed) => {
    const outside = changeProblems({ ...waves(), phase: was }, { ...waves(), phase: is });
    expect(outside.length === 0).toBe(allowed);
    if (was === "cleanup" || is === "cleanup") return;
    const one = changeProblems(waves(wave("a", "x", "", was)), waves(wave("a", "x", "", is)));
    expect(one).toEqual(allowed ? [] : ["wave a: phase cutover cannot be followed by consumers; go to mirror first"]);
  });

  it("may not remove a wave that is under way, or change what it selects", () => {
    const olds = waves(
      wave("a", "x", "g", "cutover"),
      wave("b", "y", "", "consumers"),
      wave("c", "z", "h", "cutover"),
      wave("d", "w", "i"),
      wave("e", "v", "j"),
    );
    const news = waves(wave("b", "y2", "", "consumers"), wave("c", "z", "h2", "mirror"), wave("d", "w2", "i2"));
    expect(changeProblems(olds, news)).toEqual([
      "wave a is in phase cutover and was removed: set its phase to mirror and run `pulumi up` first",
      'wave b is in phase consumers, but its topics changed from "y" to "y2": set its phase to mirror and run ' +
        "`pulumi up` first",
      'wave c is in phase cutover, but its groups changed from "h" to "h2": set its phase to mirror and run ' +
        "`pulumi up` first",
    ]);
    expect(changeProblems({ ...olds, phase: "cleanup" }, news)).toEqual([]);
    expect(changeProblems(undefined, news)).toEqual([]);
    // An older state has no groups for a wave without groups.
    const { groups: _, ...bare } = wave("b", "y", "", "consumers");
    expect(changeProblems(waves(bare), waves(wave("b", "y", "", "consumers")))).toEqual([]);
  });

  it("names a way out that is open: a wave with a way back cannot go to phase mirror", () => {
    const olds = waves(
      { ...wave("a", "x", "", "cutover"), wayBack: true },
      { ...wave("b", "y", "", "cutover"), wayBack: true },
      { ...wave("c", "z", "", "cutover"), wayBack: false },
    );
    const news = waves(
      { ...wave("b", "y2", "", "cutover"), wayBack: true },
      { ...wave("c", "z2", "", "cutover"), wayBack: false },
    );
    expect(changeProblems(olds, news)).toEqual([
      expect.stringMatching(/^wave a .* was removed: set its phase to returned/),
      expect.stringMatching(/^wave b .* changed from "y" to "y2": set its phase to returned/),
      expect.stringMatching(/^wave c .* changed from "z" to "z2": its way back was ended, so keep it as it is/),
    ]);
  });

  it("may not clean up a wave that no up has cut over, although its phase is cutover now", () => {
    const to = (...list: Waves["waves"]): Waves => ({ ...waves(...list), phase: "cleanup" });
    const done = wave("done", "x", "", "cutover");
    const olds = waves(done, wave("copied", "y"), wave("early", "z", "", "consumers"));
    const news = to(
      done,
      wave("copied", "y", "", "cutover"),
      wave("early", "z", "", "cutover"),
      wave("late", "w", "", "cutover"),
    );
    expect(changeProblems(olds, news)).toEqual([
      expect.stringMatching(
        /^wave copied was not cut over yet \(its last phase was mirror\).*pulumi up.*cutover first/,
      ),
      expect.stringMatching(/^wave early was not cut over yet \(its last phase was consumers\)/),
      expect.stringMatching(/^wave late was not cut over yet \(it is new\)/),
    ]);
    expect(changeProblems(waves(done), to(done))).toEqual([]);
    expect(changeProblems(to(done), to(done))).toEqual([]);
  });

  it("may not take topics from what is outside once that is under way, nor give it any", () => {
    const found = facts(["a", "b", "c"], { g: [], h: [] });
    const olds = { ...waves(wave("one", "a", "g")), phase: "cutover" as const };
    expect(partProblems(found, { ...olds, waves: [wave("two", "b", "h")] }, olds)).toEqual([
      "topic b would leave what is outside the waves, which is in phase cutover, for a wave: set phase to mirror and " +
        "run `pulumi up` first",
      "topic a would join what is outside the waves, which is in phase cutover: set phase to mirror and run " +
        "`pulumi up` first",
      "group h would leave what is outside the waves, which is in phase cutover, for a wave: set phase to mirror and " +
        "run `pulumi up` first",
      "group g would join what is outside the waves, which is in phase cutover: set phase to mirror and run " +
        "`pulumi up` first",
    ]);
    // What is outside stays the same.
    const again = { ...olds, waves: [wave("one", "a"), wave("other", "x|a+", "g")] };
    expect(partProblems(found, again, olds).filter((line) => line.includes("outside"))).toEqual([]);
    const whole = { ...waves(), phase: "consumers" as const };
    expect(partProblems(found, waves(wave("one", "a")), whole)).toEqual([
      expect.stringMatching(/^topic a would leave the migration, which is in phase consumers, for a wave/),
    ]);
  });

  it("needs a new look at the origin only if a part begins, or if other parts are declared", () => {
    const olds = waves(wave("a", "x", "", "consumers"), wave("b", "y"));
    const to = (...list: Waves["waves"]) => waves(...list);
    expect(goesForward(olds, olds)).toBe(false);
    expect(goesForward(olds, to(wave("a", "x"), wave("b", "y")))).toBe(false);
    expect(goesForward(olds, to(wave("a", "x", "", "cutover"), wave("b", "y")))).toBe(true);
    expect(goesForward(undefined, waves())).toBe(false);
    expect(goesForward(waves(), { ...waves(), phase: "consumers" })).toBe(true);
    expect(declaresOthers(olds, olds)).toBe(false);
    expect(declaresOthers(olds, { ...olds, splitGroups: ["g"] })).toBe(true);
    expect(declaresOthers(undefined, waves())).toBe(false);
    expect(declaresOthers(waves(), olds)).toBe(true);
    const others = { ...olds, mirror: testMirror({ topicsPattern: "x" }) };
    expect(declaresOthers(olds, others)).toBe(true);
  });
});

describe("a part with a way back", () => {
  const one = (phase: Phase, wayBack?: boolean): Waves =>
    waves({ ...wave("shop", "orders", "", phase), ...(wayBack === undefined ? {} : { wayBack }) });
  const whole = (phase: Phase, wayBack?: boolean): Waves => ({
    ...waves(),
    phase,
    ...(wayBack === undefined ? {} : { wayBack }),
  });
  /** Phase and way back before and after, and what is said: undefined if it is accepted. */
  const cases: [[Phase, boolean?] | undefined, [Phase, boolean?], RegExp | undefined][] = [
    [["mirror", true], ["cutover", true], undefined],
    [["consumers", true], ["cutover", true], undefined],
    [["cutover", true], ["returned", true], undefined],
    [["cutover", true], ["cutover", false], undefined],
    [["cutover", false], ["cutover", false], undefined],
    [["mirror", false], ["mirror", false], undefined],
    [
      ["mirror", false],
      ["cutover", false],
      /wayBack false, which ends a way back, but none was opened: remove wayBack/,
    ],
    [["consumers", true], ["cutover", false], /none was opened: remove wayBack/],
    [["returned", true], ["cutover", false], /none was opened/],
    [["cutover"], ["cutover", false], /none was opened/],
    [undefined, ["cutover", false], /none was opened/],
    [["returned", true], ["cutover", true], undefined],
    [["returned", true], ["mirror"], undefined],
    [["returned", true], ["consumers", true], undefined],
    [["cutover"], ["mirror"], undefined],
    [undefined, ["mirror", true], undefined],
    [undefined, ["cutover", true], /has a way back and was not copied yet: run `pulumi up` in phase mirror first/],
    [undefined, ["returned", true], /phase returned is only possible after cutover/],
    [["mirror", true], ["returned", true], /phase returned is only possible after cutover/],
    [["cutover", true], ["mirror", true], /go to phase returned first/],
    [["cutover", false], ["mirror"], /its way back was ended, so it stays on the target/],
    [["cutover"], ["cutover", true], /set wayBack to true before the cutover/],
    [["cutover", false], ["cutover", true], /set wayBack to true before the cutover/],
    [["cutover", true], ["cutover"], /set wayBack to false to end it/],
    [["cutover", false], ["returned", true], /has no way back that is open/],
  ];
  it.each(cases)("%j -> %j", (was, is, said) => {
    for (const [make, name] of [
      [one, "wave shop"],
      [whole, "the migration"],
    ] as const) {
      const problems = changeProblems(was && make(...was), make(...is));
      if (said === undefined) expect(problems).toEqual([]);
      else expect(problems).toEqual([expect.stringMatching(new RegExp(`^${name}.*${said.source}`))]);
    }
  });
});
