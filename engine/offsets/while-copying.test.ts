import { describe, expect, it } from "vitest";
import { apply, logs, mirror, origin, plan, target, useTwoClusters } from "../../test/engine/offsets/two-clusters";
import { type Log, logOf } from "../../test/engine/offsets/logs";

useTwoClusters();

/** The mirror has copied this many records of the topic so far. */
function copied(topic: string, records: number): () => void {
  const whole = logs.target.get(`${topic}:0`) as Log;
  const end = whole.start + records;
  logs.target.set(`${topic}:0`, { ...whole, end, entries: whole.entries.filter((e) => e.offset < end) });
  target.topics.get(topic)!.partitions[0]!.end = end;
  return () => {
    logs.target.set(`${topic}:0`, whole);
    target.topics.get(topic)!.partitions[0]!.end = whole.end;
  };
}

const offsetsOf = (p: Awaited<ReturnType<typeof plan>>, group: string) =>
  p.groups
    .find((g) => g.group === group)
    ?.topics.flatMap((t) => t.partitions.map((o) => `${t.topic} ${o.originOffset} -> ${o.targetOffset} ${o.how}`));

describe("groups that move while the mirror copies", () => {
  const copiedSoFar = true;

  it("move if everything before their offsets is copied, however far behind the mirror is", async () => {
    copied("orders", 8);
    origin.group("read-all-copied", { "orders:0": 18 });
    origin.group("lags", { "orders:0": 14 });
    const p = await plan({ copiedSoFar });
    expect(offsetsOf(p, "read-all-copied")).toEqual(["orders 18 -> 8 end"]);
    expect(offsetsOf(p, "lags")).toEqual(["orders 14 -> 4 neighbours"]);
    expect(p.summary.exact).toBe(2);
  });

  it("wait until the mirror has copied everything before their offsets", async () => {
    const goOn = copied("orders", 8);
    origin.group("ahead", { "orders:0": 25, "payments:0": 30 });
    setTimeout(goOn, 150);
    expect(offsetsOf(await plan({ copiedSoFar }), "ahead")).toEqual([
      "orders 25 -> 15 neighbours",
      "payments 30 -> 20 end",
    ]);
  });

  it("fail after the limit with their names and the number of missing records, and nothing is written", async () => {
    copied("orders", 8);
    origin.group("ahead", { "orders:0": 25, "payments:0": 30 });
    origin.group("far-ahead", { "orders:0": 30 });
    const failure = plan({ copiedSoFar, limitSeconds: 0.2 });
    await expect(failure).rejects.toThrow(
      /OFFSETS_NOT_COPIED: the mirror did not copy everything before 2 committed offsets within 0.2 s/,
    );
    await expect(failure).rejects.toThrow(
      /group "ahead", orders-0: offset 25 is not reached, up to 7 records before it are missing on the target/,
    );
    await expect(failure).rejects.toThrow(/group "far-ahead", orders-0: offset 30 is not reached, up to 12 records/);
    expect(target.writes).toEqual([]);
  });

  it("can be left out after the limit, so that the others move", async () => {
    copied("orders", 8);
    origin.group("ahead", { "orders:0": 25 });
    origin.group("lags", { "orders:0": 14 });
    const options = { copiedSoFar, limitSeconds: 0.2, blocked: "skip" } as const;
    const applied = await apply(await plan(options), options);
    expect(applied.groups.map((g) => g.group)).toEqual(["lags"]);
    expect(applied.skipped).toEqual([
      { group: "ahead", why: expect.stringMatching(/not copied everything before it/) },
    ]);
  });

  it("are refused together, by name, while they have members on the origin", async () => {
    origin.group("busy", { "orders:0": 12 }, { members: ["one", "two"] });
    origin.group("busy-too", { "payments:0": 12 }, { members: ["three"] });
    origin.group("first-read", {}, { members: ["four"], reads: ["lists"] });
    origin.group("elsewhere", {}, { members: ["five"], reads: ["other"] });
    origin.group("stopped", { "orders:0": 12 });
    const failure = plan({ copiedSoFar });
    await expect(failure).rejects.toThrow(/GROUPS_ACTIVE_ON_ORIGIN: 3 groups have members on the origin/);
    await expect(failure).rejects.toThrow(
      /group "busy": one@10.0.0.1, two@10.0.0.1\s+- ?group "busy-too": three@10.0.0.1\s+- ?group "first-read": four/,
    );
  });

  it("are refused again before the first write if members have joined since", async () => {
    const group = origin.group("app", { "orders:0": 12 });
    const p = await plan({ copiedSoFar });
    group.members = ["back"];
    await expect(apply(p)).rejects.toThrow(/GROUPS_ACTIVE_ON_ORIGIN[^]*group "app": back@10.0.0.1/);
    expect(target.writes).toEqual([]);
  });

  it("start at the beginning if nothing of a partition is copied and they have read nothing", async () => {
    copied("lists", 0);
    origin.group("new", { "lists:0": 10 });
    expect(offsetsOf(await plan({ copiedSoFar }), "new")).toEqual(["lists 10 -> 0 end"]);
  });

  it("skip nothing if the mirror, after a crash, has not sent again the record that equals the next one", async () => {
    const bodies = ["a", "b", "c", "d", "a", "e", "f"];
    const here = logOf(bodies.map((body) => ({ body, timestamp: body === "a" ? 500 : 1000 + body.charCodeAt(0) })));
    // It had copied up to "e", has gone back to "c", and has sent only this one again.
    const there = logOf([0, 1, 2, 3, 4, 5, 2].map((i) => here.entries[i]!));
    for (const [cluster, map, log] of [
      [origin, logs.origin, here],
      [target, logs.target, there],
    ] as const) {
      map.set("lists:0", log);
      cluster.topics.set("lists", { partitions: [{ start: log.start, end: log.end }] });
    }
    origin.group("app", { "lists:0": 0 });
    const [group] = (await plan({ copiedSoFar })).groups;
    expect(group?.topics[0]?.partitions[0]).toMatchObject({ targetOffset: "0", rereads: 4 });
  });

  it("treat an offset past the end like the end of the log", async () => {
    origin.group("past", { "orders:0": 99 });
    const [group] = (await plan({ copiedSoFar })).groups;
    expect(group?.topics[0]?.partitions[0]).toMatchObject({
      targetOffset: "20",
      note: expect.stringMatching(/past the/),
    });
  });
});

