import { beforeEach, describe, expect, it } from "vitest";
import { copyEnds, evaluateGate, type GateOptions, runGate } from ".";
import type { OpenKafka } from "../clusters";
import type { TopicPartition } from "../kafka/port";
import type { Scope } from "../model";
import { silent } from "../progress";
import { readTopicIds } from "../topic-ids";
import { puts } from "../../test/engine/verify/memory-cluster";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";
import { verifyCopy } from "../verify";

const wave: Scope = { wave: "shop", topics: "orders", groups: "" };
const outside: Scope = { withoutTopics: ["orders"], withoutGroups: [""] };

let mirror: MemoryMirror;
beforeEach(() => {
  mirror = new MemoryMirror();
  mirror.topic("orders");
  mirror.topic("payments");
});

const model = (scope?: Scope) => ({
  ...mirror.model,
  mirror: { ...mirror.model.mirror, ...(scope === undefined ? {} : { scope }) },
});
const ask = (scope?: Scope, options: GateOptions = {}) =>
  evaluateGate(model(scope), options, silent, undefined, mirror.open);
const refusal = (scope?: Scope, options: GateOptions = {}) =>
  ask(scope, options).then(
    () => "the gate opened",
    (e: Error) => e.message,
  );

describe("the gate of a wave", () => {
  it("opens while a topic outside is not copied, and the gate outside stays closed", async () => {
    mirror.write("origin", "payments", puts(10, 50));
    expect(await ask(wave)).toMatchObject({ topics: 1, partitions: 1, originEnds: { orders: [10] } });
    expect(await refusal(outside)).toMatch(/GATE_INCOMPLETE[^]*payments-0/);
    expect(await refusal()).toMatch(/1 of 2 partitions in 2 topics[^]*payments-0/);
  });

  it("does not wait for producers outside to stop", async () => {
    mirror.beforeOffsets = (side) => {
      if (side === "origin")
        mirror.write("origin", "payments", puts(mirror.origin["payments"]!.logs[0]!.records.length, 1));
    };
    const options = { stableForMs: 20, limitMs: 5_000 };
    expect(await runGate(model(wave), options, silent, undefined, mirror.open)).toMatchObject({ partitions: 1 });
  });

  it("asks only about its own topics", async () => {
    const asked = new Set<string>();
    const { open } = mirror;
    const watched: OpenKafka = async (connection, side) => {
      const port = await open(connection, side);
      const noting = (partitions: readonly TopicPartition[]) => partitions.forEach((p) => asked.add(p.topic));
      return {
        ...port,
        listOffsets: (partitions, at) => (noting(partitions), port.listOffsets(partitions, at)),
        fetch: (requests, options) => (noting(requests), port.fetch(requests, options)),
      };
    };
    await evaluateGate(model(wave), {}, silent, undefined, watched);
    expect([...asked]).toContain("orders");
    expect([...asked]).not.toContain("payments");
  });

  it("is not blocked by a failed task that copies other topics only", async () => {
    mirror.assignTasks(["orders-0"], ["payments-0"]);
    mirror.status("task-1", "FAILED", "org.example.Broken: why");
    mirror.write("origin", "orders", puts(10, 12));
    expect(await refusal(wave)).not.toContain("task 1");
    expect(await refusal(outside, { strictConnectors: true })).toContain("source task 1 is FAILED");
    mirror.status("task-0", "FAILED", "org.example.Broken: why");
    expect(await refusal(wave)).toContain("source task 0 is FAILED");
  });

  it("is not blocked by a topic of another part that the administrator may not describe", async () => {
    mirror.topic("payments-hidden");
    delete mirror.origin["payments-hidden"];
    mirror.hidden.add("payments-hidden");
    expect(await ask(wave)).toMatchObject({ topics: 1 });
    expect(await refusal(outside)).toContain("payments-hidden is mirrored");
  });

  it("records ends and ids of its own topics only", async () => {
    expect(Object.keys(await copyEnds(model(wave), mirror.open))).toEqual(["orders"]);
    expect(Object.keys(await readTopicIds(model(outside), mirror.open))).toEqual(["payments"]);
  });
});

describe("a part without a topic", () => {
  const all: Scope = { withoutTopics: ["orders|payments"], withoutGroups: [".*"] };
  const none: Scope = { wave: "shop", topics: "order", groups: "" };

  it("is complete if it is what the waves leave, and says so", async () => {
    mirror.noConnector();
    const lines: string[] = [];
    const progress = { info: (line: string) => void lines.push(line), warn: () => {} };
    const waited = await runGate(model(all), { stableForMs: 60_000 }, progress, undefined, mirror.open);
    expect(waited).toMatchObject({ topics: 0, partitions: 0, originEnds: {}, looks: 1, lastRecordsCompared: 0 });
    expect(lines.join("\n")).toContain("no topic is outside the waves");
    expect(await ask(all)).toMatchObject({ topics: 0 });
    const verified = await verifyCopy(model(all), { mode: "full" }, progress, undefined, mirror.open);
    expect(verified).toMatchObject({ equal: true, partitions: 0, topics: [] });
  });

  it("is a mistake if it is a wave or the whole mirror", async () => {
    expect(await refusal(none)).toMatch(/^SELECTION_EMPTY: waves\.shop\.topics "order" selects none/);
    mirror.model.mirror.topicsPattern = "other";
    expect(await refusal()).toMatch(/^SELECTION_EMPTY: mirror\.topicsPattern "other" selects none/);
  });
});
