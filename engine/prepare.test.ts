import { afterEach, beforeEach, expect, it } from "vitest";
import { MemoryMirror } from "../test/engine/gate/memory-mirror";
import { runGate } from "./gate";
import { keepLinks } from "./kafka/kept-links";
import { prepareCutover } from "./prepare";
import { silent } from "./progress";

beforeEach(() => keepLinks(60_000));
afterEach(() => keepLinks(0));

it("lets the gate read only what was added since", async () => {
  const mirror = new MemoryMirror();
  for (const [name, topic] of Object.entries(mirror.target)) topic.id = `prepare ${name}`;
  mirror.topic("orders", 10);
  const { configStorageTopic } = mirror.model.mirror;
  const read: string[] = [];
  const open: typeof mirror.open = async (connection, side) => {
    const port = await mirror.open(connection, side);
    const fetch: typeof port.fetch = (requests, options) => {
      read.push(...requests.map((r) => `${side} ${r.topic} ${r.offset}`));
      return port.fetch(requests, options);
    };
    // No groups.
    const [listGroups, describeGroups] = [async () => [], async () => []];
    return { ...port, fetch, listGroups, describeGroups, groupOffsets: async () => new Map() };
  };
  await prepareCutover(mirror.model, {}, open);
  // The first records on both sides, and Connect's topics.
  expect(read).toEqual(
    expect.arrayContaining(["origin orders 0", "target orders 0", `target ${configStorageTopic} 0`]),
  );
  read.splice(0);
  await runGate(mirror.model, { stableForMs: 0 }, silent, undefined, open);
  // The last records.
  expect(read.sort()).toEqual(["origin orders 9", "target orders 9"]);
});

it("leaves errors to the steps", async () => {
  await prepareCutover(new MemoryMirror().model, {}, () => Promise.reject(new Error("unreachable")));
});

it("ends at its limit", async () => {
  const mirror = new MemoryMirror();
  mirror.topic("orders");
  const open: typeof mirror.open = async (connection, side) => ({
    ...(await mirror.open(connection, side)),
    fetch: () => new Promise<never>(() => {}),
  });
  await prepareCutover(mirror.model, {}, open, 50);
});

it("is of use even if the mirror copies the rest only long after connections are closed", async () => {
  await keepLinks(1);
  const mirror = new MemoryMirror();
  for (const [name, topic] of Object.entries(mirror.target)) topic.id = `late ${name}`;
  mirror.topic("orders", 10);
  for (const side of ["origin", "target"] as const) mirror[side]["orders"]!.id = `late ${side}`;
  const read: string[] = [];
  const open: typeof mirror.open = async (connection, side) => {
    const port = await mirror.open(connection, side);
    const fetch: typeof port.fetch = (requests, options) => {
      read.push(...requests.filter((r) => r.topic === "orders").map((r) => `${side} ${r.offset}`));
      return port.fetch(requests, options);
    };
    return { ...port, fetch };
  };
  await prepareCutover(mirror.model, {}, open);
  await new Promise((resolve) => setTimeout(resolve, 20));
  read.splice(0);
  await runGate(mirror.model, { stableForMs: 0 }, silent, undefined, open);
  expect(read.sort()).toEqual(["origin 9", "target 9"]);
});