describe("a group with offsets in two parts of the mirror", () => {
  const scope = { wave: "w", topics: "orders", groups: "app", splitGroups: ["split"] };
  const part = { ...mirror, scope };

  it("moves with each part only for the part's topics, which are not listed as not migrated", async () => {
    origin.group("app", { "orders:0": 15 });
    origin.group("split", { "orders:0": 15, "payments:0": 15, "unknown:0": 1 });
    origin.group("other", { "payments:0": 15 });
    const p = await plan({ copiedSoFar: true }, part);
    expect(p.groups.map((g) => [g.group, g.topics.map((t) => t.topic), g.notMigrated])).toEqual([
      ["app", ["orders"], undefined],
      ["split", ["orders"], ["unknown"]],
    ]);
    const rest = { ...mirror, scope: { withoutTopics: ["orders"], withoutGroups: ["app"], splitGroups: ["split"] } };
    expect((await plan({}, rest)).groups.map((g) => [g.group, g.topics.map((t) => t.topic)])).toEqual([
      ["other", ["payments"]],
      ["split", ["payments"]],
    ]);
  });

  it("does not belong to a part in which it has no offset", async () => {
    origin.group("split", { "payments:0": 15 });
    const p = await plan({ copiedSoFar: true }, part);
    expect([p.groups, p.nothingCommitted]).toEqual([[], []]);
  });

  it("may stay active for the topics of another part", async () => {
    const offsets = { "orders:0": 15, "payments:0": 15 };
    const group = origin.group("split", offsets, { members: ["m"], reads: ["payments"] });
    expect(offsetsOf(await plan({ copiedSoFar: true }, part), "split")).toHaveLength(1);
    group.reads = ["orders", "payments"];
    await expect(plan({ copiedSoFar: true }, part)).rejects.toThrow(/GROUPS_ACTIVE_ON_ORIGIN[^]*"split"/);
  });
});
