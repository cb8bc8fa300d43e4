import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CountingPort, openKafka } from "./client";
import type { Acl } from "./port";
import type { Out } from "./wire";
import {
  ALL_APIS,
  type Answer,
  type FakeBroker,
  fetched,
  metadata,
  startFakeBroker,
} from "../../test/engine/kafka/fake-broker";

let broker: FakeBroker;
let port: CountingPort;

beforeEach(async () => {
  broker = await startFakeBroker();
  port = await openKafka({ bootstrapServers: `127.0.0.1:${broker.port}` }, "origin");
});
afterEach(async () => {
  await port.close();
  await broker.stop();
});

const of = (name: string) => broker.asked.filter((a) => a.api.name === name);

const acl: Acl = {
  resourceType: "topic",
  resourceName: "t",
  patternType: "literal",
  principal: "User:a",
  host: "*",
  operation: "Read",
  permission: "allow",
};

/** The response to a description of the empty group `g` in the form of the newer protocols. */
function described(out: Out, toMembers: () => unknown, error = 0): void {
  out.int32(0).list(["g"], (g) => {
    out.int16(error).string(null).string(g).string("Empty").int32(0).int32(0);
    toMembers();
    out.list([], () => {}).int32(0);
  });
  out.tags();
}

/** A response with an empty list. */
const nothing = (out: Out) =>
  out
    .int32(0)
    .list([], () => {})
    .tags();

/** A call and two responses to it. The first response lacks the requested data, the second has it. */
const LACKING: Record<
  string,
  { call: (port: CountingPort) => Promise<unknown>; first: (out: Out) => void; second: (out: Out) => void }
