import { describe, expect, test } from "vitest";
import { dialects, type DialectName } from "../../components/dialects";
import { allow, group, topic } from "../../engine/acls/rules";
import { all, stack, step } from "./resources";

const lifecycle = ["Preflight", "CheckpointsTopic", "Replication", "InternalTopic", "MirrorGone", "Verification", "ConsumerOffsets"].map((kind) =>
  step(kind, { phase: "mirror", abandon: false, mode: kind === "CheckpointsTopic" ? "when-applied" : undefined }),
);

describe("the recommended profiles", () => {
  const combinations = (Object.keys(dialects) as DialectName[]).flatMap((dialect) => (["least", "tuned"] as const).map((profile) => [dialect, profile] as const));

  test.each(combinations)("%s %s: no mandatory finding, with and without the lifecycle", (dialect, profile) => {
    const choices = [{}, { exactlyOnce: dialect !== "event-streams-v1beta1" }, { topicsPattern: "orders,payments-.*", groupsPattern: "app-.*" }];
    // A target of one broker has one replica of everything; only what resets it makes that sound.
    const small = stack({ dialect, mirror: { profile, target: { brokers: 1, bootstrapServers: "target-kafka-bootstrap:9093" } } });
    const sets = choices.map((settings) => stack({ dialect, mirror: { profile, ...settings } }));
    for (const set of [...sets, ...[...sets, small].map((resources) => [...resources, ...lifecycle])]) {
      expect(all(set).filter((f) => f.level === "mandatory").map((f) => f.message)).toEqual([]);
    }
  });

  test("with patterns that name topics: nothing at all", () => {
    expect(all(stack({ mirror: { topicsPattern: "orders,payments-.*", groupsPattern: "app-.*" } }))).toEqual([]);
  });

  test("rules for everything are enough for patterns that name some", () => {
    const everything = [allow(topic("*"), "Read", "DescribeConfigs", "Create", "Write", "Alter", "AlterConfigs"), allow(group("*"), "Read")];
    const resources = stack({
      mirror: { topicsPattern: "orders,payments-.*" },
      change: ({ origin, target }) => {
        for (const user of [origin, target]) user.spec.authorization.acls = everything;
      },
    });
    expect(all(resources).filter((f) => f.rule === "acl-missing")).toEqual([]);
  });
});
