import { expect, test } from "vitest";
import { checkRenamed } from "./renamed";
import { testMirror } from "../../test/support/models";

const before = testMirror();
const said = (over: Parameters<typeof testMirror>[0]) =>
  checkRenamed(before, testMirror(over)).map((f) => `${f.code}: ${f.seen}. ${f.fix}`);

test.each([
  [{ originAlias: "o2" }, /origin.alias was "[^"]+" and is now "o2".*copy everything a second time/],
  [{ targetAlias: "t2" }, /target.alias was .* "t2".*a second time/],
  [{ offsetStorageTopic: "offsets2" }, /target.offsetStorageTopic was .* "offsets2".*a second time/],
  [{ groupId: "g2" }, /target.groupId was .* "g2".*leave the old one's topics and group behind/],
  [{ configStorageTopic: "c2" }, /target.configStorageTopic/],
  [{ statusStorageTopic: "s2" }, /target.statusStorageTopic/],
  [
    { policyClass: "org.apache.kafka.connect.mirror.DefaultReplicationPolicy" },
    /topics are now called origin.x instead of x/,
  ],
])("the names of a running mirror must not change: %j", (over, text) => {
  expect(said(over)).toEqual([expect.stringMatching(text)]);
});

test("settings that only select topics and groups or change the speed may change", () => {
  expect(
    said({
      topicsPattern: "other",
      groupsPattern: "g",
      replicationFactor: 3,
      offsetFlushIntervalMs: 1,
      syncGroupOffsets: true,
    }),
  ).toEqual([]);
  // The identity policy uses the separator only for the names of its own topics.
  expect(said({ separator: "-" })).toEqual([]);
});
