import { describe, expect, test } from "vitest";
import { aToB, type Flow, identity, mirrorMaker } from "../test/policies/manifests";
import { found, step } from "../test/policies/resources";

const seen = (rule: string, resources: ReturnType<typeof aToB>[], settings = {}) =>
  found(rule, resources, settings).map(({ message }) => message);

describe("a permanent mirror is not checked like a migration", () => {
  const single = { ...identity, "replication.factor": 1 };
  const flow = (from: string, to: string, config: object = single): Flow => ({
    from,
    to,
    topicsPattern: "orders",
    source: config,
    checkpoint: identity,
  });
  const one = (name: string, from: string, to: string, config?: object) =>
    mirrorMaker({ name, clusters: { [from]: {}, [to]: {} }, connectCluster: to, flows: [flow(from, to, config)] });
  const judged = (resources: ReturnType<typeof one>[], settings = {}) =>
    ["gate-missing", "data-replication-one"].map((rule) => seen(rule, resources, settings).length);

  test("a one-way mirror with the same names is a migration", () => {
    expect(judged([one("mm2", "a", "b")])).toEqual([1, 1]);
    expect(seen("internal-replication-one", [one("mm2", "a", "b")])).toEqual([]);
  });

  test.each<[string, ReturnType<typeof one>[]]>([
    ["new names", [aToB({ source: { "replication.factor": 1 } })]],
    ["both directions, in two resources", [one("there", "a", "b"), one("back", "b", "a")]],
    [
      "both directions, in one resource",
      [mirrorMaker({ clusters: { a: {}, b: {} }, connectCluster: "b", flows: [flow("a", "b"), flow("b", "a")] })],
    ],
    ["fan-in, in two resources", [one("north", "a", "hub"), one("south", "b", "hub")]],
    [
      "fan-in, in one resource",
      [
        mirrorMaker({
          clusters: { a: {}, b: {}, hub: {} },
          connectCluster: "hub",
          flows: [flow("a", "hub"), flow("b", "hub")],
        }),
      ],
    ],
    ["fan-out", [one("north", "hub", "a"), one("south", "hub", "b")]],
    ["a chain, in two resources", [one("first", "a", "b"), one("second", "b", "c")]],
    ["a disaster recovery cluster, by its alias", [one("mm2", "live", "live-dr")]],
    ["a second cluster, by its alias", [one("mm2", "primary", "secondary")]],
    ["a backup, by the mirror's name", [one("nightly-backup", "a", "b")]],
  ])("%s", (_what, resources) => {
    expect(judged(resources)).toEqual([0, 0]);
    // One replica of the copied records is still reported, and nothing else is.
    expect(seen("internal-replication-one", resources).join()).toContain(
      "replication.factor is 1: one broker that fails stops the mirror, or loses its offsets and " +
        "checkpoints, or what it copied",
    );
  });

  test("the setting or the names decide if the stack does not; this package's steps always mean a migration", () => {
    expect(judged([one("mm2", "a", "b")], { purpose: "replication" })).toEqual([0, 0]);
    expect(judged([aToB({ source: { "replication.factor": 1 } })], { purpose: "migration" })).toEqual([1, 1]);
    expect(judged([one("migration-to-new", "a", "b-backup")])).toEqual([1, 1]);
    const fanIn = [one("north", "a", "hub"), one("south", "b", "hub")];
    expect(judged([...fanIn, step("Preflight")], { purpose: "replication" })).toEqual([2, 2]);
  });
});
