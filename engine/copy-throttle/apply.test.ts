import { expect, test } from "vitest";
import type { ClientQuota, KafkaPort } from "../kafka/port";
import type { Side } from "../model";
import { applyThrottle, isOff, type ThrottleOptions } from "./apply";
import { LIMITING_QUOTA, type ThrottledUsers } from "./decide";
import { brokersOf, copyShares } from "./share";
import { testMirror } from "../../test/support/models";

/** A cluster whose brokers follow a change of a quota one look after the other. */
class FakeCluster {
  readonly changes: string[] = [];
  supported = true;
  /** `max.message.bytes` of each topic. */
  batches: Record<string, number> = {};
  private looks = 0;

  constructor(
    readonly side: Side,
    readonly brokers: number,
    public quotas: ClientQuota[] = [],
    private readonly lag = 0,
  ) {}

  private shown = new Map<number, ClientQuota[]>();

  port(): KafkaPort {
    return {
      side: this.side,
      close: async () => {},
      describeCluster: async () => ({ brokers: Array.from({ length: this.brokers }, (_, id) => ({ id })) }),
      listTopics: async () => Object.keys(this.batches),
      describeTopicConfigs: async (names: readonly string[]) =>
        new Map(
          names.map((name) => [name, new Map([["max.message.bytes", { value: String(this.batches[name]) }]])] as const),
        ),
      clientQuotas: async (broker?: number) => {
        if (!this.supported) return undefined;
        if (broker === undefined) return this.quotas;
        this.looks++;
        if (this.looks > this.lag * (broker + 1)) this.shown.set(broker, this.quotas);
        return this.shown.get(broker) ?? [];
      },
      alterUserQuota: async (user: string, key: string, value: number | null) => {
        this.changes.push(`${user} ${key} ${value}`);
        this.looks = 0;
        const others = this.quotas.filter((q) => q.user !== user);
        this.quotas = value === null ? others : [...others, { user, values: { [key]: value } }];
      },
    } as unknown as KafkaPort;
  }
}

const model = {
  origin: { bootstrapServers: "o:1" },
  target: { bootstrapServers: "t:1" },
  mirror: testMirror({ topicsPattern: "orders|videos|pictures" }),
};
const USERS: ThrottledUsers = {
  origin: { principal: "User:CN=mm2", operator: false },
  target: { principal: "User:mm2", operator: false },
};
const SHARES = { origin: 300_000, target: 100_000 };

function world(origin = new FakeCluster("origin", 1), target = new FakeCluster("target", 3, [], 2)) {
  const clusters = { origin, target };
  const lines: string[] = [];
  const progress = { info: (line: string) => lines.push(line), warn: (line: string) => lines.push(`! ${line}`) };
  const open = async (_connection: unknown, side: Side) => clusters[side].port();
  const options = { users: USERS, shares: SHARES, limited: true, before: null, limitMs: 60_000 };
  return {
    ...clusters,
    lines,
    open,
    apply: (more: Partial<ThrottleOptions> = {}) => applyThrottle(model, { ...options, ...more }, progress, open),
    shares: (bytesPerSecond: number, unlimited: readonly Side[] = ["origin", "target"], users = USERS) =>
      copyShares(model, { bytesPerSecond, fetchBytes: 110_000, users, unlimited }, progress, open),
    isOff: (users = USERS) => isOff(model, { users, shares: SHARES }, open),
  };
}

test("the limit is set on both clusters and the call returns when every broker shows it", async () => {
  const at = world();
  await at.apply();
  expect(at.origin.changes).toEqual(["CN=mm2 consumer_byte_rate 300000"]);
  expect(at.target.changes).toEqual(["mm2 producer_byte_rate 100000"]);
  expect(at.lines).toContain("User:mm2 has producer_byte_rate 100000 on each broker of the target");
  expect(await at.target.port().clientQuotas(2)).toEqual(at.target.quotas);
});

test("a second run changes nothing", async () => {
  const at = world();
  await at.apply();
  await at.apply();
  await at.apply({ before: SHARES });
  expect([...at.origin.changes, ...at.target.changes]).toHaveLength(2);
});

