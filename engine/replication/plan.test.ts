import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planReplication, type BrokerNow, type PartitionNow, type ReplicationInput } from ".";

const three: BrokerNow[] = [
  { id: 1, rack: "a" },
  { id: 2, rack: "b" },
  { id: 3, rack: "c" },
];

function partition(n: number, replicas: number[], over: Partial<PartitionNow> = {}): PartitionNow {
  return { partition: n, leader: replicas[0]!, replicas, isr: replicas, bytes: 100, ...over };
}

function plan(input: ReplicationInput) {
  return planReplication(input);
}

/** Any cluster of 1 to 9 brokers in 1 to 4 racks (or none), with topics placed on it at random. */
const anyInput = fc
  .record({
    racks: fc.array(fc.option(fc.constantFrom("a", "b", "c", "d"), { nil: undefined }), { minLength: 1, maxLength: 9 }),
    allowSameRack: fc.boolean(),
    seeds: fc.array(
      fc.record({
        factor: fc.integer({ min: 1, max: 9 }),
        partitions: fc.array(
          fc.record({
            order: fc.infiniteStream(fc.nat()),
            replicas: fc.integer({ min: 1, max: 9 }),
            bytes: fc.nat(10_000),
            out: fc.nat(3),
          }),
          { minLength: 1, maxLength: 12 },
        ),
      }),
      { maxLength: 6 },
    ),
  })
  .map(({ racks, allowSameRack, seeds }): ReplicationInput => {
    const brokers = racks.map((rack, i) => ({ id: i * 3 + 1, ...(rack === undefined ? {} : { rack }) }));
    const distinct = new Set(brokers.map((b) => b.rack ?? `#${b.id}`)).size;
    const most = allowSameRack ? brokers.length : distinct;
    return {
      brokers,
      allowSameRack,
      topics: seeds.map((s, t) => ({
        name: `t${t}`,
        factor: Math.min(s.factor, most),
        partitions: s.partitions.map((p, n) => {
          const stream = p.order[Symbol.iterator]();
          const shuffled = brokers
            .map((b) => ({ id: b.id, key: stream.next().value as number }))
            .sort((x, y) => x.key - y.key || x.id - y.id);
          const replicas = shuffled.slice(0, Math.min(p.replicas, brokers.length)).map((b) => b.id);
          const isr = replicas.slice(Math.min(p.out, replicas.length - 1));
          return { partition: n, replicas, isr, leader: isr[0]!, bytes: p.bytes };
        }),
      })),
    };
  });

