import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { put } from "../../test/engine/verify/memory-cluster";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";
import { silent } from "../progress";
import { evaluateGate, findRecreatedTopics } from ".";
import { Observer } from "./observe";

/** More partitions than are listed at a time, and more topics than are described at a time. */
const PARTITIONS = 5_001;
const TOPICS = 501;
const LAST = PARTITIONS - 1;

const complete = new MemoryMirror();
beforeAll(() => {
  complete.topic("orders", 1, PARTITIONS);
});

const ask = (mirror: MemoryMirror) =>
  evaluateGate(mirror.model, {}, silent, undefined, mirror.open).then(
    (result) => `open: ${result.partitions} partitions, ${result.lastRecordsCompared} compared`,
    (e: Error) => e.message,
  );

describe("the gate of an estate with thousands of partitions", () => {
  const log = (side: "origin" | "target", partition = LAST) => complete[side]["orders"]!.logs[partition]!;
  beforeEach(() => {
    for (const side of ["origin", "target"] as const)
      for (const partition of [0, LAST]) complete[side]["orders"]!.logs[partition] = { records: [put(0, "k0", "0")] };
    complete.beforeOffsets = () => {};
  });

  it("opens for a complete copy, and has compared each of them", async () => {
    expect(await ask(complete)).toBe(`open: ${PARTITIONS} partitions, ${PARTITIONS} compared`);
  });

  it.each([0, LAST])("stays closed if partition %i is behind", async (partition) => {
    log("origin", partition).records.push(put(1, "k1", "late"));
    expect(await ask(complete)).toMatch(
      new RegExp(`GATE_INCOMPLETE[^]*orders-${partition}: 1 offsets are not copied .copied up to 0`),
    );
  });

  it.each([0, LAST])("stays closed if partition %i has another last record", async (partition) => {
    log("target", partition).records = [put(0, "k0", "another")];
    expect(await ask(complete)).toMatch(new RegExp(`orders-${partition}: the origin ends with offset 0`));
  });

  it("stays closed if a transaction is open in the last of them", async () => {
    log("origin").stable = 0;
    expect(await ask(complete)).toMatch(new RegExp(`orders-${LAST}: a transaction is open since offset 0`));
  });

  it("stays closed if the last of them moves while the others are read", async () => {
    // A look asks for the offsets of each part three times, and there are two parts.
    complete.beforeOffsets = (side, count) =>
      void (side === "origin" && count === 6 && log("origin").records.push(put(1, "k1", "late")));
    expect(await ask(complete)).toMatch(new RegExp(`orders-${LAST}: the origin's end moved from 1 to 2`));
  });

  it("finds the first record of the last of them, if its topic was created again", async () => {
    log("target").records = [put(0, "k0", "another")];
    const found = await findRecreatedTopics(complete.model, false, undefined, complete.open);
    expect(found.map((f) => `${f.kind} ${f.subject}`)).toEqual([`first record orders-${LAST}`]);
  });
});

it("the gate of an estate with hundreds of topics sees the last of them", async () => {
  const mirror = new MemoryMirror({ topicsPattern: "t.*" });
  // One assignment for all of them: `topic` writes one for each.
  const names = Array.from({ length: TOPICS }, (_, i) => `t${i}`);
  for (const name of names)
    for (const side of ["origin", "target"] as const) mirror[side][name] = { logs: [{ records: [put(0, "k", "v")] }] };
  mirror.assign(...names.map((name) => `${name}-0`));
  mirror.status("task-0", "RUNNING");
  for (const name of names) mirror.copied(name, 0);
  expect(await ask(mirror)).toBe(`open: ${TOPICS} partitions, ${TOPICS} compared`);
  const last = [...names].sort().at(-1)!;
  delete mirror.target[last];
  expect(await ask(mirror)).toMatch(new RegExp(`topic ${last} is not on the target`));
});

it("a second reading of the ends returns only what has changed", async () => {
  const mirror = new MemoryMirror();
  mirror.topic("orders", 10, 3);
  const observer = new Observer(mirror.clusters(), mirror.model.mirror);
  const look = await observer.look(true);
  expect(await observer.readChanges(look)).toEqual(new Map());
  mirror.write("origin", "orders", [put(10, "k10", "late")], 1);
  const again = await observer.readChanges(look);
  expect([...again]).toEqual([["orders:1", { ...look.partitions.get("orders:1")!.facts, end: 11 }]]);
});
