import { describe, expect, test } from "vitest";
import { checkOwned } from "../preflight/owned";
import type { WantedReplication } from "../replication";
import { byTool, changeText, type OwnedTopic, ownedChanges } from ".";

const owned = (more: Partial<OwnedTopic> = {}): OwnedTopic => ({ topic: "orders", resource: "kafka/orders", ...more });
const wanted = (factor: number, minInsync: number, now?: WantedReplication["now"]): WantedReplication => ({
  topic: "orders",
  factor,
  minInsync,
  ...(now === undefined ? {} : { now }),
});

describe("the replication reset changes a KafkaTopic that would revert it", () => {
  test.each<[string, Partial<OwnedTopic>, WantedReplication, object | undefined]>([
    ["other replicas", { replicas: 1 }, wanted(3, 1, { minInsync: 1, own: false }), { replicas: { from: 1, to: 3 } }],
    ["equal replicas", { replicas: 3 }, wanted(3, 1, { minInsync: 1, own: false }), undefined],
    ["no replicas", {}, wanted(3, 1, { minInsync: 1, own: false }), undefined],
    ["a lower minimum", { minInsync: "1" }, wanted(3, 2), { minInsync: { from: "1", to: 2, lowers: false } }],
    ["a higher minimum", { minInsync: "3" }, wanted(2, 2), { minInsync: { from: "3", to: 2, lowers: true } }],
    ["the right minimum", { minInsync: "2" }, wanted(3, 2, { minInsync: 1, own: true }), undefined],
    [
      "no minimum, and the brokers' is wrong",
      {},
      wanted(3, 2, { minInsync: 1, own: false }),
      { minInsync: { to: 2, lowers: false } },
    ],
    [
      "no minimum, and the topic's own is right",
      {},
      wanted(3, 2, { minInsync: 2, own: true }),
      { minInsync: { to: 2, lowers: false } },
    ],
    ["no minimum, and the brokers' is right", {}, wanted(3, 2, { minInsync: 2, own: false }), undefined],
    [
      "no minimum, and the brokers' is too high",
      {},
      wanted(1, 1, { minInsync: 2, own: false }),
      { minInsync: { to: 1, lowers: true } },
    ],
  ])("%s", (_title, one, want, change) => {
    const expected = change === undefined ? [] : [{ topic: "orders", resource: "kafka/orders", ...change }];
    expect(ownedChanges([owned(one)], [want])).toEqual(expected);
  });

  test("but not one of a topic that does not migrate", () => {
    expect(ownedChanges([owned({ topic: "other", replicas: 1 })], [wanted(3, 2)])).toEqual([]);
  });

  test("and names each tool with its own topics", () => {
    const [argo, flux] = ["Argo CD (field manager argocd-controller)", "Flux"];
    const all = [
      owned({ replicas: 1, managedBy: flux }),
      owned({ replicas: 1, managedBy: argo }),
      owned({ replicas: 1 }),
    ];
    const changes = ownedChanges(all, [wanted(3, 1, { minInsync: 1, own: false })]);
    expect(byTool(changes).map(({ tool, changes: own }) => [tool, own.length])).toEqual([
      [argo, 1],
      [flux, 1],
    ]);
    expect(changeText(changes[0]!)).toBe("orders (KafkaTopic kafka/orders: spec.replicas 1 -> 3)");
  });
});

describe("preflight", () => {
  test("stops where a tool would revert the reset, and says what to change there", () => {
    const found = checkOwned(
      [owned({ replicas: 1, minInsync: "1", managedBy: "Argo CD (field manager argocd-controller)" })],
      [wanted(3, 2)],
    );
    expect(found).toMatchObject([{ code: "TARGET_TOPIC_OWNED", severity: "error" }]);
    expect(found[0]!.seen).toContain("Argo CD (field manager argocd-controller) writes the KafkaTopics");
    expect(found[0]!.seen).toContain('spec.replicas 1 -> 3, spec.config["min.insync.replicas"] 1 -> 2');
    expect(found[0]!.fix).toContain("change these values where Argo CD");
  });

  test("warns where the reset changes the KafkaTopic itself", () => {
    const found = checkOwned([owned({ replicas: 1 })], [wanted(3, 1)]);
    expect(found).toMatchObject([{ code: "TARGET_TOPIC_OWNED", severity: "warning" }]);
    expect(found[0]!.fix).toContain("only with Cruise Control");
  });

  test("says nothing where the KafkaTopic has the values that the reset wants", () => {
    expect(checkOwned([owned({ replicas: 3, minInsync: "2" })], [wanted(3, 2)])).toEqual([]);
  });
});
