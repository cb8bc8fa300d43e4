import fc from "fast-check";
import { expect, test } from "vitest";
import { linksOf } from "./links";
import type { TopicFacts } from "./types";

const topic = (name: string): TopicFacts => ({ name, partitions: 1, records: 1, targetBytes: 0 });

test("a group holds together all topics that it committed or reads, each once and in order", () => {
  const sorted = fc.uniqueArray(fc.stringMatching(/^[aAzZ._-]{1,3}$/), { maxLength: 12 }).map((names) => names.sort());
  fc.assert(
    fc.property(sorted, sorted, (committed, reads) => {
      const all = [...new Set([...committed, ...reads])].sort();
      const groups = [{ name: "g", members: 1, committed, reads }];
      const links = linksOf({ topics: all.map(topic), groups, allGroups: ["g"], transactions: [] });
      expect(links).toEqual(all.length > 1 ? [{ kind: "group", name: "g", topics: all }] : []);
    }),
  );
});

test("a Streams application holds its internal topics and what it reads together, in whatever order", () => {
  const topics = ["app-z-changelog", "orders", "app-a-repartition"];
  const groups = [{ name: "app", members: 0, committed: ["app-a-repartition", "orders"] }];
  const [link] = linksOf({ topics: topics.map(topic), groups, allGroups: ["app"], transactions: [] });
  expect(link).toEqual({
    kind: "streams",
    name: "app",
    topics: ["app-a-repartition", "app-z-changelog", "orders"],
  });
});
