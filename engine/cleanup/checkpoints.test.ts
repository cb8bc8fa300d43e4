import { describe, expect, it } from "vitest";
import { toApply } from "./checkpoints";
import { outsideOf } from "../parts";
import { model } from "../../test/engine/replication/fake-target";

const mirror = { ...model.mirror, groupsPattern: ".*", groupsExcludePattern: "left-.*" };
const checkpoints = ["orders-billing", "orders-mail", "clicks-report", "left-alone"].map((group) => ({
  group,
  topic: "t",
  partition: 0,
  upstream: 5n,
  downstream: 5n,
  metadata: "",
}));
const groupsOf = (returned: Parameters<typeof toApply>[2]) =>
  toApply(checkpoints, mirror, returned).map(({ group }) => group);

describe("the checkpoints that must be applied before their topic is deleted", () => {
  it("are those of the selected groups", () => {
    expect(groupsOf([])).toEqual(["orders-billing", "orders-mail", "clicks-report"]);
  });

  it("are not those of groups that have returned to the origin", () => {
    const orders = { wave: "orders", topics: "orders.*", groups: "orders-.*" };
    expect(groupsOf([orders])).toEqual(["clicks-report"]);
    expect(groupsOf([outsideOf([orders])])).toEqual(["orders-billing", "orders-mail"]);
    // The whole migration has returned.
    expect(groupsOf([{}])).toEqual([]);
  });
});
