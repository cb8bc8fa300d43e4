import { APACHE_IDENTITY, modelFrom, STRIMZI_IDENTITY } from "../mirror-configuration";
import { targetTopicName } from "../naming";
import { sameCluster } from "./cluster";
import { mirrored } from "./names";
import { listed, type Rule, stackRule } from "./rule";
import { samplesOf, wordsIn } from "./samples";
import { attempt, inEach } from "./unknown";
import type { MirrorView, TopicView } from "./view";

export const loopRules: Rule[] = [
  stackRule(
    {
      name: "endless-loop",
      level: "mandatory",
      summary: "No topic is copied back under its own name to the cluster that it comes from.",
    },
    ({ mirrors, topics }) => {
      const copying = mirrors.filter((mirror) => attempt(() => keepsNames(mirror)) === true);
      const names = candidates(copying, topics);
      const said = new Set<string>();
      return inEach(copying, (at) => {
        const cycles = names
          .map((name) => ({ name, way: wayBack(at, name, copying) }))
          .filter(({ way }) => way !== undefined);
        const way = cycles[0]?.way;
        const key = way
          ?.map((mirror) => copying.indexOf(mirror))
          .sort()
          .join();
        // Report a loop once, not once for each of its mirrors.
        if (way === undefined || key === undefined || said.has(key)) return [];
        said.add(key);
        const own = cycles.filter((cycle) => cycle.way?.length === way.length).map(({ name }) => name);
        const path = [...way.map((mirror) => mirror.origin.alias), way.at(-1)!.target.alias].join(" -> ");
        return [
          {
            at,
            say: {
              seen: `${path} copies ${own.length === 1 ? "topic" : "topics like"} ${listed(own, 3)} back to where it comes from, under the same name`,
              why: "with the identity policy MirrorMaker 2 does not recognise its own copies: each record is copied again and again until the disks are full",
              instead:
                "remove one of the directions, give them patterns that have no topic in common, or use DefaultReplicationPolicy in both directions",
            },
          },
        ];
      });
    },
  ),
];

/** Returns true for a running connector that copies topics under their own names. */
function keepsNames(mirror: MirrorView): boolean {
  return isRunning(mirror) && [APACHE_IDENTITY, STRIMZI_IDENTITY].includes(modelFrom(mirror).policyClass);
}

/** Returns true if the mirror has a source connector and nothing stops it. */
export function isRunning(mirror: MirrorView): boolean {
  const stopped = mirror.source.state === "stopped" || mirror.source.state === "paused" || mirror.replicas === 0;
  return mirror.declared.source && !stopped;
}

/** The shortest list of mirrors that brings a topic back to the cluster that `first` reads. */
function wayBack(first: MirrorView, name: string, mirrors: readonly MirrorView[]): readonly MirrorView[] | undefined {
  const copies = (mirror: MirrorView) =>
    mirrored(mirror)?.(name) === true && targetTopicName(modelFrom(mirror), name) === name;
  if (!copies(first)) return undefined;
  let ways: (readonly MirrorView[])[] = [[first]];
  const taken = new Set([first]);
  while (ways.length > 0) {
    const back = ways.find((way) => sameCluster(way.at(-1)!, "target", first, "origin"));
    if (back !== undefined) return back;
    ways = ways.flatMap((way) =>
      inEach(mirrors, (next) => {
        if (taken.has(next) || !sameCluster(way.at(-1)!, "target", next, "origin") || !copies(next)) return [];
        taken.add(next);
        return [[...way, next]];
      }),
    );
  }
  return undefined;
}

/** Sample names for the patterns: the topics of the stack, and names that the expressions of each pattern match. */
export function candidates(mirrors: readonly MirrorView[], topics: readonly TopicView[]): string[] {
  const expressions = [
    ...new Set(inEach(mirrors, ({ topicsPattern }) => topicsPattern.split(",").map((e) => e.trim()))),
  ];
  // The words of one pattern fill the wildcards of another: `pay.*` and `.*ments` have `payments` in common.
  const words = [...new Set(["orders", ...expressions.flatMap(wordsIn)])].slice(0, WORDS);
  const samples = expressions.flatMap((expression) => samplesOf(expression, words));
  return [...new Set([...samples, ...inEach(topics, ({ name }) => [name])])].filter((name) => /^[\w.-]+$/.test(name));
}

const WORDS = 20;
