import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inParallel } from "../side-by-side";
import { type FakeBroker, metadata, startFakeBroker } from "../../test/engine/kafka/fake-broker";
import { openKafka, type CountingPort } from "./client";
import { Lanes } from "./lanes";
import type { Out } from "./wire";

const GROUPS = Array.from({ length: 64 }, (_, i) => `group-${i}`);

describe("commits of many groups to one coordinator", () => {
  let broker: FakeBroker;
  let port: CountingPort;

  beforeEach(async () => {
    broker = await startFakeBroker();
    broker.answer.Metadata = () => metadata(broker, [{ name: "t" }]);
    broker.answer.FindCoordinator = (_, question) => {
      question.int8();
      const groups = question.values(() => question.string());
      return (out) => {
        out
          .int32(0)
          .list(groups, (g) => out.string(g).int32(1).string("127.0.0.1").int32(broker.port).int16(0).string(null));
        out.tags();
      };
    };
    port = await openKafka({ bootstrapServers: `127.0.0.1:${broker.port}` }, "target");
  });
  afterEach(async () => {
    await port.close();
    await broker.stop();
  });

  const commits = () => broker.asked.filter((a) => a.api.name === "OffsetCommit");
  const committed =
    (throttleMs = 0) =>
    (out: Out) => {
      out.int32(throttleMs).list(["t"], (topic) => out.string(topic).list([0], (p) => out.int32(p).int16(0)));
      out.tags();
    };
  const commit = (group: string) =>
    port.alterGroupOffsets(group, [{ topic: "t", partition: 0, offset: 1n, metadata: "" }]);

  it("do not wait for each other's replicas: several are in progress at the broker at the same time", async () => {
    let inProgress = 0;
    let most = 0;
    let arrived = () => {};
    const four = new Promise<void>((resolve) => (arrived = resolve));
    broker.answer.OffsetCommit = async () => {
      most = Math.max(most, ++inProgress);
      if (inProgress === 4) arrived();
      await four;
      inProgress--;
      return committed();
    };
    await inParallel(GROUPS, commit);
    expect(commits()).toHaveLength(GROUPS.length);
    expect(most).toBeGreaterThanOrEqual(4);
    expect(broker.connections).toBeLessThanOrEqual(9);
  });

  it("use the connection that is there if the broker accepts no other", async () => {
    broker.mostConnections = broker.connections;
    broker.answer.OffsetCommit = () => committed();
    await inParallel(GROUPS, commit);
    expect(commits()).toHaveLength(GROUPS.length);
    expect(broker.connections - broker.mostConnections).toBeLessThanOrEqual(8);
  });

  it("all wait while the broker throttles this client, on every connection", async () => {
    broker.answer.OffsetCommit = (before) => committed(before === 0 ? 300 : 0);
    await commit("first");
    const [first] = commits();
    await inParallel(GROUPS, commit);
    const sent = commits().slice(1);
    expect(sent).toHaveLength(GROUPS.length);
    expect(Math.min(...sent.map((a) => a.at)) - first!.at).toBeGreaterThanOrEqual(290);
  });

  it("of a few groups need no further connection", async () => {
    broker.answer.OffsetCommit = () => committed();
    const before = broker.connections;
    for (const group of GROUPS.slice(0, 5)) await commit(group);
    expect(broker.connections).toBe(before);
  });
});

describe("the connections of one broker", () => {
  it("are used in order, and the one with the fewest requests when none has room", async () => {
    const lanes = new Lanes();
    const ends: (() => void)[] = [];
    const used: number[] = [];
    const start = () =>
      lanes.use("a:9092", (lane) => {
        used.push(lane);
        return new Promise<void>((resolve) => ends.push(resolve));
      });
    const running = Array.from({ length: 17 }, start);
    expect(used).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 0]);
    ends[5]!();
    await running[5];
    void start();
    expect(used.at(-1)).toBe(2);
    lanes.refused();
    void start();
    expect(used.at(-1)).toBe(0);
  });
});