> = {
  ListOffsets: {
    call: (p) => p.listOffsets([{ topic: "t", partition: 0 }], "latest"),
    first: (out) => out.int32(0).list([], () => {}),
    second: (out) =>
      out
        .int32(0)
        .list(["t"], (t) => out.string(t).list([0], (p) => out.int32(p).int16(0).int64(-1n).int64(9n).int32(0))),
  },
  Fetch: {
    call: (p) => p.fetch([{ topic: "t", partition: 0, offset: 7n }]),
    first: fetched(0, false),
    second: fetched(0, true),
  },
  Produce: {
    call: (p) => p.append("t", [{ key: Buffer.from("k"), value: Buffer.from("v") }]),
    first: (out) => out.list([], () => {}).int32(0),
    second: (out) =>
      out
        .list(["t"], (t) =>
          out.string(t).list([0], (p) =>
            out
              .int32(p)
              .int16(0)
              .int64(0n)
              .int64(-1n)
              .int64(0n)
              .list([], () => {})
              .string(null),
          ),
        )
        .int32(0),
  },
  DescribeConfigs: {
    call: (p) => p.describeTopicConfigs(["t"]),
    first: (out) => out.int32(0).list([], () => {}),
    second: (out) =>
      out.int32(0).list(["t"], (t) =>
        out
          .int16(0)
          .string(null)
          .int8(2)
          .string(t)
          .list([], () => {}),
      ),
  },
  IncrementalAlterConfigs: {
    call: (p) => p.incrementalAlterConfigs([{ resource: { type: "topic", name: "t" }, set: { a: "b" } }]),
    first: (out) => out.int32(0).list([], () => {}),
    second: (out) => out.int32(0).list(["t"], (t) => out.int16(0).string(null).int8(2).string(t)),
  },
  OffsetFetch: {
    call: (p) => p.groupOffsets(["g"]),
    first: nothing,
    second: (out) =>
      out
        .int32(0)
        .list(["g"], (g) =>
          out
            .string(g)
            .list([], () => {})
            .int16(0),
        )
        .tags(),
  },
  OffsetCommit: {
    call: (p) => p.alterGroupOffsets("g", [{ topic: "t", partition: 0, offset: 1n, metadata: "" }]),
    first: (out) =>
      out
        .int32(0)
        .list(["t"], (t) => out.string(t).list([], () => {}))
        .tags(),
    second: (out) =>
      out
        .int32(0)
        .list(["t"], (t) => out.string(t).list([0], (p) => out.int32(p).int16(0)))
        .tags(),
  },
  OffsetDelete: {
    call: (p) => p.deleteGroupOffsets("g", [{ topic: "t", partition: 0 }]),
    first: (out) =>
      out
        .int16(0)
        .int32(0)
        .list([], () => {}),
    second: (out) =>
      out
        .int16(0)
        .int32(0)
        .list(["t"], (t) => out.string(t).list([0], (p) => out.int32(p).int16(0))),
  },
  DeleteGroups: {
    call: (p) => p.deleteGroups(["g"]),
    first: nothing,
    second: (out) =>
      out
        .int32(0)
        .list(["g"], (g) => out.string(g).int16(0))
        .tags(),
  },
  CreateAcls: {
    call: (p) => p.createAcls([acl]),
    first: nothing,
    second: (out) =>
      out
        .int32(0)
        .list([0], () => out.int16(0).string(null))
        .tags(),
  },
  DeleteAcls: {
    call: (p) => p.deleteAcls([acl]),
    first: nothing,
    second: (out) =>
      out
        .int32(0)
        .list([0], () =>
          out
            .int16(0)
            .string(null)
            .list([], () => {}),
        )
        .tags(),
  },
  AlterPartitionReassignments: {
    call: (p) => p.alterReassignments([{ topic: "t", partition: 0, replicas: [1] }]),
    first: (out) =>
      out
        .int32(0)
        .int16(0)
        .string(null)
        .list([], () => {})
        .tags(),
    second: (out) =>
      out
        .int32(0)
        .int16(0)
        .string(null)
        .list(["t"], (t) => out.string(t).list([0], (p) => out.int32(p).int16(0).string(null)))
        .tags(),
  },
  ElectLeaders: {
    call: (p) => p.electPreferredLeaders([{ topic: "t", partition: 0 }]),
    first: (out) =>
      out
        .int32(0)
        .int16(0)
        .list([], () => {})
        .tags(),
    second: (out) =>
      out
        .int32(0)
        .int16(0)
        .list(["t"], (t) => out.string(t).list([0], (p) => out.int32(p).int16(0).string(null)))
        .tags(),
  },
  DescribeProducers: {
    call: (p) => p.activeProducers([{ topic: "t", partition: 0 }]),
    first: nothing,
    second: (out) =>
      out
        .int32(0)
        .list(["t"], (t) =>
          out.string(t).list([0], (p) =>
            out
              .int32(p)
              .int16(0)
              .string(null)
              .list([], () => {}),
          ),
        )
        .tags(),
  },
  DescribeUserScramCredentials: {
    call: (p) => p.scramMechanisms("u"),
    first: (out) =>
      out
        .int32(0)
        .int16(0)
        .string(null)
        .list([], () => {})
        .tags(),
    second: (out) =>
      out
        .int32(0)
        .int16(0)
        .string(null)
        .list(["u"], (u) =>
          out
            .string(u)
            .int16(91)
            .string(null)
            .list([], () => {}),
        )
        .tags(),
  },
  DescribeLogDirs: {
    call: (p) => p.partitionSizes(["t"]),
    first: (out) =>
      out
        .int32(0)
        .int16(0)
        .list([], () => {})
        .tags(),
    second: (out) =>
      out
        .int32(0)
        .int16(0)
        .list(["/data"], (folder) =>
          out
            .int16(0)
            .string(folder)
            .list(["t"], (t) => out.string(t).list([0], (p) => out.int32(p).int64(5n).int64(0n).boolean(false))),
        )
        .tags(),
  },
  CreateTopics: {
    call: (p) => p.createTopic("t", { partitions: 1, replicationFactor: 1 }),
    first: nothing,
    second: (out) =>
      out
        .int32(0)
        .list(["t"], (t) =>
          out
            .string(t)
            .int16(0)
            .string(null)
            .int32(1)
            .int16(1)
            .list([], () => {}),
        )
        .tags(),
  },
  DeleteTopics: {
    call: (p) => p.deleteTopics(["t"]),
    first: nothing,
    second: (out) => {
      // The deletion waits until the brokers no longer show the topic.
      broker.answer.Metadata = () => metadata(broker, [{ name: "t", error: 3 }]);
      out
        .int32(0)
        .list(["t"], (t) => out.string(t).int16(0))
        .tags();
    },
  },
  DescribeGroups: {
    call: (p) => p.groupOperations(["g"]),
    first: nothing,
    second: (out) =>
      out
        .int32(0)
        .list(["g"], (g) =>
          out
            .int16(0)
            .string(g)
            .string("Empty")
            .string("consumer")
            .string("")
            .list([], () => {})
            .int32(0),
        )
        .tags(),
  },
  ConsumerGroupDescribe: {
    call: (p) => p.describeGroups(["g"]),
    first: nothing,
    second: (out) => described(out, () => out.string("uniform")),
  },
  StreamsGroupDescribe: {
    call: (p) => {
      // Neither of the older requests knows the group.
      broker.answer.ConsumerGroupDescribe = () => (out) => described(out, () => out.string(""), 69);
      broker.answer.DescribeGroups = () => (out) =>
        out
          .int32(0)
          .list(["g"], (g) =>
            out
              .int16(0)
              .string(g)
              .string("Dead")
              .string("")
              .string("")
              .list([], () => {})
              .int32(0),
          )
          .tags();
      return p.describeGroups(["g"]);
    },
    first: nothing,
    second: (out) => described(out, () => out.int8(-1)),
  },
  DescribeTransactions: {
    call: (p) => p.mayDescribeTransactionalId("t"),
    first: nothing,
    second: (out) =>
      out
        .int32(0)
        .list(["t"], (t) =>
          out
            .int16(0)
            .string(t)
            .string("Empty")
            .int32(0)
            .int64(0n)
            .int64(1n)
            .int16(0)
            .list([], () => {}),
        )
        .tags(),
  },
  ListPartitionReassignments: {
    call: (p) => p.listReassignments(),
    // NOT_CONTROLLER is a temporary error.
    first: (out) =>
      out
        .int32(0)
        .int16(41)
        .string(null)
        .list([], () => {})
        .tags(),
    second: (out) =>
      out
        .int32(0)
        .int16(0)
        .string(null)
        .list([], () => {})
        .tags(),
  },
  DescribeCluster: {
    call: (p) => p.describeCluster(),
    first: (out) =>
      out
        .int32(0)
        .int16(0)
        .string(null)
        .string("")
        .int32(-1)
        .list([], () => {})
        .int32(0)
        .tags(),
    second: (out) =>
      out
        .int32(0)
        .int16(0)
        .string(null)
        .string("fake")
        .int32(1)
        .list([1], (id) => out.int32(id).string("127.0.0.1").int32(broker.port).string(null))
        .int32(0)
        .tags(),
  },
};

