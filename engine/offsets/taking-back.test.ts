import { describe, expect, it } from "vitest";
import { applyOffsets, joinApplied, planRevert, revertOffsets } from ".";
import { revertWith } from "./revert";
import type { OpenKafka } from "../clusters";
import { silent } from "../progress";
import { apply, clusters, mirror, origin, plan, target, useTwoClusters } from "../../test/engine/offsets/two-clusters";

useTwoClusters();

const connection = { bootstrapServers: "b:1" };
const model = { origin: connection, target: connection, mirror };
const open: OpenKafka = async (_connection, side) => clusters()[side];

describe("reading back offsets", () => {
  it("also compares the commit metadata", async () => {
    origin.group("app", { "orders:0": [15, "checkpoint 7"] });
    const p = await plan();
    target.afterWrite = () => target.groups.get("app")!.offsets.set("orders:0", { offset: 5n, metadata: "" });
    await expect(apply(p)).rejects.toThrow(
      /OFFSETS_NOT_WRITTEN[^]*"app", orders-0: wrote 5, reads 5 with other metadata/,
    );
    // The offset still has the written value, so it is taken back.
    expect(target.groups.has("app")).toBe(false);
  });
});

describe("reverting offsets", () => {
  it("keeps a group that the apply created if others have committed to it since", async () => {
    origin.group("app", { "orders:0": 15 });
    const applied = await apply(await plan());
    expect(applied.groups[0]).toMatchObject({ created: true });
    target.groups.get("app")!.offsets.set("payments:0", { offset: 3n, metadata: "theirs" });
    expect(await revertWith(clusters(), applied, silent)).toEqual({
      groups: [{ group: "app", restored: 0, deleted: 1 }],
      left: [],
    });
    expect(target.offsets("app")).toEqual({ "payments:0": 3 });
  });

  it("keeps a group that existed before without offsets", async () => {
    origin.group("app", { "orders:0": 15 });
    target.group("app");
    const applied = await apply(await plan());
    expect(applied.groups[0]).toMatchObject({ created: false });
    await revertWith(clusters(), applied, silent);
    expect(target.groups.has("app")).toBe(true);
    expect(target.offsets("app")).toEqual({});
  });

  it("reverts the other offsets if one of them is already gone", async () => {
    origin.group("app", { "orders:0": 15, "payments:0": 15 });
    const applied = await apply(await plan());
    target.groups.get("app")!.offsets.delete("payments:0");
    expect(await revertWith(clusters(), applied, silent)).toEqual({
      groups: [{ group: "app", restored: 0, deleted: 1 }],
      left: [],
    });
  });

  it("is predicted by its plan: other clusters, groups that are active or have moved, and counts", async () => {
    for (const group of ["app", "busy", "gone-on", "replaced"]) origin.group(group, { "orders:0": 15 });
    target.group("replaced", { "orders:0": [3, "mine"] });
    const applied = await applyOffsets(model, await plan(), { overwrite: true }, silent, open);
    target.groups.get("gone-on")!.offsets.set("orders:0", { offset: 9n, metadata: "" });
    target.groups.get("busy")!.members = ["reader"];
    const before = ["app", "busy", "gone-on", "replaced"].map((group) => target.offsets(group));
    const predicted = await planRevert(model, applied, silent, open);
    expect(predicted).toEqual({
      groups: [
        { group: "app", restored: 0, deleted: 1 },
        { group: "replaced", restored: 1, deleted: 0 },
      ],
      left: [
        { group: "busy", why: expect.stringContaining("is active on the target") },
        { group: "gone-on", why: expect.stringContaining("has moved on the target") },
      ],
    });
    expect(["app", "busy", "gone-on", "replaced"].map((group) => target.offsets(group))).toEqual(before);
    expect(await revertOffsets(model, applied, silent, open)).toEqual(predicted);
    const elsewhere = { ...applied, clusters: { target: "the old target" } };
    await expect(planRevert(model, elsewhere, silent, open)).rejects.toThrow("OFFSETS_OTHER_CLUSTER");
  });

  it("changes nothing on a different cluster", async () => {
    origin.group("app", { "orders:0": 15 });
    const applied = await applyOffsets(model, await plan(), {}, silent, open);
    expect(applied.clusters).toEqual({ origin: "origin", target: "target" });
    const elsewhere = { ...applied, clusters: { origin: "origin", target: "the old target" } };
    await expect(revertOffsets(model, elsewhere, silent, open)).rejects.toThrow(
      /OFFSETS_OTHER_CLUSTER.*cluster the old target, but the target is cluster target/,
    );
    expect(target.offsets("app")).toEqual({ "orders:0": 5 });
    expect(() => joinApplied(elsewhere, applied)).toThrow("OFFSETS_OTHER_CLUSTER");
    // Older versions did not record the clusters.
    const { clusters: _, ...older } = applied;
    expect(await revertOffsets(model, older, silent, open)).toMatchObject({ groups: [{ group: "app", deleted: 1 }] });
  });

  it("is prepared before the first write: the apply saves its intended writes, or writes nothing", async () => {
    origin.group("app", { "orders:0": 15 });
    target.group("app", { "orders:0": [3, "mine"] });
    const options = { overwrite: true };
    const kept: unknown[] = [];
    const full = async () => Promise.reject(new Error("the disk is full"));
    await expect(applyOffsets(model, await plan(options), options, silent, open, full)).rejects.toThrow(
      "the disk is full",
    );
    expect(target.writes).toEqual([]);
    await applyOffsets(
      model,
      await plan(options),
      options,
      silent,
      open,
      async (intended) => void kept.push([intended.clusters, intended.groups, target.writes.length]),
    );
    const offsets = [{ topic: "orders", partition: 0, offset: "5", before: { offset: "3", metadata: "mine" } }];
    const intended = { group: "app", created: false, idleSince: expect.any(String), offsets };
    expect(kept).toEqual([[{ origin: "origin", target: "target" }, [intended], 0]]);
  });
});
