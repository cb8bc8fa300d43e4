import fc from "fast-check";
import { expect, test } from "vitest";
import { findParts } from "./coupling";
import type { Link } from "./types";

const group = (name: string, ...topics: string[]): Link => ({ kind: "group", name, topics });

/** The same by repeated merging, slowly. */
function partsSlowly(topics: readonly string[], links: readonly Link[]): string[][] {
  let parts = topics.map((t) => [t]);
  for (const { topics: own } of links) {
    const hit = parts.filter((p) => p.some((t) => own.includes(t)));
    if (hit.length > 1) parts = [...parts.filter((p) => !hit.includes(p)), hit.flat()];
  }
  return parts.map((p) => p.sort()).sort();
}

const TOPICS = ["a", "b", "c", "d", "e", "f", "g", "h"];
const estate = fc.record({
  topics: fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1 }),
  links: fc.array(fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
});
const named = (lists: readonly string[][]) => lists.map((topics, i) => group(`g${i}`, ...topics));

test("every topic is in exactly one part, and no link crosses parts", () => {
  fc.assert(
    fc.property(estate, ({ topics, links }) => {
      const parts = findParts(topics, named(links));
      const known = named(links).map((l) => ({ ...l, topics: l.topics.filter((t) => topics.includes(t)) }));
      expect(parts.map((p) => p.topics).sort()).toEqual(partsSlowly(topics, known));
    }),
  );
});

test("a link is a split point if and only if its part falls apart without it", () => {
  fc.assert(
    fc.property(estate, ({ topics, links: lists }) => {
      const links = named(lists);
      const sizeOf = (topic: string) => 2 ** TOPICS.indexOf(topic);
      for (const part of findParts(topics, links, sizeOf)) {
        for (const link of part.links) {
          const without = partsSlowly(
            part.topics,
            part.links
              .filter((l) => l !== link)
              .map((l) => ({ ...l, topics: l.topics.filter((t) => topics.includes(t)) })),
          );
          const bridge = part.bridges.find((b) => b.name === link.name);
          const bytes = (own: readonly string[]) => own.reduce((sum, t) => sum + sizeOf(t), 0);
          if (without.length === 1) expect(bridge).toBeUndefined();
          else expect(bridge!.pieces.map((p) => p.bytes).sort()).toEqual(without.map(bytes).sort());
          for (const piece of bridge?.pieces ?? []) {
            const own = without.find((w) => bytes(w) === piece.bytes)!;
            expect(piece.topics).toBe(own.length);
            expect(piece.some).toHaveLength(Math.min(3, own.length));
            expect(own).toEqual(expect.arrayContaining(piece.some));
          }
        }
      }
    }),
  );
});

test("a chain of 10,000 topics and 1,000 groups of 100 topics are planned in seconds", () => {
  const topics = Array.from({ length: 10_000 }, (_, i) => `topic-${i}`);
  const chain = topics.slice(1).map((t, i): Link => group(`chain-${i}`, topics[i]!, t));
  const wide = Array.from({ length: 1_000 }, (_, i) =>
    group(`wide-${i}`, ...Array.from({ length: 100 }, (_, j) => topics[(i * 7 + j * 97) % 10_000]!)),
  );
  const started = Date.now();
  expect(findParts(topics, chain)).toHaveLength(1);
  expect(findParts(topics, wide).length).toBeGreaterThan(0);
  expect(findParts(topics, [])).toHaveLength(10_000);
  expect(Date.now() - started).toBeLessThan(10_000);
});