/** Requests whose response has no part that could be missing, or that are tested elsewhere. */
const WHOLE: Record<string, string> = {
  Metadata: "topic lists (answers.test.ts)",
  FindCoordinator: "below",
  ListGroups: "each broker lists its own groups; an error is asked again (DescribeCluster, everyBroker)",
  ListTransactions: "each broker lists its own transactions, as for groups",
  DescribeAcls: "a filter, not names",
  DescribeClientQuotas: "a filter, not names",
  AlterClientQuotas: "the entity without a response is asked again (answers.test.ts)",
};

const coordinator =
  (group: string): Answer =>
  (out) =>
    void out
      .int32(0)
      .list([group], (g) => out.string(g).int32(1).string("127.0.0.1").int32(broker.port).int16(0).string(null))
      .tags();

describe("a response that lacks requested data is requested again, never treated as complete", () => {
  it.each(Object.keys(LACKING))("%s", async (name) => {
    broker.answer.Metadata = () => metadata(broker, [{ name: "t" }]);
    broker.answer.FindCoordinator = () => coordinator("g");
    broker.answer[name] = (before) => (before === 0 ? LACKING[name]!.first : LACKING[name]!.second);
    await LACKING[name]!.call(port);
    expect(of(name)).toHaveLength(2);
  });

  it("for every request that the engine sends", () => {
    const names = new Set(ALL_APIS.map((api) => api.name));
    expect([...names].filter((name) => LACKING[name] === undefined && WHOLE[name] === undefined)).toEqual([]);
  });

  it("FindCoordinator", async () => {
    broker.answer.FindCoordinator = (before) =>
      before === 0
        ? (out) =>
            void out
              .int32(0)
              .list([], () => {})
              .tags()
        : coordinator("g");
    broker.answer.OffsetFetch = () => LACKING.OffsetFetch!.second;
    expect((await port.groupOffsets(["g"])).get("g")).toEqual([]);
  });
});

describe("a request that meets the end of a session (KIP-368)", () => {
  // Brokers refuse a request during a login with ILLEGAL_SASL_STATE.
  const ILLEGAL_SASL_STATE = 34;

  it("is sent again", async () => {
    broker.answer.DescribeCluster = (before) =>
      before === 0
        ? (out) =>
            out
              .int32(0)
              .int16(ILLEGAL_SASL_STATE)
              .string(null)
              .string("")
              .int32(-1)
              .list([], () => {})
              .int32(0)
              .tags()
        : LACKING.DescribeCluster!.second;
    expect((await port.describeCluster()).brokers).toHaveLength(1);
    broker.answer.ListGroups = (before) => (out) =>
      out
        .int32(0)
        .int16(before === 0 ? ILLEGAL_SASL_STATE : 0)
        .list(before === 0 ? [] : ["g"], (g) => out.string(g).string("consumer").string("Empty").string("classic"))
        .tags();
    expect(await port.listGroups()).toMatchObject([{ groupId: "g" }]);
  });
});

describe("a lookup by time", () => {
  it("before the epoch finds the start of the log, because -1 and -2 mean the end and the start", async () => {
    const asked: bigint[] = [];
    broker.answer.Metadata = () => metadata(broker, [{ name: "t" }]);
    broker.answer.ListOffsets = (_, question) => {
      question.int32();
      question.int8();
      question.list(() => {
        question.string();
        question.list(() => {
          question.int32();
          question.int32();
          asked.push(question.int64());
        });
      });
      return LACKING.ListOffsets!.second;
    };
    const partition = { topic: "t", partition: 0 };
    for (const at of [-1, -5, 0, 17] as const) await port.listOffsets([partition], at);
    await port.listOffsets([partition], () => -1);
    expect(asked).toEqual([-2n, -2n, 0n, 17n, -2n]);
  });
});
