import { describe, expect, it } from "vitest";
import { compareLatest } from "../../../engine/verify/compacted";
import { compareInOrder, type Watch } from "../../../engine/verify/ordered";
import { readPairs } from "../../../engine/verify/pairs";
import { compareTails } from "../../../engine/verify/tails";
import type { Difference, PartitionResult } from "../../../engine/verify/types";
import { modelFor } from "../support/mirror";
import { memoryClusters, type MemoryLog, type MemoryTopic, put, puts } from "./memory-cluster";

const connection = { bootstrapServers: "b:9092" };
const mirror = {
  ...modelFor({ origin: { connection }, target: { connection } } as never, "t").mirror,
  topicsPattern: "t",
};

async function compare(
  how: "full" | "tail",
  origin: MemoryTopic,
  target: MemoryTopic | undefined,
): Promise<{ results: PartitionResult[]; differences: Difference[]; notes: string[] }> {
  const clusters = memoryClusters({ t: origin }, target === undefined ? {} : { t: target });
  const { pairs, notes } = await readPairs(clusters, mirror);
  const results: PartitionResult[] = [];
  const watch: Watch = { bytes: () => {}, done: (_, result) => void results.push(result) };
  if (how === "tail") await compareTails(clusters, pairs, 5, "read_uncommitted", watch);
  else {
    await compareInOrder(
      clusters,
      pairs.filter((p) => !p.compacted),
      "read_uncommitted",
      watch,
    );
    await compareLatest(
      clusters,
      pairs.filter((p) => p.compacted),
      "read_uncommitted",
      watch,
    );
  }
  return { results, differences: results.flatMap((r) => r.differences), notes };
}

const found = async (origin: MemoryTopic, target: MemoryTopic | undefined, how: "full" | "tail" = "full") =>
  (await compare(how, origin, target)).differences.map((d) => [d.kind, d.count]);

const now = Date.now();
const young = () => now;
const topic = (log: MemoryLog, configs: Record<string, string> = {}): MemoryTopic => ({ logs: [log], configs });

describe("records without a timestamp, which get one in the copy", () => {
  const untimed = (records: ReturnType<typeof puts>) => records.map((r) => ({ ...r, timestamp: -1 }));
  const copied = (records: ReturnType<typeof puts>) => records.map((r) => ({ ...r, timestamp: now + r.offset }));
  const mixed = (records: ReturnType<typeof puts>) =>
    records.map((r) => (r.offset % 3 === 0 ? { ...r, timestamp: -1 } : r));
  const copyOfMixed = (records: ReturnType<typeof puts>) =>
    records.map((r) => (r.offset % 3 === 0 ? { ...r, timestamp: now + r.offset } : r));
  const compacting = { "cleanup.policy": "compact" };

  it.each([
    ["full", {}],
    ["tail", {}],
    ["full", compacting],
    ["tail", compacting],
  ] as const)("are equal in mode %s (%o)", async (how, configs) => {
    expect(
      await found(
        topic({ records: untimed(puts(0, 10)) }, configs),
        topic({ records: copied(puts(0, 10)) }, configs),
        how,
      ),
    ).toEqual([]);
    expect(
      await found(
        topic({ records: mixed(puts(0, 10)) }, configs),
        topic({ records: copyOfMixed(puts(0, 10)) }, configs),
        how,
      ),
    ).toEqual([]);
  });

  it.each([
    ["full", {}],
    ["tail", {}],
    ["full", compacting],
    ["tail", compacting],
  ] as const)("differ if their content or a neighbour's timestamp differs, in mode %s (%o)", async (how, configs) => {
    const changed = copyOfMixed(puts(0, 10)).map((r) => (r.offset === 9 ? { ...r, value: Buffer.from("other") } : r));
    expect(
      await found(topic({ records: mixed(puts(0, 10)) }, configs), topic({ records: changed }, configs), how),
    ).toEqual([["changed", 1]]);
    const moved = copyOfMixed(puts(0, 10)).map((r) => (r.offset === 8 ? { ...r, timestamp: 1 } : r));
    expect(
      await found(topic({ records: mixed(puts(0, 10)) }, configs), topic({ records: moved }, configs), how),
    ).toEqual([["changed", 1]]);
  });

  it("are found missing, duplicated or in another order, like all records", async () => {
    const all = copied(puts(0, 10));
    const at = (records: typeof all) => records.map((r, offset) => ({ ...r, offset }));
    expect(
      await found(
        topic({ records: untimed(puts(0, 10)) }),
        topic({ records: at([...all.slice(0, 4), ...all.slice(6)]) }),
      ),
    ).toEqual([["missing", 2]]);
    const again = all.slice(4, 6).map((r) => ({ ...r, timestamp: r.timestamp + 50 }));
    expect(
      await found(
        topic({ records: untimed(puts(0, 10)) }),
        topic({ records: at([...all.slice(0, 6), ...again, ...all.slice(6)]) }),
      ),
    ).toEqual([["duplicate", 2]]);
    expect(
      await found(
        topic({ records: untimed(puts(0, 10)) }),
        topic({ records: at([...all.slice(0, 4), all[5]!, all[4]!, ...all.slice(6)]) }),
      ),
    ).toEqual([["order", 2]]);
  });

  it("have no age, so retention does not excuse their absence", async () => {
    const retention = { "retention.ms": "3600000" };
    expect(
      await found(
        topic({ records: untimed(puts(0, 10)) }, retention),
        topic({ records: copied(puts(5, 10)), start: 5 }, retention),
      ),
    ).toEqual([["missing", 5]]);
  });
});

