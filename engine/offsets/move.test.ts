import { describe, expect, it } from "vitest";
import { MigrationError } from "../errors";
import { applyWith } from "./apply";
import { blockedGroups } from "./blocked";
import { type AppliedOffsets, joinApplied } from ".";
import { appliedNow, appliedNowLines, checkWith } from "./applied";
import { summarize } from "./summary";
import { revertWith } from "./revert";
import { silent } from "../progress";
import { apply, clusters, mirror, origin, plan, target, useTwoClusters } from "../../test/engine/offsets/two-clusters";

useTwoClusters();

describe("applying offsets", () => {
  it("writes and reads back, and changes nothing the second time", async () => {
    origin.group("app", { "orders:0": [15, "m"], "payments:0": 30 });
    const first = await apply(await plan());
    expect(first).toMatchObject({ written: 2, inPlace: 0, groups: [{ group: "app", created: true }] });
    expect(target.offsets("app")).toEqual({ "orders:0": 5, "payments:0": 20 });
    expect(target.groups.get("app")?.offsets.get("orders:0")?.metadata).toBe("m");
    const writes = target.writes.length;
    const second = await apply(await plan());
    expect(second).toMatchObject({ written: 0, inPlace: 2 });
    expect(target.writes.length).toBe(writes);
  });

  it("blocks a group before any write if the target's brokers would refuse its commit metadata", async () => {
    origin.group("long", { "orders:0": [15, "m".repeat(21)], "payments:0": 30 });
    origin.group("fits", { "orders:0": [15, "m".repeat(20)] });
    target.brokerConfig = { "offset.metadata.max.bytes": "20" };
    const p = await plan();
    const why =
      /can't be written on orders-0: its commit has metadata of 21 characters, the target takes 20 \(offset.metadata.max.bytes\)/;
    expect(blockedGroups(p.groups, {})).toEqual([{ group: "long", why: expect.stringMatching(why) as string }]);
    expect(p.summary.attention[0]).toMatch(/group "long", orders-0: .*offset.metadata.max.bytes/);
    await expect(apply(p)).rejects.toThrow(
      /OFFSETS_BLOCKED[^]*raise offset.metadata.max.bytes on the target's brokers/,
    );
    expect(target.writes).toEqual([]);
    await expect(apply(p, { blocked: "skip" })).resolves.toMatchObject({ written: 1, skipped: [{ group: "long" }] });
    // An offset that is already in place is not written, so it does not block.
    target.group("long", { "orders:0": [5, "m".repeat(21)], "payments:0": 20 });
    expect(blockedGroups((await plan()).groups, {})).toEqual([]);
  });

  it("keeps the number of rereads of each offset", async () => {
    origin.group("app", { "orders:0": 15, "payments:0": 30 });
    const p = await plan();
    p.groups[0]!.topics[0]!.partitions[0]!.rereads = 3;
    const applied = await apply(p);
    expect(applied.groups[0]!.offsets.map((o) => o.rereads)).toEqual([3, undefined]);
  });

  it("reports an offset without proof, even if nothing is reread", async () => {
    origin.group("app", { "orders:0": 15, "payments:0": 30 });
    const p = await plan();
    Object.assign(p.groups[0]!.topics[0]!.partitions[0]!, {
      exact: false,
      note: "as many records follow as on the origin, but not the same",
    });
    p.summary = summarize(p);
    const lines: string[] = [];
    const applied = await applyWith(
      clusters(),
      mirror,
      p,
      {},
      { info: () => {}, warn: (line) => void lines.push(line) },
    );
    expect(applied.groups[0]!.offsets.map((o) => o.unproved)).toEqual([true, undefined]);
    expect(applied.attention).toEqual([
      'group "app", orders-0: 15 -> 5 is not proved (as many records follow as on the origin, but not the same)',
    ]);
    expect(lines).toEqual([`offsets: ${applied.attention![0]}`]);
    expect(await apply(await plan())).not.toHaveProperty("attention");
  });

  it("continues after it was killed", async () => {
    for (const g of ["a", "b", "c"]) origin.group(g, { "orders:0": 15 });
    const p = await plan();
    let dead = false;
    target.beforeWrite = (w) => {
      dead ||= w.startsWith("commit b");
      if (dead) throw new Error("killed");
    };
    await expect(apply(p)).rejects.toThrow("killed");
    target.beforeWrite = () => {};
    const applied = await apply(p);
    expect(["a", "b", "c"].map((g) => target.offsets(g))).toEqual(Array(3).fill({ "orders:0": 5 }));
    expect(applied.written + applied.inPlace).toBe(3);
    expect(applied.inPlace).toBeGreaterThan(0);
  });

  it("moves a group that has other offsets on the target only with overwrite", async () => {
    origin.group("app", { "orders:0": 15 });
    target.group("app", { "orders:0": 17, "other:0": 4 });
    const p = await plan();
    await expect(apply(p)).rejects.toThrow(
      /group "app" has other offsets on the target: orders-0 is at 17, would go to 5[^]*overwrite/,
    );
    expect(target.writes).toEqual([]);
    const applied = await apply(p, { overwrite: true });
    expect(applied.groups[0]).toMatchObject({
      created: false,
      offsets: [{ topic: "orders", before: { offset: "17", metadata: "" } }],
    });
    expect(target.offsets("app")).toEqual({ "orders:0": 5, "other:0": 4 });
  });

  it("names the members of a group that is active on the target, and writes nothing", async () => {
    origin.group("app", { "orders:0": 15 });
    origin.group("idle", { "orders:0": 15 });
    target.group("app", {}, { members: ["checkout-1", "checkout-2"] });
    const p = await plan();
    await expect(apply(p)).rejects.toThrow(/checkout-1@10.0.0.1, checkout-2@10.0.0.1/);
    expect(target.writes).toEqual([]);
    const applied = await apply(p, { blocked: "skip" });
    expect(applied.skipped).toEqual([{ group: "app", why: expect.stringContaining("checkout-1") }]);
    expect(target.offsets("idle")).toEqual({ "orders:0": 5 });
  });

  it("detects a group that becomes active between the check and the write", async () => {
    origin.group("app", { "orders:0": 15 });
    const p = await plan();
    target.beforeWrite = () => target.group("app", {}, { members: ["early"] });
    await expect(apply(p)).rejects.toThrow(/OFFSETS_BLOCKED[^]*became active/);
  });

  it("refuses a plan if the origin's offsets have changed", async () => {
    origin.group("app", { "orders:0": 15 });
    const p = await plan();
    origin.group("app", { "orders:0": 16 });
    await expect(apply(p)).rejects.toThrow(/OFFSETS_STALE[^]*planned from 15, is at 16/);
    expect(target.writes).toEqual([]);
  });

  it("refuses a plan if a first offset was committed since, but only on migrated topics", async () => {
    origin.group("app", { "orders:0": 15 });
    origin.group("idle");
    const p = await plan();
    origin.group("app", { "orders:0": 15, "elsewhere:0": 3 });
    await apply(p);
    origin.group("app", { "orders:0": 15, "payments:0": 12 });
    await expect(apply(p)).rejects.toThrow(/OFFSETS_STALE[^]*"app", payments-0: had no offset, is at 12/);
    origin.group("app", { "orders:0": 15 });
    origin.group("idle", { "lists:0": 11 });
    await expect(apply(p)).rejects.toThrow(/OFFSETS_STALE[^]*"idle", lists-0: had no offset, is at 11/);
  });

  it("reverts its writes if a group becomes active, but keeps what was there before", async () => {
    for (const g of ["a", "b", "c"]) origin.group(g, { "orders:0": 15, "payments:0": 12 });
    target.group("a", { "orders:0": 5 });
    target.group("b", { "orders:0": [17, "mine"] });
    const p = await plan({ overwrite: true });
    target.beforeWrite = (w) => {
      if (w.startsWith("commit c")) target.group("c", {}, { members: ["early"] });
    };
    await expect(apply(p, { overwrite: true })).rejects.toThrow(/OFFSETS_BLOCKED[^]*"c" became active/);
    expect([target.offsets("a"), target.offsets("b")]).toEqual([{ "orders:0": 5 }, { "orders:0": 17 }]);
  });

  it("names the blocked groups before any write", async () => {
    for (const g of ["active", "elsewhere", "free"]) origin.group(g, { "orders:0": 15 });
    target.group("active", {}, { members: ["checkout-1"] });
    target.group("elsewhere", { "orders:0": 17 });
    const p = await plan();
    expect(blockedGroups(p.groups, {}).map((b) => b.group)).toEqual(["active", "elsewhere"]);
    expect(blockedGroups(p.groups, { overwrite: true }).map((b) => b.group)).toEqual(["active"]);
  });

  it("fails if an offset does not read back", async () => {
    origin.group("app", { "orders:0": 15 });
    const p = await plan();
    const ports = clusters();
    const forgetful = {
      ...ports,
      target: new Proxy(ports.target, {
        get: (t, n) => (n === "alterGroupOffsets" ? async () => {} : Reflect.get(t, n)),
      }),
    };
    await expect(applyWith(forgetful, mirror, p, {}, silent)).rejects.toThrow(
      /OFFSETS_NOT_WRITTEN[^]*wrote 5, reads nothing/,
    );
  });

  it("reverts its writes if one offset reads back differently, and names the group that moved", async () => {
    for (const g of ["a", "b", "c"]) origin.group(g, { "orders:0": 15, "payments:0": 12 });
    target.group("a", { "orders:0": [17, "mine"] });
    const p = await plan({ overwrite: true });
    // Another client writes at the same time.
    target.afterWrite = (w) => {
      if (w.startsWith("commit b")) target.groups.get("b")!.offsets.set("orders:0", { offset: 3n, metadata: "" });
    };
    await expect(apply(p, { overwrite: true })).rejects.toThrow(
      /OFFSETS_NOT_WRITTEN[^]*"b", orders-0: wrote 5, reads 3[^]*group "b" keeps what it has on the target: it has moved on the target on 1 partition/,
    );
    expect(target.offsets("a")).toEqual({ "orders:0": 17 });
    expect(target.groups.has("c")).toBe(false);
  });

  it("reverts its writes if a later write fails, after all running writes have ended", async () => {
    for (const g of ["a", "b", "c"]) origin.group(g, { "orders:0": 15 });
    const p = await plan();
    target.beforeWrite = (w) => {
      if (w.startsWith("commit b")) throw new MigrationError("KAFKA_UNAUTHORIZED", "b is not yours", { fix: "ask" });
    };
    await expect(apply(p)).rejects.toThrow("KAFKA_UNAUTHORIZED: b is not yours\nfix: ask");
    expect(["a", "b", "c"].filter((g) => target.groups.has(g))).toEqual([]);
  });

  it("reports if its writes cannot be reverted", async () => {
    for (const g of ["a", "b"]) origin.group(g, { "orders:0": 15 });
    const p = await plan();
    let gone = false;
    target.beforeWrite = (w) => {
      gone ||= w.startsWith("commit b");
      if (gone) throw new MigrationError("KAFKA_UNREACHABLE", "nobody answers", { fix: "look" });
    };
    await expect(apply(p)).rejects.toThrow(
      /KAFKA_UNREACHABLE: nobody answers\n {2}- 2 groups may have new offsets that could not be taken back \(KAFKA_UNREACHABLE: nobody answers\): what was kept before the first write takes them back/,
    );
  });
});

