import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Status } from "../connect-state";
import { decide, whyNotStopped } from "./decide";
import type { ConnectorFacts, ConnectSide, OffsetEntry } from "./read";
import type { ConnectCluster } from "./types";

const cluster: ConnectCluster = { name: "connect", origin: { offsetStorageTopic: "connect-offsets" } };

const entry = (connector: string, partition: unknown, value: string | null, at = 1000): OffsetEntry => ({
  connector,
  key: Buffer.from(JSON.stringify([connector, partition])),
  value: value === null ? null : Buffer.from(value),
  at,
});

interface Side {
  offsets?: OffsetEntry[];
  facts?: Record<string, ConnectorFacts>;
  workers?: number;
}

function side({ offsets = [], facts = {}, workers }: Side): ConnectSide {
  return {
    offsets: new Map(offsets.map((one) => [one.key.toString("latin1"), one])),
    partitions: 5,
    connector: (name) => facts[name] ?? { statuses: [] },
    ...(workers === undefined ? {} : { workers }),
  };
}

const status = (state: string, task?: number): { task?: number; status: Status } => ({
  status: { state, worker: "w:8083" },
  ...(task === undefined ? {} : { task }),
});
const facts = (target: string, ...statuses: ConnectorFacts["statuses"][number][]): ConnectorFacts => ({
  config: {},
  target,
  statuses,
});

const plan = (origin: Side, target: Side, more: Partial<ConnectCluster> = {}) =>
  decide({ ...cluster, ...more }, side(origin), side(target)).map(({ connector, write, same, refused }) => ({
    connector,
    write,
    same,
    ...(refused === undefined ? {} : { refused: `${refused.why} | ${refused.fix}` }),
  }));

const FILE = { filename: "a.txt" };