describe("planReplication, for any cluster", () => {
  it("gives every changed partition the wanted number of distinct, live brokers", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const ids = new Set(input.brokers.map((b) => b.id));
        for (const c of plan(input).changes) {
          const factor = input.topics.find((t) => t.name === c.topic)!.factor;
          expect(c.to).toHaveLength(factor);
          expect(new Set(c.to).size).toBe(factor);
          expect(c.to.every((id) => ids.has(id))).toBe(true);
        }
      }),
    );
  });

  it("keeps existing replicas and the preferred leader when it adds replicas", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        for (const c of plan(input).changes.filter((x) => x.to.length > x.from.length)) {
          expect(c.to.slice(0, c.from.length)).toEqual(c.from);
        }
      }),
    );
  });

  it("keeps a replica in sync, and the preferred leader if it is in sync, when it removes replicas", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        for (const c of plan(input).changes.filter((x) => x.to.length < x.from.length)) {
          const now = input.topics.find((t) => t.name === c.topic)!.partitions[c.partition]!;
          expect(c.to.every((id) => c.from.includes(id))).toBe(true);
          expect(c.to.some((id) => now.isr.includes(id))).toBe(true);
          if (now.isr.includes(c.from[0]!)) expect(c.to[0]).toBe(c.from[0]);
          const lost = c.from.filter((id) => !c.to.includes(id));
          if (lost.some((id) => now.isr.includes(id))) expect(c.to.every((id) => now.isr.includes(id))).toBe(true);
        }
      }),
    );
  });

  it("uses a crowded rack for a new replica only if no emptier rack has a free broker", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const rack = (id: number) => input.brokers.find((b) => b.id === id)!.rack ?? `#${id}`;
        for (const c of plan(input).changes.filter((x) => x.to.length > x.from.length)) {
          for (let i = c.from.length; i < c.to.length; i++) {
            const before = c.to.slice(0, i);
            const crowd = (id: number) => before.filter((o) => rack(o) === rack(id)).length;
            const free = input.brokers.map((b) => b.id).filter((id) => !before.includes(id));
            expect(crowd(c.to[i]!)).toBe(Math.min(...free.map(crowd)));
          }
        }
      }),
    );
  });

  it("counts every partition once, and bytes only for new replicas", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const p = plan(input);
        const all = input.topics.reduce((n, t) => n + t.partitions.length, 0);
        expect(p.changes.length + p.unchanged).toBe(all);
        expect(p.topics.reduce((n, t) => n + t.partitions, 0)).toBe(p.changes.length);
        for (const c of p.changes) {
          const now = input.topics.find((t) => t.name === c.topic)!.partitions[c.partition]!;
          expect(c.bytes).toBe(Math.max(0, c.to.length - c.from.length) * now.bytes);
        }
        expect(p.bytes).toBe(p.changes.reduce((n, c) => n + c.bytes, 0));
      }),
    );
  });

  it("does not depend on the order of topics and brokers, and changes nothing the second time", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const first = plan(input);
        const shuffled = {
          ...input,
          brokers: [...input.brokers].reverse(),
          topics: [...input.topics].reverse().map((t) => ({ ...t, partitions: [...t.partitions].reverse() })),
        };
        expect(plan(shuffled)).toEqual(first);
        const to = new Map(first.changes.map((c) => [`${c.topic}:${c.partition}`, c.to]));
        const done = {
          ...input,
          topics: input.topics.map((t) => ({
            ...t,
            partitions: t.partitions.map((p) => ({ ...p, replicas: to.get(`${t.name}:${p.partition}`) ?? p.replicas })),
          })),
        };
        expect(plan(done).changes).toEqual([]);
      }),
    );
  });

  it("spreads equal partitions evenly: brokers differ by at most two replicas", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 8 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(7),
        (brokers, partitions, extra) => {
          const factor = 1 + (extra % brokers);
          const p = plan({
            brokers: Array.from({ length: brokers }, (_, id) => ({ id })),
            topics: [
              {
                name: "t",
                factor,
                partitions: Array.from({ length: partitions }, (_, n) => partition(n, [n % brokers])),
              },
            ],
          });
          const count = new Array<number>(brokers).fill(0);
          for (let n = 0; n < partitions; n++)
            for (const id of p.changes.find((c) => c.partition === n)?.to ?? [n % brokers]) count[id]!++;
          expect(Math.max(...count) - Math.min(...count)).toBeLessThanOrEqual(2);
        },
      ),
    );
  });
});

