import type { Bridge, Link, Part, Piece } from "./types";

/** Names shown of each piece. */
const SOME = 3;

/**
 * Finds the topics that belong together: two topics are in one part if a chain of links connects them. Also finds the
 * links that alone hold a part together. Takes time proportional to the topics and the links' topics.
 * @param bytesOf size of a topic. undefined: unknown
 * @returns the parts in the order of their first topic
 */
export function findParts(
  topics: readonly string[],
  links: readonly Link[],
  bytesOf: (topic: string) => number | undefined = () => undefined,
): Part[] {
  const names = [...new Set(topics)].sort();
  const graph = new Graph(names, links);
  return names.flatMap((_, node) => {
    if (graph.isSeen(node)) return [];
    const found = graph.explore(node);
    const part = found.order.map((at) => names[at]!);
    const piecesOf = pieceReader(part, bytesOf);
    return [
      {
        topics: [...part].sort(),
        links: found.links.sort((a, b) => a - b).map((at) => links[at]!),
        bridges: found.bridges
          .sort((a, b) => a.link - b.link)
          .map(({ link, inside }): Bridge => {
            const { kind, name } = links[link]!;
            return { kind, name, pieces: piecesOf(inside) };
          }),
      },
    ];
  });
}

/** Positions in the order of discovery: from the first one to before the second one. */
type Interval = readonly [number, number];

interface Explored {
  /** Topics in the order of discovery. Topics that one link cuts off follow each other. */
  order: number[];
  links: number[];
  /** Links that cut off topics, with the intervals that fall off. */
  bridges: { link: number; inside: Interval[] }[];
}

/** Topics and links as the nodes of one graph. A topic is connected with each link that names it. */
class Graph {
  /** Topics first, then links. */
  private readonly neighbours: number[][];
  private readonly seenAt: number[];
  private time = 0;

  constructor(topics: readonly string[], links: readonly Link[]) {
    const at = new Map(topics.map((name, i) => [name, i]));
    this.neighbours = Array.from({ length: topics.length + links.length }, () => []);
    this.topicCount = topics.length;
    for (const [i, link] of links.entries()) {
      // A name that is listed twice does no harm.
      for (const name of link.topics) {
        const topic = at.get(name);
        if (topic === undefined) continue;
        this.neighbours[topic]!.push(topics.length + i);
        this.neighbours[topics.length + i]!.push(topic);
      }
    }
    this.seenAt = Array.from({ length: this.neighbours.length }, () => -1);
  }

  private readonly topicCount: number;

  isSeen(node: number): boolean {
    return this.seenAt[node]! >= 0;
  }

  /** Tarjan's search for articulation points, without recursion: a part may be a chain of thousands of topics. */
  explore(root: number): Explored {
    const result: Explored = { order: [], links: [], bridges: [] };
    const cuts = new Map<number, Interval[]>();
    const enter = (node: number, parent: number) => {
      this.seenAt[node] = this.time++;
      if (node < this.topicCount) result.order.push(node);
      else result.links.push(node - this.topicCount);
      const from = result.order.length - (node < this.topicCount ? 1 : 0);
      return { node, parent, low: this.seenAt[node]!, next: 0, from };
    };
    const path = [enter(root, -1)];
    while (path.length > 0) {
      const here = path.at(-1)!;
      const neighbour = this.neighbours[here.node]![here.next++];
      if (neighbour === undefined) {
        path.pop();
        const above = path.at(-1);
        if (above === undefined) continue;
        above.low = Math.min(above.low, here.low);
        // Nothing below `here` reaches a node above the link: without the link it falls off.
        if (above.node >= this.topicCount && here.low >= this.seenAt[above.node]!) {
          const link = above.node - this.topicCount;
          const inside = cuts.get(link) ?? [];
          inside.push([here.from, result.order.length]);
          cuts.set(link, inside);
        }
      } else if (!this.isSeen(neighbour)) path.push(enter(neighbour, here.node));
      else if (neighbour !== here.parent) here.low = Math.min(here.low, this.seenAt[neighbour]!);
    }
    result.bridges = [...cuts].map(([link, inside]) => ({ link, inside }));
    return result;
  }
}

/** Describes the intervals that a link cuts off, and the rest. Sums are differences of running totals. */
function pieceReader(
  order: readonly string[],
  bytesOf: (topic: string) => number | undefined,
): (inside: readonly Interval[]) => Piece[] {
  const totals = [0];
  let known = true;
  for (const topic of order) {
    const bytes = bytesOf(topic);
    if (bytes === undefined) known = false;
    totals.push(totals.at(-1)! + (bytes ?? 0));
  }
  const piece = (topics: number, bytes: number, some: string[]): Piece => ({
    topics,
    some: some.sort(),
    ...(known ? { bytes } : {}),
  });
  return (inside) => {
    const cut = inside.map(([from, to]) =>
      piece(to - from, totals[to]! - totals[from]!, order.slice(from, Math.min(to, from + SOME))),
    );
    const topics = order.length - cut.reduce((sum, p) => sum + p.topics, 0);
    const bytes = totals.at(-1)! - cut.reduce((sum, p) => sum + (p.bytes ?? 0), 0);
    return [piece(topics, bytes, firstOutside(order, inside)), ...cut];
  };
}

/** The intervals are in the order of discovery and do not overlap. */
function firstOutside(order: readonly string[], inside: readonly Interval[]): string[] {
  const some: string[] = [];
  let at = 0;
  for (const [from, to] of [...inside, [order.length, order.length] as const]) {
    while (at < from && some.length < SOME) some.push(order[at++]!);
    if (some.length === SOME) break;
    at = to;
  }
  return some;
}