describe("checking the groups later", () => {
  it("counts groups that moved on, stayed or went back, each by its worst partition", async () => {
    for (const g of ["on", "stands", "back", "gone"]) origin.group(g, { "orders:0": 15, "payments:0": 15 });
    const applied = await apply(await plan());
    target.groups.get("on")!.offsets.set("orders:0", { offset: 9n, metadata: "" });
    target.groups.get("back")!.offsets.set("orders:0", { offset: 9n, metadata: "" });
    target.groups.get("back")!.offsets.set("payments:0", { offset: 4n, metadata: "" });
    target.groups.get("gone")!.offsets.delete("orders:0");
    const now = appliedNow(applied, await checkWith(clusters(), applied));
    expect(now).toMatchObject({ standing: 1, movedOn: 1 });
    expect(appliedNowLines(now)).toEqual({
      line: "1 group moved on since, 1 where they were put, 2 before it",
      warnings: [
        'group "back" is no longer where it was put: payments-0 was put at 5, is at 4',
        'group "gone" is no longer where it was put: orders-0 was put at 5, is at no offset',
      ],
    });
  });
});

describe("reverting offsets", () => {
  it("deletes what the apply created, restores what it replaced, and can run twice", async () => {
    origin.group("new", { "orders:0": 15 });
    origin.group("known", { "orders:0": 15, "payments:0": 15 });
    target.group("known", { "orders:0": [17, "mine"], "other:0": 4 });
    const applied = await apply(await plan({ overwrite: true }), { overwrite: true });
    const reverted = await revertWith(clusters(), applied, silent);
    expect(reverted).toEqual({
      groups: [
        { group: "known", restored: 1, deleted: 1 },
        { group: "new", restored: 0, deleted: 1 },
      ],
      left: [],
    });
    expect(target.groups.has("new")).toBe(false);
    expect(target.offsets("known")).toEqual({ "orders:0": 17, "other:0": 4 });
    expect(target.groups.get("known")?.offsets.get("orders:0")?.metadata).toBe("mine");
    const writes = target.writes.length;
    expect(await revertWith(clusters(), applied, silent)).toEqual({ groups: [], left: [] });
    expect(target.writes.length).toBe(writes);
  });

  it("keeps offsets that the apply found in place", async () => {
    origin.group("app", { "orders:0": 15, "payments:0": 12 });
    target.group("app", { "orders:0": 5 });
    const applied = await apply(await plan());
    expect(applied).toMatchObject({ written: 1, inPlace: 1 });
    await revertWith(clusters(), applied, silent);
    expect(target.offsets("app")).toEqual({ "orders:0": 5 });
    target.group("app", { "orders:0": 5, "payments:0": 2 });
    const again = await apply(await plan());
    expect(again).toMatchObject({ written: 0, inPlace: 2 });
    expect(await revertWith(clusters(), again, silent)).toEqual({ groups: [], left: [] });
    expect(target.offsets("app")).toEqual({ "orders:0": 5, "payments:0": 2 });
  });

  it("works from the intended writes if the apply was killed at any point", async () => {
    for (const g of ["a", "b", "c"]) origin.group(g, { "orders:0": 15 });
    for (const after of [0, 1, 2, 3]) {
      for (const g of ["a", "b", "c"]) target.groups.delete(g);
      target.group("b", { "orders:0": [17, "mine"], "other:0": 4 });
      let intended: AppliedOffsets | undefined;
      let writes = 0;
      target.beforeWrite = () => {
        if (writes++ >= after) throw new Error("killed");
      };
      const options = { overwrite: true };
      const applying = applyWith(
        clusters(),
        mirror,
        await plan(options),
        options,
        silent,
        async (all) => void (intended = all),
      );
      await applying.catch(() => {});
      target.beforeWrite = () => {};
      // The second try finds the offsets of the first one in place. Only the first intent shows what was there before.
      let again: AppliedOffsets | undefined;
      await applyWith(clusters(), mirror, await plan(options), options, silent, async (all) => void (again = all));
      await revertWith(clusters(), joinApplied(intended!, again!), silent);
      expect([target.groups.has("a"), target.groups.has("c")]).toEqual([false, false]);
      expect(target.offsets("b")).toEqual({ "orders:0": 17, "other:0": 4 });
      expect(target.groups.get("b")?.offsets.get("orders:0")?.metadata).toBe("mine");
    }
  });

  it("works even if the origin moved between two tries", async () => {
    origin.group("app", { "orders:0": 15 });
    let first: AppliedOffsets | undefined;
    await applyWith(clusters(), mirror, await plan(), {}, silent, async (all) => void (first = all));
    origin.group("app", { "orders:0": 18 });
    let second: AppliedOffsets | undefined;
    target.beforeWrite = () => {
      throw new Error("killed");
    };
    const options = { overwrite: true };
    await applyWith(clusters(), mirror, await plan(options), options, silent, async (all) => void (second = all)).catch(
      () => {},
    );
    target.beforeWrite = () => {};
    await revertWith(clusters(), joinApplied(first!, second!), silent);
    expect(target.groups.has("app")).toBe(false);
  });

  it("leaves a group that has moved or is active, and reports it", async () => {
    origin.group("moved", { "orders:0": 15, "payments:0": 15 });
    origin.group("active", { "orders:0": 15 });
    const applied = await apply(await plan());
    target.groups.get("moved")?.offsets.set("orders:0", { offset: 9n, metadata: "" });
    (target.groups.get("active") as { members?: string[] }).members = ["checkout-1"];
    const reverted = await revertWith(clusters(), applied, silent);
    expect(reverted.groups).toEqual([]);
    expect(reverted.left).toEqual([
      { group: "active", why: "is active on the target: checkout-1" },
      { group: "moved", why: "has moved on the target on 1 partition (orders-0: written 5, is at 9)" },
    ]);
    expect(target.offsets("moved")).toEqual({ "orders:0": 9, "payments:0": 5 });
  });
});