describe("planReplication, by example", () => {
  it("grows one replica to three, one in each rack, leader first", () => {
    const p = plan({ brokers: three, topics: [{ name: "orders", factor: 3, partitions: [partition(0, [2])] }] });
    expect(p.changes).toEqual([{ topic: "orders", partition: 0, from: [2], to: [2, 1, 3], bytes: 200 }]);
    expect(p.topics).toEqual([{ topic: "orders", from: [1], to: 3, partitions: 1, bytes: 200 }]);
  });

  it(
    "prefers the broker with fewer bytes when the replicas are equal, and with fewer replicas when the bytes " + "are",
    () => {
      const topics = [{ name: "orders", factor: 2, partitions: [partition(0, [1])] }];
      const busy = (over: Partial<BrokerNow>[]): BrokerNow[] => three.map((b, i) => ({ ...b, ...over[i] }));
      const bytes = plan({
        topics,
        brokers: busy([{}, { otherBytes: 900, otherReplicas: 5 }, { otherBytes: 100, otherReplicas: 5 }]),
      });
      expect(bytes.changes[0]!.to).toEqual([1, 3]);
      const replicas = plan({
        topics,
        brokers: busy([{}, { otherBytes: 500, otherReplicas: 2 }, { otherBytes: 500, otherReplicas: 9 }]),
      });
      expect(replicas.changes[0]!.to).toEqual([1, 2]);
    },
  );

  it("removes the replica that is out of sync, and the more loaded one of two in a rack", () => {
    const out = plan({
      brokers: three,
      topics: [{ name: "t", factor: 2, partitions: [partition(0, [1, 2, 3], { isr: [1, 3] })] }],
    });
    expect(out.changes[0]!.to).toEqual([1, 3]);
    const brokers = [...three, { id: 4, rack: "b", otherReplicas: 9 }];
    const crowded = plan({ brokers, topics: [{ name: "t", factor: 2, partitions: [partition(0, [1, 2, 4])] }] });
    expect(crowded.changes[0]!.to).toEqual([1, 2]);
  });

  it("keeps the current leader if the preferred one is out of sync", () => {
    const p = plan({
      brokers: three,
      topics: [{ name: "t", factor: 1, partitions: [partition(0, [1, 2, 3], { isr: [2, 3], leader: 2 })] }],
    });
    expect(p.changes[0]!.to).toEqual([2]);
  });

  it("names every topic, its factor and the brokers if there are too few brokers", () => {
    const topics = [
      { name: "orders", factor: 4, partitions: [partition(0, [1])] },
      { name: "fine", factor: 3, partitions: [partition(0, [1])] },
      { name: "payments", factor: 5, partitions: [partition(0, [1])] },
    ];
    expect(() => plan({ brokers: three, topics })).toThrow(
      /^REPLICATION_TOO_LARGE.*1 \(rack a\), 2 \(rack b\), 3 \(rack c\)[^]*topic orders: factor 4, but there are 3 brokers[^]*topic payments: factor 5[^]*fix: lower the factor/,
    );
    expect(() => plan({ brokers: three, topics })).not.toThrow(/fine/);
  });

  it("ignores racks if no replica is added", () => {
    const brokers = three.map((b) => ({ ...b, rack: b.id === 3 ? "b" : b.rack! }));
    const full = { name: "orders", factor: 3, partitions: [partition(0, [1, 2, 3])] };
    expect(plan({ brokers, topics: [full] })).toMatchObject({ changes: [], unchanged: 1 });
    const four = [...brokers, { id: 4, rack: "b" }];
    expect(
      plan({ brokers: four, topics: [{ ...full, partitions: [partition(0, [1, 2, 3, 4])] }] }).changes[0]!.to,
    ).toHaveLength(3);
    expect(() =>
      plan({ brokers, topics: [{ ...full, partitions: [partition(0, [1, 2, 3]), partition(1, [1])] }] }),
    ).toThrow(/topic orders: factor 3, but the 3 brokers are in 2 racks/);
    expect(() => plan({ brokers, topics: [{ ...full, partitions: [] }] })).toThrow(/in 2 racks/);
  });

  it("refuses two replicas in one rack without allowSameRack", () => {
    const brokers = [
      { id: 1, rack: "a" },
      { id: 2, rack: "b" },
      { id: 3, rack: "b" },
    ];
    const topics = [{ name: "orders", factor: 3, partitions: [partition(0, [1])] }];
    expect(() => plan({ brokers, topics })).toThrow(/factor 3, but the 3 brokers are in 2 racks[^]*allowSameRack/);
    expect(plan({ brokers, topics, allowSameRack: true }).changes[0]!.to).toEqual([1, 2, 3]);
  });

  it("reports a replica on a broker that no longer exists", () => {
    const topics = [{ name: "orders", factor: 2, partitions: [partition(0, [9])] }];
    expect(() => plan({ brokers: three, topics })).toThrow(
      /^REPLICATION_BROKER_MISSING[^]*topic orders has replicas on broker 9/,
    );
  });
});
