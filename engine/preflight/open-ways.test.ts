import * as fc from "fast-check";
import { expect, it } from "vitest";
import { testMirror } from "../../test/support/models";
import type { Phase } from "../model";
import { earlyCutovers, earlyProblems, openWays, wayProblems } from "./open-ways";
import type { Waves } from "./waves";

const wave = (name: string, phase: Phase, more: object = {}) => ({
  name,
  topics: `${name}.*`,
  groups: "",
  phase,
  ...more,
});
const waves = (...list: Waves["waves"]): Waves => ({
  phase: "mirror",
  waves: list,
  splitGroups: [],
  mirror: testMirror(),
});
const whole = (phase: Phase, wayBack?: boolean): Waves => ({
  ...waves(),
  phase,
  ...(wayBack === undefined ? {} : { wayBack }),
});
const shop = (phase: Phase, more: object = { wayBack: true }) => waves(wave("shop", phase, more));
const CONFIGS = [
  "mm2-configs.mirrormaker2-cluster-return-shop.internal",
  "mm2-configs.mirrormaker2-cluster-return.internal",
];
const said = (olds: Waves, news: Waves, onOrigin: readonly string[] = CONFIGS) =>
  wayProblems(openWays(olds, news), onOrigin);

/** What a person may do after a return that failed: each would give the mirror the topics while the other one runs. */
const loops: [string, Waves, Waves][] = [
  ["phase mirror", shop("returned"), shop("mirror")],
  ["phase mirror without the setting", shop("returned"), shop("mirror", {})],
  ["phase consumers", shop("returned"), shop("consumers")],
  ["a cutover without a way back", shop("returned"), shop("cutover", {})],
  ["other topics", shop("returned"), shop("returned", { wayBack: true, topics: "sho.*" })],
  ["other groups", shop("returned"), shop("cutover", { wayBack: true, groups: "g" })],
  ["another name", shop("returned"), waves(wave("store", "mirror", { topics: "shop.*" }))],
  ["no waves", shop("returned"), whole("mirror")],
  ["no waves, and a return of everything", shop("returned"), whole("returned", true)],
  ["phase mirror of everything", whole("returned", true), whole("mirror", true)],
  ["waves instead of everything", whole("returned", true), shop("mirror", {})],
  ["phase mirror after a cutover", shop("cutover"), shop("mirror")],
];
it.each(loops)("no topic gets into both mirrors while a return mirror runs: %s", (_what, olds, news) => {
  expect(said(olds, news)).toEqual([
    expect.stringMatching(
      /^(wave shop|the migration): its .*endless loop: set its phase to returned, .* until it succeeds$/,
    ),
  ]);
  // When the return has ended, its topics are gone.
  expect(said(olds, news, ["shop-orders"])).toEqual([]);
});

it("nothing is asked if the part stays out of the mirror, or if the mirror is deleted", () => {
  for (const [olds, news] of [
    [shop("returned"), shop("returned")],
    [shop("returned"), shop("cutover")],
    [shop("cutover"), shop("cutover", { wayBack: false })],
    [shop("cutover"), shop("returned")],
    [shop("cutover"), { ...shop("cutover"), phase: "cleanup" as const }],
    [shop("mirror"), shop("cutover")],
    [shop("cutover", {}), shop("mirror", {})],
    [whole("returned", true), whole("cleanup", true)],
  ] as const)
    expect(openWays(olds, news)).toEqual([]);
  expect(openWays(undefined, shop("mirror"))).toEqual([]);
});

it("only the parts whose return mirror exists are refused, whatever the phases are", () => {
  const phase = fc.constantFrom<Phase>("mirror", "consumers", "cutover", "returned");
  const wayBack = fc.constantFrom({}, { wayBack: true }, { wayBack: false });
  const one = fc.tuple(phase, wayBack);
  fc.assert(
    fc.property(fc.array(fc.tuple(one, one, fc.boolean()), { maxLength: 5 }), (parts) => {
      const of = (at: 0 | 1) => waves(...parts.map((p, i) => wave(`w${i}`, p[at][0], p[at][1])));
      const onOrigin = parts.flatMap((p, i) =>
        p[2] ? [`mm2-configs.mirrormaker2-cluster-return-w${i}.internal`] : [],
      );
      const expected = parts.flatMap(([[was, before], [is, after], runs], i) => {
        const open =
          runs && (was === "cutover" || was === "returned") && (before as { wayBack?: boolean }).wayBack === true;
        const out = is === "returned" || (is === "cutover" && "wayBack" in after);
        return open && !out ? [`wave w${i}`] : [];
      });
      expect(said(of(0), of(1), onOrigin).map((line) => line.split(":")[0])).toEqual(expected);
    }),
  );
});

it("the mirror's patterns may not lose topics of a part that can return, because nothing would come back from them", () => {
  const onOrigin = [...CONFIGS, "shop-orders", "shop-carts", "audit"];
  const narrow = (topicsPattern: string, topicsExcludePattern?: string): Waves => ({
    ...shop("cutover"),
    mirror: testMirror({ topicsPattern, ...(topicsExcludePattern === undefined ? {} : { topicsExcludePattern }) }),
  });
  expect(said(shop("cutover"), narrow("shop-orders,audit"), onOrigin)).toEqual([
    expect.stringMatching(/^wave shop: its way back is open, .* no longer select shop-carts: /),
  ]);
  expect(said(shop("returned"), narrow(".*", "shop.*"), onOrigin)).toEqual([
    expect.stringMatching(/^wave shop: its return has not ended, .* no longer select shop-carts, shop-orders: /),
  ]);
  expect(said(shop("cutover"), narrow("shop.*"), onOrigin)).toEqual([]);
  // The cutover failed before the return mirror ran, for example because of a topic that has to be excluded.
  expect(said(shop("cutover"), narrow("shop-orders"), onOrigin.slice(2))).toEqual([]);
});

it("a part with a way back is not cut over in the up that makes the mirror copy more of its topics", () => {
  const onOrigin = ["shop-orders", "shop-carts", "audit"];
  const patterned = (of: Waves, topicsPattern: string): Waves => ({ ...of, mirror: testMirror({ topicsPattern }) });
  const said = (olds: Waves | undefined, news: Waves) => earlyProblems(earlyCutovers(olds, news), onOrigin);
  const refused = [expect.stringMatching(/does not copy shop-carts yet.*`pulumi up` with the new patterns before/)];
  for (const [olds, news] of [
    [shop("mirror"), shop("cutover")],
    [shop("consumers"), shop("cutover")],
    [shop("returned"), shop("cutover")],
    [shop("mirror", {}), shop("cutover")],
  ] as const)
    expect(said(patterned(olds, "shop-orders"), patterned(news, "shop.*"))).toEqual(refused);
  expect(said(patterned(whole("mirror", true), "shop-orders"), patterned(whole("cutover", true), "shop.*"))).toEqual(
    refused,
  );
  // The mirror copies them already, or its steps run before the cutover.
  expect(said(patterned(shop("mirror"), "shop.*"), patterned(shop("cutover"), "shop.*,audit"))).toEqual([]);
  expect(said(patterned(shop("mirror"), "shop-orders"), patterned(shop("cutover", {}), "shop.*"))).toEqual([]);
  expect(said(patterned(shop("cutover"), "shop-orders"), patterned(shop("cutover"), "shop.*"))).toEqual([]);
  expect(said(undefined, shop("cutover"))).toEqual([]);
});