test("a run that was interrupted between the clusters is completed, whether it set or lifted the limit", async () => {
  const at = world();
  await at.apply({ sides: ["origin"] });
  await at.apply();
  await at.apply({ limited: false, before: SHARES, sides: ["target"] });
  // The state of the interrupted run still has the limits.
  await at.apply({ limited: false, before: SHARES });
  expect([...at.origin.quotas, ...at.target.quotas]).toEqual([]);
  await at.apply({ limited: false });
  expect([...at.origin.changes, ...at.target.changes]).toHaveLength(4);
});

test("a limit that an unrecorded run set is lifted, too", async () => {
  const at = world();
  await at.apply();
  await at.apply({ limited: false, before: null });
  expect([...at.origin.quotas, ...at.target.quotas]).toEqual([]);
});

test("somebody else's quota is neither changed nor removed", async () => {
  const quotas = [{ user: "mm2", values: { producer_byte_rate: 7 } }];
  const at = world(undefined, new FakeCluster("target", 3, quotas));
  await expect(at.apply({ sides: ["target"] })).rejects.toThrow(
    /^QUOTA_TAKEN: User:mm2 has producer_byte_rate 7 on the target; it was not changed, because nothing records that this migration set it/,
  );
  await at.apply({ limited: false });
  expect(at.lines).toContainEqual(expect.stringMatching(/^! the producer_byte_rate 7 .* left as it is$/));
  expect(at.target.quotas).toEqual(quotas);
  expect(at.target.changes).toEqual([]);
});

test("a limit of the migration that somebody changed is set or lifted, and the change is reported", async () => {
  const quotas = [{ user: "mm2", values: { producer_byte_rate: 7 } }];
  const said =
    "! somebody has changed the producer_byte_rate of User:mm2 on the target to 7 since this migration set it";
  for (const [limited, end] of [
    [true, "it becomes 100000. To change it, set mirror.throttleBytesPerSecond"],
    [false, "it is removed"],
  ] as const) {
    const at = world(undefined, new FakeCluster("target", 3, quotas));
    await at.apply({ limited, before: SHARES });
    expect(at.lines.filter((line) => line.startsWith("!"))).toEqual([`${said} to 100000; ${end}`]);
    expect(at.target.quotas[0]?.values).toEqual(limited ? { producer_byte_rate: 100_000 } : undefined);
  }
});

test("quotas of somebody else on both sides are one error with both fixes", async () => {
  const at = world(
    new FakeCluster("origin", 1, [{ user: "CN=mm2", values: { consumer_byte_rate: 9 } }]),
    new FakeCluster("target", 3, [{ user: "mm2", values: { producer_byte_rate: 7 } }]),
  );
  const refused = await at.apply().then(
    () => "",
    (error: Error) => error.message,
  );
  expect(refused).toMatch(/^QUOTA_TAKEN: User:CN=mm2 has consumer_byte_rate 9 on the origin/);
  expect(refused).toContain("- QUOTA_TAKEN: User:mm2 has producer_byte_rate 7 on the target");
  expect(refused).toContain("--delete-config consumer_byte_rate");
  expect(refused).toContain("--delete-config producer_byte_rate");
});

test("a broker that does not show the lifted limit is an error, before anything of the cutover happens", async () => {
  const at = world(undefined, new FakeCluster("target", 3, [], 2));
  await at.apply();
  const stuck = world(
    at.origin,
    new FakeCluster("target", 1, [{ user: "mm2", values: { producer_byte_rate: 100_000 } }]),
  );
  const operated = { ...USERS, target: { ...USERS.target, operator: true } };
  await expect(stuck.apply({ users: operated, limited: false, before: SHARES, limitMs: 0 })).rejects.toThrow(
    /^QUOTA_NOT_SHOWN: 1 broker of the target did not show producer_byte_rate removed for User:mm2 .*broker 0: 100000[^]*KafkaUser/,
  );
});

