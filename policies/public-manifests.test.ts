import { describe, expect, test } from "vitest";
import { aToB, identity, kafkaUser, mirrorMaker, mirrorMakerV1, resource } from "../test/policies/manifests";
import { found } from "../test/policies/resources";

/** Kinds of findings that a review of manifests of other projects showed to be wrong, repeated or missing. */
const seen = (rule: string, resources: ReturnType<typeof aToB>[]) =>
  found(rule, resources).map(({ message }) => message);

test("a pattern that matches other tools' topics and the workers' own is reported once", () => {
  const own = { "offset.storage.topic": "w.offsets", "config.storage.topic": "w.c", "status.storage.topic": "w.s" };
  const mirror = (topicsPattern: string) =>
    aToB({ topicsPattern, source: identity, checkpoint: identity }, { clusters: { a: {}, b: { config: own } } });
  const [message] = seen("pattern-swallows", [mirror(".*")]);
  expect(message).toContain("mirrormaker2-cluster-offsets, w.offsets, w.c, w.s: ");
  expect(message).toContain("a copy of w.offsets would go into the workers' own topic");
  expect(message).toContain(String.raw`mirrormaker2-cluster-.*,w\.offsets,w\.c,w\.s"`);
  expect(seen("storage-topics-in-pattern", [mirror(".*")])).toEqual([]);
  expect(seen("storage-topics-in-pattern", [mirror("w.*")])).toHaveLength(1);
});