describe("the offsets of a source connector", () => {
  it("are copied for each partition whose latest value the target does not have", () => {
    const offsets = [entry("a", 1, "x"), entry("a", 2, "y"), entry("b", 1, "z")];
    expect(plan({ offsets }, { offsets: [entry("a", 2, "y", 9)] })).toEqual([
      { connector: "a", write: 1, same: 1 },
      { connector: "b", write: 1, same: 0 },
    ]);
  });

  it("are written over an earlier copy, and never over newer ones", () => {
    const offsets = [entry("a", FILE, "new", 2000)];
    expect(plan({ offsets }, { offsets: [entry("a", FILE, "old", 1999)] })).toEqual([
      { connector: "a", write: 1, same: 0 },
    ]);
    for (const at of [2000, 2001])
      expect(plan({ offsets }, { offsets: [entry("a", FILE, "old", at)] })[0]!.refused).toMatch(
        /^the target has newer offsets for it \(1 of 1, the last of 1970.*it ran there \|.*add "a" to connectors.exclude/,
      );
    // What was removed there is no offset.
    expect(plan({ offsets }, { offsets: [entry("a", FILE, null, 3000)] })[0]!.refused).toBeUndefined();
  });

  it("are removed on the target if they were removed on the origin since the last copy", () => {
    const offsets = [entry("a", 1, null, 2000), entry("a", 2, null, 2000)];
    expect(plan({ offsets }, { offsets: [entry("a", 1, "x", 1000)] })).toEqual([{ connector: "a", write: 1, same: 0 }]);
  });

  it("are copied only for the connectors that the setting selects", () => {
    const offsets = ["a", "b", "c"].map((name) => entry(name, 1, "x"));
    const names = (more: Partial<ConnectCluster>) => plan({ offsets }, {}, more).map(({ connector }) => connector);
    expect(names({})).toEqual(["a", "b", "c"]);
    expect(names({ exclude: ["b"] })).toEqual(["a", "c"]);
    expect(names({ include: ["c"] })).toEqual(["c"]);
  });

  it("are refused for a name that the origin does not know, with the name that was meant", () => {
    const offsets = [entry("orders-db", 1, "x")];
    expect(plan({ offsets }, {}, { include: ["order-db"] })[0]!.refused).toMatch(
      /no connector and no offsets of this name \|.*did you mean "orders-db"/,
    );
    // It exists, and has not saved anything yet.
    const known = { "orders-db": facts("STOPPED") };
    expect(plan({ facts: known }, {}, { include: ["orders-db"] })).toEqual([
      { connector: "orders-db", write: 0, same: 0 },
    ]);
  });

  test.each([
    ["org.apache.kafka.connect.mirror.MirrorSourceConnector", 1],
    ["MirrorCheckpointConnector", 1],
    ["MirrorHeartbeat", 1],
    ["io.confluent.connect.replicator.ReplicatorSourceConnector", 1],
    [undefined, { cluster: "a", partition: 0, topic: "orders" }],
    [undefined, { group: "g", partition: 0, topic: "orders" }],
    [undefined, { sourceClusterAlias: "a", targetClusterAlias: "b" }],
  ])("are refused for a connector that copies from Kafka: class %s, partition %j", (type, partition) => {
    const offsets = [entry("m", partition, "{}")];
    const known: Record<string, ConnectorFacts> =
      type === undefined ? {} : { m: { ...facts("STOPPED"), config: { "connector.class": type } } };
    expect(plan({ offsets, facts: known }, {})[0]!.refused).toMatch(
      /^it copies from another Kafka cluster.*\| add "m" to connectors.exclude/,
    );
  });

  test.each(["com.example.MirrorballSource", "io.debezium.connector.postgresql.PostgresConnector"])(
    "are copied for the class %s",
    (type) => {
      const known = { a: { ...facts("STOPPED"), config: { "connector.class": type } } };
      const offsets = [entry("a", { server: "x", topic: "y" }, "{}")];
      expect(plan({ offsets, facts: known }, {})).toEqual([{ connector: "a", write: 1, same: 0 }]);
    },
  );

  it("are refused if they are in a topic of its own, and copied if that is the topic of the entry", () => {
    const known = { a: { ...facts("STOPPED"), config: { "offsets.storage.topic": "a-offsets" } } };
    const offsets = [entry("a", FILE, "x")];
    expect(plan({ offsets, facts: known }, {})[0]!.refused).toMatch(/topic of its own, a-offsets/);
    const own = { origin: { offsetStorageTopic: "a-offsets" } };
    expect(plan({ offsets, facts: known }, {}, own)).toEqual([{ connector: "a", write: 1, same: 0 }]);
  });

  it("after a copy, a second run has nothing to write; killed in between, it writes the rest (property)", () => {
    const value = fc.option(fc.constantFrom("1", "2", "3"));
    const log = fc.array(fc.record({ name: fc.constantFrom("a", "b"), partition: fc.nat(3), value, at: fc.nat(9) }));
    const entriesOf = (records: { name: string; partition: number; value: string | null; at: number }[]) =>
      records.map((r) => entry(r.name, r.partition, r.value, r.at));
    fc.assert(
      fc.property(log, log, fc.nat(), (from, to, killedAt) => {
        const origin = side({ offsets: entriesOf(from) });
        const offsets = new Map(side({ offsets: entriesOf(to) }).offsets);
        const before = new Map(offsets);
        const target = { ...side({}), offsets };
        const first = decide(cluster, origin, target).filter(({ refused }) => refused === undefined);
        const writes = first.flatMap(({ entries }) => entries);
        // Killed after some of the writes.
        for (const one of writes.slice(0, killedAt % (writes.length + 1))) offsets.set(one.key.toString("latin1"), one);
        const names = new Set(first.map(({ connector }) => connector));
        const second = decide(cluster, origin, target).filter(({ connector }) => names.has(connector));
        expect(second.every(({ refused }) => refused === undefined)).toBe(true);
        for (const one of second.flatMap(({ entries }) => entries)) offsets.set(one.key.toString("latin1"), one);
        for (const one of decide(cluster, origin, target)) {
          if (names.has(one.connector)) expect(one).toMatchObject({ write: 0 });
        }
        // A connector that was refused has what it had.
        for (const [key, had] of before) if (!names.has(had.connector)) expect(offsets.get(key)).toBe(had);
        for (const [key, had] of before) {
          const now = offsets.get(key)!;
          if (now !== had && had.value !== null) expect(now.at).toBeGreaterThan(had.at);
        }
      }),
    );
  });
});

describe("a connector counts as stopped", () => {
  test.each<[string, ConnectorFacts, number | undefined, RegExp | undefined]>([
    ["if it does not exist", { statuses: [] }, undefined, undefined],
    [
      "not while a task of a deleted one is alive",
      { statuses: [status("RUNNING", 3)] },
      undefined,
      /task 3 is RUNNING/,
    ],
    ["if its target state is STOPPED", facts("STOPPED", status("STOPPED")), 2, undefined],
    ["if it never ran", facts("STOPPED"), undefined, undefined],
    [
      "not while it is stopping",
      facts("STOPPED", status("STOPPED"), status("RUNNING", 0)),
      2,
      /task 0.*at worker w:8083/,
    ],
    ["not while it runs", facts("STARTED", status("RUNNING")), undefined, /^the connector is RUNNING/],
    ["not if it is paused", facts("PAUSED", status("PAUSED"), status("PAUSED", 0)), 1, /the connector is PAUSED/],
    ["not if it is paused and its workers rebalance", facts("PAUSED", status("UNASSIGNED")), 2, /state is PAUSED/],
    ["not while its workers rebalance", facts("STARTED", status("UNASSIGNED")), undefined, /target state is STARTED/],
    ["not if it failed and may start again", facts("STARTED", status("FAILED")), 1, /target state is STARTED/],
    ["if no worker runs and it was stopped by its worker", facts("STARTED", status("UNASSIGNED", 0)), 0, undefined],
    [
      "not if its worker was killed",
      facts("STARTED", status("RUNNING", 0)),
      0,
      /no worker runs: the last one was killed/,
    ],
  ])("%s", (_title, known, workers, why) => {
    const found = whyNotStopped(known, workers);
    if (why === undefined) expect(found).toBeUndefined();
    else expect(found?.why).toMatch(why);
  });

  it("on both sides, or nothing is copied", () => {
    const offsets = [entry("a", FILE, "x")];
    const runs = { a: facts("STARTED", status("RUNNING")) };
    expect(plan({ offsets, facts: runs }, {})[0]!.refused).toMatch(/^on the origin the connector is RUNNING/);
    expect(plan({ offsets }, { facts: runs })[0]!.refused).toMatch(/^on the target the connector is RUNNING/);
  });
});
