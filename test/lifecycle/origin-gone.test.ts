import { expect, test } from "vitest";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../engine/kafka/client";
import { internalTopics } from "../../engine/naming";
import { internalTopicStep, mirrorGoneStep } from "../../lifecycle/handlers/internal-topics";
import { modelFor } from "../engine/support/mirror";

const clusters = withClusters();

test("an abandoned migration is removed from the target although the origin is gone; any other stops", async () => {
  const { target, mirror } = modelFor(clusters, uniqueName("origin-gone"));
  const state = {
    originConnection: { bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 500 },
    targetConnection: target,
    mirror,
    limitSeconds: 5,
  };
  const topic = internalTopics(mirror).find((t) => t.side === "origin")!;
  const stored = internalTopics(mirror).find((t) => t.kind === "status")!;
  const port = await openKafka(target, "target");
  try {
    await port.createTopic(stored.name, {
      partitions: 5,
      replicationFactor: 1,
      configs: { "cleanup.policy": "compact" },
    });
    for (const remove of [
      () => mirrorGoneStep.delete("id", state),
      () => internalTopicStep.delete("id", { ...state, topic }),
    ]) {
      await expect(remove()).rejects.toThrow(/KAFKA_UNREACHABLE: .*origin/);
    }
    await mirrorGoneStep.delete("id", { ...state, abandon: true });
    await internalTopicStep.delete("id", { ...state, abandon: true, topic });
    await internalTopicStep.delete("id", { ...state, abandon: true, topic: stored });
    expect(await port.describeTopics([stored.name])).toEqual([]);
  } finally {
    await port.close();
  }
});
