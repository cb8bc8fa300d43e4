import { expect, it } from "vitest";
import type { OpenKafka } from "../clusters";
import { apply, clusters, mirror, origin, plan, useTwoClusters } from "../../test/engine/offsets/two-clusters";
import { watchIdle, withIdleSince } from "./idle";

useTwoClusters();

const connection = { bootstrapServers: "127.0.0.1:1" };
const model = { origin: connection, target: connection, mirror };
const open: OpenKafka = async (_connection, side) => clusters()[side];
const EARLY = "2020-01-01T00:00:00.000Z";

it("a watch sees each group when it stops, and again if it has started and stopped meanwhile", async () => {
  const early = origin.group("early", { "orders:0": 15 });
  const late = origin.group("late", { "orders:0": 15 });
  late.members = ["reader@host"];
  const seen: [string, string | undefined][] = [];
  const stop = new AbortController();
  // What happens after each thing that was seen.
  const story = [
    () => (late.members = []),
    () => (early.members = ["reader@host"]),
    () => (early.members = []),
    () => stop.abort(new Error("the up goes on")),
  ];
  const see = (group: string, at: string | undefined) => {
    seen.push([group, at]);
    story.shift()!();
  };
  await expect(watchIdle(model, {}, see, stop.signal, 1, open)).rejects.toThrow();
  expect(seen).toEqual([
    ["early", expect.any(String)],
    ["late", expect.any(String)],
    ["early", undefined],
    ["early", expect.any(String)],
  ]);
  expect(seen[3]![1]! > seen[0]![1]!).toBe(true);
});

it("a watch of a group that does not stop ends with its signal", async () => {
  origin.group("busy", { "orders:0": 15 }).members = ["reader@host"];
  const stop = new AbortController();
  const watch = watchIdle(model, {}, () => {}, stop.signal, 1, open);
  stop.abort(new Error("the up goes on"));
  await expect(watch).rejects.toThrow();
});

it("the plan knows since when a group has no members, and the apply when its offsets were read back", async () => {
  origin.group("idle", { "orders:0": 15 });
  origin.group("busy", { "orders:0": 15 }).members = ["reader@host"];
  const before = new Date().toISOString();
  const found = await plan();
  const [busy, idle] = found.groups;
  expect(idle!.idleSince! >= before).toBe(true);
  expect(busy).not.toHaveProperty("idleSince");
  const earlier = withIdleSince(found, () => EARLY);
  expect(earlier.groups.map((g) => [g.group, g.idleSince])).toEqual([
    ["busy", undefined],
    ["idle", EARLY],
  ]);
  for (const at of [undefined, "2999-01-01T00:00:00.000Z"]) expect(withIdleSince(found, () => at)).toEqual(found);
  const applied = await apply(earlier);
  expect(applied.groups.find((g) => g.group === "idle")).toMatchObject({ idleSince: EARLY });
  expect(applied.groups.every((g) => g.readBackAt! >= idle!.idleSince!)).toBe(true);
});