describe("records that the target's beginning lacks", () => {
  const bySize = { "retention.bytes": "10000" };
  const whole = (size?: number) => ({ records: puts(0, 10, young), ...(size === undefined ? {} : { size }) });
  const cut = (size?: number) => ({ records: puts(5, 10, young), start: 5, ...(size === undefined ? {} : { size }) });

  it.each<[string, MemoryLog, MemoryLog, string]>([
    ["both sides are at the limit", whole(10_500), cut(10_000), "expired"],
    ["the origin is within a segment of it", whole(9_100), cut(10_000), "expired"],
    ["the limit is far away", whole(900), cut(450), "missing"],
    ["the origin is far below the limit, and the target is not", whole(5_000), cut(10_000), "missing"],
    ["the target holds less than the limit allows", whole(10_500), cut(5_000), "missing"],
    ["the sizes are not known", whole(), cut(), "missing"],
    [
      "the target has deleted nothing",
      whole(10_500),
      { records: puts(5, 10, young).map((r) => ({ ...r, offset: r.offset - 5 })), size: 10_000 },
      "missing",
    ],
  ])("are checked against retention.bytes if %s", async (_, origin, target, kind) => {
    expect(await found(topic(origin, bySize), topic(target, bySize))).toEqual([[kind, 5]]);
  });

  it("cause a hint that retention.bytes may be the reason", async () => {
    const text = async (size?: number) =>
      (await compare("full", topic(whole(size), bySize), topic(cut(size), bySize))).differences[0]!.text;
    expect(await text(900)).toBe(
      "t-0: the first 5 records of the origin are not on the target (origin offsets 0 to 4): retention.bytes may " +
        "have taken them, but both sides are not at this limit",
    );
    expect(await text()).toContain("the brokers tell no sizes");
  });

  it("are a fault if the topic is absent or empty on the target, for any retention", async () => {
    const settings = { ...bySize, "retention.ms": "1000" };
    expect(await found(topic({ records: puts(0, 5), size: 99_000 }, settings), undefined)).toEqual([["missing", 5]]);
    expect(
      await found(topic({ records: puts(0, 5), size: 99_000 }, settings), topic({ records: [], size: 0 }, settings)),
    ).toEqual([["missing", 5]]);
  });

  it("are judged by their newest timestamp under retention.ms, not by the last record", async () => {
    const byTime = { "retention.ms": "3600000" };
    const at = (old: (offset: number) => boolean) =>
      puts(0, 10, (offset) => (offset < 5 && old(offset) ? now - 7_200_000 : now));
    const times = [at(() => true), at((offset) => offset === 4)];
    const kinds = await Promise.all(
      times.map((records) => found(topic({ records }, byTime), topic({ records: records.slice(5), start: 5 }, byTime))),
    );
    expect(kinds).toEqual([[["expired", 5]], [["missing", 5]]]);
  });
});

