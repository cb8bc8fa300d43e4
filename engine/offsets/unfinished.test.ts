import { expect, it } from "vitest";
import { type AppliedGroup, type AppliedOffsets, readOnGroups, withOwnWrites } from ".";
import type { OpenKafka } from "../clusters";
import { silent } from "../progress";
import { applyWith } from "./apply";
import { apply, clusters, mirror, origin, plan, target, useTwoClusters } from "../../test/engine/offsets/two-clusters";

useTwoClusters();

const connection = { bootstrapServers: "b:1" };
const model = { origin: connection, target: connection, mirror };
const open: OpenKafka = async (_connection, side) => clusters()[side];

/** Applies, and returns what it was about to write. Killed after this many writes. */
async function killed(after: number, overwrite = false): Promise<AppliedGroup[]> {
  let intended: AppliedOffsets | undefined;
  let writes = 0;
  target.beforeWrite = () => {
    if (writes++ >= after) throw new Error("killed");
  };
  const options = { overwrite };
  const keep = async (all: AppliedOffsets) => void (intended = all);
  await applyWith(clusters(), mirror, await plan(options), options, silent, keep).catch(() => {});
  target.beforeWrite = () => {};
  return intended!.groups;
}

it("what a killed apply wrote is replaced without `overwrite` if the group has read on at the origin", async () => {
  origin.group("app", { "orders:0": 15 });
  origin.group("theirs", { "orders:0": 15 });
  const groups = await killed(2);
  origin.group("app", { "orders:0": 18 });
  await expect(apply(await plan())).rejects.toThrow(/OFFSETS_BLOCKED[^]*group "app" has other offsets/);
  await apply(withOwnWrites(await plan(), groups));
  expect(target.offsets("app")).toEqual({ "orders:0": 8 });

  // The group's clients have committed this one.
  target.group("theirs", { "orders:0": 7 });
  await expect(apply(withOwnWrites(await plan(), groups))).rejects.toThrow(
    /OFFSETS_BLOCKED[^]*group "theirs" has other/,
  );
});

it("groups have read on if no offset is before where a killed apply put it, and one is after it", async () => {
  for (const g of ["a", "b", "c", "d", "e"]) origin.group(g, { "orders:0": 15, "payments:0": 15 });
  target.group("d", { "orders:0": 9, "payments:0": 9 });
  const groups = await killed(3, true);
  expect(await readOnGroups(model, groups, open)).toEqual([]);
  target.group("a", { "orders:0": 6, "payments:0": 5 });
  target.group("b", { "orders:0": 6, "payments:0": 4 });
  expect(await readOnGroups(model, groups, open)).toEqual(["a"]);
  // The killed apply did not write "d": it is where it was before.
  expect([target.offsets("d"), target.offsets("e")]).toEqual([{ "orders:0": 9, "payments:0": 9 }, {}]);
});
