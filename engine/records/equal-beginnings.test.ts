import { afterEach, beforeEach, expect, it } from "vitest";
import { compareBeginnings } from ".";
import { type MemoryLog, memoryClusters, type MemoryTopic, puts } from "../../test/engine/verify/memory-cluster";
import { keepLinks } from "../kafka/kept-links";

let run = 0;
beforeEach(async () => {
  run++;
  await keepLinks(60_000);
});
afterEach(() => keepLinks(0));

const log = (start = 0): MemoryLog => ({ start, end: 10, records: puts(start, 10) });
const spanOf = ({ start = 0, end = 10 }: MemoryLog) => ({
  topic: "t",
  partition: 0,
  from: BigInt(start),
  to: BigInt(end),
});

interface Topics {
  compacted?: boolean;
  /** Of the origin's topic and of the target's. */
  ids?: string[];
  /** The brokers' answer lacks the target's partition. */
  unlisted?: boolean;
}

/** @returns the number of fetches, and what differs */
async function compare(
  origin: MemoryLog,
  target: MemoryLog,
  { compacted = false, ids = ["o", "t"], unlisted = false }: Topics = {},
) {
  const topic = (one: MemoryLog, id: string): Record<string, MemoryTopic> => ({
    t: { logs: [one], id: id === "" ? "" : `${id} ${run}` },
  });
  const clusters = memoryClusters(topic(origin, ids[0]!), topic(target, ids[1]!));
  let fetches = 0;
  for (const side of ["origin", "target"] as const) {
    const { fetch } = clusters[side];
    clusters[side].fetch = (...all) => (fetches++, fetch(...all));
  }
  const { describeTopics } = clusters.target;
  if (unlisted)
    clusters.target.describeTopics = async (topics) =>
      (await describeTopics(topics)).map((one) => ({ ...one, partitions: [] }));
  const pair = { origin: spanOf(origin), target: spanOf(target), compacted };
  const { compared, differences } = await compareBeginnings(clusters, [pair], "read_uncommitted");
  return { fetches, compared, differences: differences.map((d) => d.kind) };
}

const equal = { compared: 1, differences: [] };

it("are not read again while both logs begin at the same offsets", async () => {
  expect(await compare(log(), log())).toEqual({ ...equal, fetches: 2 });
  expect(await compare(log(), log())).toEqual({ ...equal, fetches: 0 });
});

it.each<[string, MemoryLog, MemoryLog, Topics]>([
  ["the origin has deleted records", log(3), log(), {}],
  ["the target has deleted records", log(), log(3), {}],
  ["the origin's topic was created again", log(), log(), { ids: ["another", "t"] }],
  ["the target's topic was created again", log(), log(), { ids: ["o", "another"] }],
  ["a partition of the origin has another leader", { ...log(), leaderEpoch: 1 }, log(), {}],
  ["a partition of the target has another leader", log(), { ...log(), leaderEpoch: 1 }, {}],
  ["the brokers do not list a partition", log(), log(), { unlisted: true }],
  ["the brokers have no topic ids", log(), log(), { ids: ["", ""] }],
  ["a topic is compacted", log(), log(), { compacted: true }],
])("are read again if %s", async (_what, origin, target, options) => {
  await compare(log(), log(), options.ids?.[0] === "" || options.compacted || options.unlisted ? options : {});
  expect((await compare(origin, target, options)).fetches).toBeGreaterThan(0);
});

it("are read again if they were different", async () => {
  const other = { ...log(), records: puts(0, 10, () => 5) };
  for (let i = 0; i < 2; i++) {
    const { fetches, differences } = await compare(log(), other);
    expect(differences).toEqual(["missing"]);
    expect(fetches).toBeGreaterThan(0);
  }
});

it("are read each time by default", async () => {
  await keepLinks(0);
  await compare(log(), log());
  expect((await compare(log(), log())).fetches).toBe(2);
});