describe("records that only the target has", () => {
  const strangers = [put(0, "x", "1"), put(1, "y", "2")];
  const shifted = puts(0, 4).map((r) => ({ ...r, offset: r.offset + 2 }));

  it.each(["full", "tail"] as const)(
    "before the copy are extra if the origin has deleted nothing (%s)",
    async (how) => {
      expect(await found(topic({ records: puts(0, 4) }), topic({ records: [...strangers, ...shifted] }), how)).toEqual([
        ["extra", how === "tail" ? 1 : 2],
      ]);
      expect(await found(topic({ records: [] }), topic({ records: strangers }), how)).toEqual([["extra", 2]]);
      expect(await found(topic({ records: puts(2, 4), start: 2 }), topic({ records: puts(0, 4) }), how)).toEqual([
        ["kept longer", 2],
      ]);
    },
  );

  it.each(["full", "tail"] as const)(
    "in a partition that the origin does not have are a difference (%s)",
    async (how) => {
      for (const policy of ["delete", "compact"]) {
        const configs = { "cleanup.policy": policy };
        const logs = [{ records: puts(0, 3) }];
        const more = await compare(
          how,
          { logs, configs },
          { logs: [...logs, { records: [] }, { records: strangers }], configs },
        );
        expect(more.differences.map((d) => [d.partition, d.kind])).toEqual(
          policy === "delete"
            ? [[2, "extra"]]
            : [
                [2, "extra"],
                [2, "extra"],
              ],
        );
        expect(more.notes).toHaveLength(1);
        expect(more.results).toHaveLength(2);
      }
    },
  );
});

describe("records without a key, from before the topic was compacted", () => {
  const keyless = (offset: number, value: string) => ({ ...put(offset, "", value), key: null });
  const all = [keyless(0, "a"), put(1, "", "of the empty key"), put(2, "k", "1"), keyless(3, "b"), put(4, "l", "1")];
  const cleaned = all.filter((r) => r.key !== null);
  const compacting = { "cleanup.policy": "compact" };

  it.each(["full", "tail"] as const)(
    "may be deleted on either side, because compaction deletes them (%s)",
    async (how) => {
      const [before, after] = [topic({ records: all }, compacting), topic({ records: cleaned }, compacting)];
      expect(await found(before, after, how)).toEqual([]);
      expect(await found(after, before, how)).toEqual([]);
      const lost = topic({ records: cleaned.filter((r) => r.offset !== 1) }, compacting);
      expect(await found(before, lost, how)).toEqual([["missing", 1]]);
    },
  );

  it.each(["full", "tail"] as const)("must not be missing if only the target compacts (%s)", async (how) => {
    expect(await found(topic({ records: all }), topic({ records: cleaned }, compacting), how)).toEqual([
      ["missing", 1],
    ]);
  });
});

describe("the end of a compacted partition", () => {
  const compacted = { "cleanup.policy": "compact" };
  const tail = (origin: MemoryLog, target: MemoryLog, configs = compacted) =>
    compare("tail", topic(origin, configs), topic(target, configs));
  const others = (from: number, to: number) => puts(from, to).map((r) => put(r.offset, `other${r.offset}`, "1"));

  it("is compared by common keys if the last live one is among them", async () => {
    const { results } = await tail({ records: puts(0, 20) }, { records: puts(0, 20) });
    expect(results).toMatchObject([{ proof: "tail", differences: [] }]);
  });

  it("causes a full read if it has no common key", async () => {
    const { results, differences } = await tail({ records: puts(0, 20) }, { records: others(0, 20) });
    expect(results).toMatchObject([{ proof: "latest per key", originRecords: 20, targetRecords: 20 }]);
    expect(differences.map((d) => d.kind)).toContain("missing");
  });

  it("causes a full read if the target has extra records, or if there are only tombstones", async () => {
    const strangers = await tail({ records: puts(0, 20) }, { records: [...puts(0, 20), put(20, "stranger", "1")] });
    expect(strangers).toMatchObject({
      results: [{ proof: "latest per key" }],
      differences: [{ kind: "extra", targetOffset: 20 }],
    });
    const tombstones = puts(10, 16).map((r) => ({ ...r, value: null }));
    const dead = await tail({ records: [...puts(0, 10), ...tombstones] }, { records: [...puts(1, 10), ...tombstones] });
    expect(dead).toMatchObject({
      results: [{ proof: "latest per key" }],
      differences: [{ kind: "missing", originOffset: 0 }],
    });
  });

  it("is no fault if one side kept what the other compacted after the last live key", async () => {
    const tombstones = puts(10, 20).map((r) => ({ ...r, value: null }));
    expect(await tail({ records: puts(0, 10), end: 20 }, { records: [...puts(0, 10), ...tombstones] })).toMatchObject({
      results: [{ proof: "latest per key" }],
      differences: [],
    });
  });

  it("is excused by retention only if the log's beginning is gone", async () => {
    const both = { "cleanup.policy": "compact,delete", "retention.ms": "3600000" };
    const records = [put(0, "a", "1"), ...puts(1, 3, young)];
    expect((await tail({ records }, { records: records.slice(1), start: 1 }, both)).differences).toEqual([]);
    expect((await tail({ records }, { records: records.slice(1), start: 0 }, both)).differences).toMatchObject([
      { kind: "missing" },
    ]);
  });
});
