import { expect, it } from "vitest";
import { logs, origin, plan, target, useTwoClusters } from "../../test/engine/offsets/two-clusters";
import { blockedError, blockedGroups, blockedUntilMended } from "./blocked";
import type { OffsetOptions } from "./types";

useTwoClusters();

const blocked = async (options: OffsetOptions = {}) => {
  const { groups } = await plan(options);
  const named = (list: readonly { group: string; why: string }[]) => list.map(({ group, why }) => `${group}: ${why}`);
  return { now: named(blockedGroups(groups, options)), early: named(blockedUntilMended(groups, options)) };
};

it("a group that is active on the target blocks before the fence and behind it", async () => {
  origin.group("billing", { "orders:0": 15 }).members = ["reader"];
  target.group("billing", {}).members = ["reader"];
  const why = "billing: active on the target: reader@10.0.0.1";
  expect(await blocked()).toEqual({ now: [why], early: [why] });
});

it("other offsets of a group block early only if the group has stopped on the origin", async () => {
  origin.group("stopped", { "orders:0": 15 });
  origin.group("reading", { "orders:0": 15 }).members = ["reader"];
  for (const group of ["stopped", "reading"]) target.group(group, { "orders:0": 2 });
  const why = (group: string) => `${group}: has other offsets on the target: orders-0 is at 2, would go to 5`;
  expect(await blocked()).toEqual({ now: [why("reading"), why("stopped")], early: [why("stopped")] });
  expect(await blocked({ overwrite: true })).toEqual({ now: [], early: [] });
  expect(await blocked({ excludeGroups: ["stopped", "reading"] })).toEqual({ now: [], early: [] });
});

it("an offset that is not copied yet does not block early, and a group that is in place never does", async () => {
  origin.group("ahead", { "orders:0": 28 });
  origin.group("moved", { "payments:0": 15 });
  target.group("moved", { "payments:0": 5 }).members = ["reader"];
  const log = logs.target.get("orders:0")!;
  const shorter = { ...log, end: log.end - 5, entries: log.entries.slice(0, -5) };
  logs.target.set("orders:0", shorter);
  target.topics.set("orders", { partitions: [{ start: shorter.start, end: shorter.end }] });
  const { now, early } = await blocked();
  expect(now).toEqual([expect.stringMatching(/^ahead: can't be translated on orders-0/)]);
  expect(early).toEqual([]);
});

it("the error says what follows", () => {
  const { message } = blockedError([{ group: "billing", why: "active on the target: x@y" }], ", so nothing happened");
  expect(message).toMatch(/^OFFSETS_BLOCKED: 1 group can't be moved, so nothing happened[^]*"billing" active on/);
});
