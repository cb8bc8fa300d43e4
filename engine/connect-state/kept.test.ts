import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ConnectStateReader, type ConnectView } from ".";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";
import { keepLinks } from "../kafka/kept-links";

let mirror: MemoryMirror;
/** Per fetched partition: its topic and the offset from which it was read. */
let fetched: string[];
/** The topics have other ids in each test. */
let run = 0;

beforeEach(async () => {
  await keepLinks(60_000);
  run++;
  fetched = [];
  mirror = new MemoryMirror();
  for (const [name, topic] of Object.entries(mirror.target)) topic.id = `${name} ${run}`;
  mirror.topic("orders", 10);
});
afterEach(() => keepLinks(0));

const { offsetStorageTopic, configStorageTopic } = new MemoryMirror().model.mirror;

function reader(): ConnectStateReader {
  const { target } = mirror.clusters();
  const counting = {
    ...target,
    fetch: (...[requests, options]: Parameters<typeof target.fetch>) => {
      fetched.push(...requests.map((r) => `${r.topic} ${r.offset}`));
      return target.fetch(requests, options);
    },
  };
  return new ConnectStateReader(counting, mirror.model.mirror);
}

async function step(): Promise<ConnectView> {
  const one = reader();
  const view = await one.read();
  one.keep();
  return view;
}

it("the next reader reads only what was added", async () => {
  await step();
  const before = fetched.splice(0);
  expect(before).toContain(`${configStorageTopic} 0`);
  mirror.copied("orders", 12);
  const view = await step();
  expect([...view.offsets]).toEqual([["orders:0", 12]]);
  expect(view.assignments).toHaveLength(1);
  expect(view.source).toBeDefined();
  expect(fetched).toEqual([`${offsetStorageTopic} 1`]);
});

it("two readers at the same time do not share it", async () => {
  await step();
  const [one, two] = [reader(), reader()];
  const views = await Promise.all([one.read(), two.read()]);
  expect(views.map((view) => [...view.offsets])).toEqual([[["orders:0", 9]], [["orders:0", 9]]]);
  mirror.copied("orders", 12);
  await one.read();
  expect([...views[1]!.offsets]).toEqual([["orders:0", 9]]);
});

it("a reader after it does not change what another one has returned", async () => {
  const one = reader();
  const view = await one.read();
  mirror.copied("orders", 12);
  await step();
  expect([...view.offsets]).toEqual([["orders:0", 9]]);
});

it("a topic that was created again is read from the start, although it has more records", async () => {
  await step();
  const again = mirror.target[offsetStorageTopic]!;
  again.id = "another id";
  again.logs = [{ records: [] }];
  for (const offset of [1, 2, 3]) mirror.copied("payments", offset);
  expect([...(await step()).offsets]).toEqual([["payments:0", 3]]);
});

it("a connector with another offsets topic has only the offsets in it", async () => {
  await step();
  mirror.target["own"] = { logs: [{ records: [] }], id: `own ${run}` };
  mirror.connector({ "offsets.storage.topic": "own" });
  expect([...(await step()).offsets]).toEqual([]);
  mirror.connector({});
  expect([...(await step()).offsets]).toEqual([["orders:0", 9]]);
});

it("nothing is kept without topic ids", async () => {
  for (const topic of Object.values(mirror.target)) topic.id = "";
  await step();
  fetched.splice(0);
  await step();
  expect(fetched).toContain(`${configStorageTopic} 0`);
});

it("it is kept for as long as the gate waits by default, also if connections are not", async () => {
  await keepLinks(5_000);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const readAll = async () => {
    fetched.splice(0);
    await step();
    return fetched.includes(`${configStorageTopic} 0`);
  };
  try {
    await step();
    vi.advanceTimersByTime(29 * 60_000);
    expect(await readAll()).toBe(false);
    vi.advanceTimersByTime(31 * 60_000);
    expect(await readAll()).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

it("by default nothing is kept", async () => {
  await keepLinks(0);
  await step();
  fetched.splice(0);
  await step();
  expect(fetched).toContain(`${configStorageTopic} 0`);
});