test("the quotas of an operator's user are only read", async () => {
  const operated: ThrottledUsers = {
    origin: { ...USERS.origin, operator: true },
    target: { ...USERS.target, operator: true },
  };
  const quotas = (side: Side) => [
    { user: USERS[side].principal.slice(5), values: { [LIMITING_QUOTA[side]]: SHARES[side] } },
  ];
  const at = world(
    new FakeCluster("origin", 1, quotas("origin"), 1),
    new FakeCluster("target", 3, quotas("target"), 2),
  );
  await at.apply({ users: operated });
  [at.origin.quotas, at.target.quotas] = [[], []];
  await at.apply({ users: operated, limited: false, before: SHARES });
  expect([...at.origin.changes, ...at.target.changes]).toEqual([]);
  expect(await at.isOff(operated)).toBe(false);
});

test("the next up sets a limit again that disappeared", async () => {
  const at = world();
  await at.apply();
  expect(await at.isOff()).toBe(false);
  at.origin.quotas = [];
  expect(await at.isOff()).toBe(true);
});

test("each broker gets an equal share of the rate, and of the origin what a response leaves unused", async () => {
  const at = world();
  expect(await at.shares(1_000_000)).toEqual({
    brokers: { origin: 1, target: 3 },
    shares: { origin: 1_010_000, target: 349_999 },
  });
  expect(at.lines.join("\n")).toContain("producer_byte_rate of User:mm2 on the target is 349999, on each of 3 brokers");
  expect(await brokersOf(model, at.open)).toEqual({ origin: 1, target: 3 });
});

test("a user that already has such a quota is refused, with every quota and how to remove it", async () => {
  const at = world(
    new FakeCluster("origin", 1, [{ user: "CN=mm2", clientId: "a", values: { consumer_byte_rate: 9 } }]),
    new FakeCluster("target", 3, [{ user: "mm2", values: { producer_byte_rate: 7 } }]),
  );
  const refused = await at.shares(1_000_000).then(
    () => "",
    (error: Error) => error.message,
  );
  expect(refused).toMatch(/^QUOTA_TAKEN/);
  expect(refused).toContain("User:CN=mm2 on the origin has consumer_byte_rate 9 for client id a");
  expect(refused).toContain("User:mm2 on the target has producer_byte_rate 7");
  // The quota of a client id is another one than that of the user.
  expect(refused).toContain(
    "kafka-configs.sh --bootstrap-server ORIGIN --alter --delete-config consumer_byte_rate --entity-type users " +
      "--entity-name CN=mm2 --entity-type clients --entity-name a; kafka-configs.sh --bootstrap-server TARGET " +
      "--alter --delete-config producer_byte_rate --entity-type users --entity-name mm2",
  );
  // Once the migration has set its own, they are no reason to stop.
  await at.shares(1_000_000, []);
});

test("a lower quota of every user is a warning: the mirror gets more than it has without a limit", async () => {
  const lower = [{ user: null, values: { consumer_byte_rate: 500_000 } }];
  const at = world(new FakeCluster("origin", 1, lower), new FakeCluster("target", 3));
  await at.shares(1_000_000);
  expect(at.lines.filter((line) => line.startsWith("!"))).toEqual([
    expect.stringMatching(/^! the origin has consumer_byte_rate 500000 for every user\. .*User:CN=mm2.*1010000/),
  ]);
});

test("a rate that is too low for the number of brokers is refused, with the lowest that works", async () => {
  await expect(world().shares(300_000)).rejects.toThrow(
    /THROTTLE_TOO_LOW: .*100000 on each of 3 brokers of the target.*at least 131072[^]*to at least 393216/,
  );
});

test("brokers without requests for quotas are refused", async () => {
  const at = world();
  at.target.supported = false;
  await expect(at.shares(1_000_000)).rejects.toThrow(/KAFKA_UNSUPPORTED: the target's brokers.*2\.6/);
});

test("topics whose batches a limited broker may never send are named, with the lowest rate that sends them", async () => {
  const at = world(new FakeCluster("origin", 2));
  at.origin.batches = { orders: 1_048_588, videos: 20_000_000, pictures: 5_000_000, "not-copied": 50_000_000 };
  await at.shares(1_000_000);
  const [warned, ...more] = at.lines.filter((line) => line.startsWith("!"));
  expect(more).toEqual([]);
  expect(warned).toContain("a batch of more than 5000000 bytes");
  expect(warned).toContain("(max.message.bytes): videos 20000000.");
  expect(warned).toContain("mirror.throttleBytesPerSecond 4000000 or more");
});
