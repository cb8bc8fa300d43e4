import { isMigrationError } from "../errors";
import { type Circle, circleOf, type CompiledMirror, compileMirror } from "../loop";
import { modelFrom } from "../mirror-configuration";
import { policyKind, targetTopicName } from "../naming";
import { isReversed, sameCluster } from "./addresses";
import { listed, type Rule, type Saying, stackRule } from "./rule";
import { samplesOf, wordsIn } from "./samples";
import { attempt, inEach } from "./unknown";
import type { MirrorView, TopicView } from "./view";

export const loopRules: Rule[] = [
  stackRule(
    {
      name: "endless-loop",
      level: "mandatory",
      summary: "No topic is copied back without end to the cluster that it comes from.",
    },
    ({ mirrors, topics }) => {
      const copying = mirrors.flatMap((mirror) => attempt(() => copierOf(mirror)) ?? []);
      const names = candidates(
        copying.map(({ mirror }) => mirror),
        topics,
      );
      const said = new Set<string>();
      const nextOf = followers(copying);
      return inEach(copying, (first) => {
        const circles = names.flatMap((name) => circleFrom(first, name, nextOf) ?? []);
        const way = circles[0]?.way;
        const key = way
          ?.map((one) => copying.indexOf(one))
          .sort()
          .join();
        // Report a loop once, not once for each of its mirrors.
        if (way === undefined || key === undefined || said.has(key)) return [];
        said.add(key);
        return [{ at: first.mirror, say: sayingOf(way, circles) }];
      });
    },
  ),
];

/** Returns true if the mirror has a source connector and nothing stops it. */
export function isRunning(mirror: MirrorView): boolean {
  const stopped = mirror.source.state === "stopped" || mirror.source.state === "paused" || mirror.replicas === 0;
  return mirror.declared.source && !stopped;
}

/** A running connector that gives its copies known names. */
interface Copier extends CompiledMirror {
  mirror: MirrorView;
}

/** For each copier, those that read the cluster that it writes to. */
type Followers = ReadonlyMap<Copier, ReadonlySet<Copier>>;

/** Compares the addresses of two mirrors once, and not for each topic. */
const followers = (copiers: readonly Copier[]): Followers =>
  new Map(
    copiers.map((one) => [
      one,
      new Set(
        copiers.filter(
          (next) => sameCluster(one.mirror, "target", next.mirror, "origin") || isReversed(one.mirror, next.mirror),
        ),
      ),
    ]),
  );

interface Found {
  name: string;
  way: readonly Copier[];
  circle: Circle;
}

function sayingOf(way: readonly Copier[], circles: readonly Found[]): Saying {
  const { circle } = circles[0]!;
  const own = circles.filter((one) => one.way.length === way.length && one.circle === circle).map(({ name }) => name);
  const path = [...way.map(({ mirror }) => mirror.origin.alias), way.at(-1)!.mirror.target.alias].join(" -> ");
  const topics = `${own.length === 1 ? "topic" : "topics like"} ${listed(own, 3)}`;
  if (circle === "same") {
    return {
      seen: `${path} copies ${topics} back to its own cluster under the same name`,
      why:
        "with the identity policy MirrorMaker 2 does not recognise its own copies and copies each record again " +
        "and again until the disks are full",
      instead:
        "remove one of the directions, use patterns without common topics, or use DefaultReplicationPolicy " +
        "in both directions",
    };
  }
  return {
    seen: `${path} copies ${topics} back to its own cluster under a longer name each time`,
    why:
      "MirrorMaker 2 recognises a copy only by the alias of its target before the separator, and here no " +
      "mirror finds it: " +
      "there are new copies of all records without end",
    instead:
      "use DefaultReplicationPolicy in both directions, with the same separator and the same two aliases for " +
      "the same two clusters, " +
      "or use patterns without common topics",
  };
}

function copierOf(mirror: MirrorView): Copier[] {
  const model = modelFrom(mirror);
  if (!isRunning(mirror) || policyKind(model) === "unknown") return [];
  try {
    return [{ mirror, ...compileMirror(model) }];
  } catch (error) {
    // Only Java can read the pattern.
    if (isMigrationError(error)) return [];
    throw error;
  }
}

/** The shortest list of mirrors that brings a topic back without end to the cluster that `first` reads. */
function circleFrom(first: Copier, topic: string, nextOf: Followers): Found | undefined {
  let ways = step([], topic, first);
  const taken = new Set([first]);
  while (ways.length > 0) {
    for (const { way } of ways) {
      const circle = nextOf.get(way.at(-1)!)!.has(first) ? circleOf(way, topic) : undefined;
      if (circle !== undefined) return { name: topic, way, circle };
    }
    ways = ways.flatMap(({ way, name }) =>
      [...nextOf.get(way.at(-1)!)!].flatMap((next) => {
        const longer = taken.has(next) ? [] : step(way, name, next);
        if (longer.length > 0) taken.add(next);
        return longer;
      }),
    );
  }
  return undefined;
}

/** The way with one more mirror, and the name of the copy there. Empty if that mirror does not copy the topic. */
function step(way: readonly Copier[], name: string, next: Copier): { way: readonly Copier[]; name: string }[] {
  return next.skips(name) === undefined ? [{ way: [...way, next], name: targetTopicName(next.model, name) }] : [];
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
