import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MirrorModel, Scope } from "./model";
import { ownsGroup, ownsTopic, wholeMirror } from "./parts";
import { nothingSelected, selectGroups, selectTopics } from "./selection";
import { testMirror } from "../test/support/models";

/** The scopes of these waves and of what is outside, as the components make them. */
function scopesOf(waves: readonly { name: string; topics: string; groups?: string }[]): Scope[] {
  return [
    ...waves.map(({ name, topics, groups = "" }) => ({ wave: name, topics, groups })),
    { withoutTopics: waves.map((w) => w.topics), withoutGroups: waves.map((w) => w.groups ?? "") },
  ];
}

const parts = (mirror: MirrorModel, waves: Parameters<typeof scopesOf>[0]) =>
  scopesOf(waves).map((scope) => ({ ...mirror, scope }));

describe("the parts of a mirror", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-c]{1,4}$/), { maxLength: 20 });
  const waves = [
    { name: "one", topics: "a.*", groups: "b.*" },
    { name: "two", topics: "b.,ba+c", groups: "a" },
    { name: "three", topics: "cc" },
  ];

  it("hold each topic and each group of the mirror exactly once", () => {
    fc.assert(
      fc.property(names, fc.integer({ min: 0, max: waves.length }), (all, count) => {
        const mirror = testMirror({ topicsPattern: "[ab].*", groupsPattern: "[ac].*" });
        const some = parts(mirror, waves.slice(0, count));
        expect(some.flatMap((part) => selectTopics(all, part)).sort()).toEqual(selectTopics(all, mirror));
        expect(some.flatMap((part) => selectGroups(all, part)).sort()).toEqual(selectGroups(all, mirror));
        // Also names that the mirror does not copy, for example of a fence's ACLs that were left.
        for (const name of all) {
          expect(some.filter((part) => ownsTopic(part)(name))).toHaveLength(1);
          expect(some.filter((part) => ownsGroup(part)(name))).toHaveLength(1);
        }
      }),
    );
  });

  it("are not part of the whole mirror", () => {
    const mirror = testMirror();
    for (const part of parts(mirror, waves)) expect(wholeMirror(part)).toEqual(mirror);
  });

  it("name the wave's own pattern if it selects nothing", () => {
    const [wave] = parts(testMirror(), [{ name: "billing", topics: "invoice" }]);
    const { message } = nothingSelected(["invoices", "orders"], wave!);
    expect(message).toContain('SELECTION_EMPTY: waves.billing.topics "invoice" selects none of the 2 visible topics');
    expect(message).toContain('did you mean ".*invoice.*" (1 topics)?');
    expect(message).toContain("write waves.billing.topics so that it matches whole topic names");
  });
});
