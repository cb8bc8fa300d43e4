import { describe, expect, test } from "vitest";
import { found } from "./resources";
import { aToB, identity, mirrorMaker, mirrorMakerV1 } from "./manifests";

const seen = (rule: string, resources: ReturnType<typeof aToB>[], settings = {}) => found(rule, resources, settings).map(({ message }) => message);

describe("names", () => {
  test.each(["storage-topics-in-pattern", "pattern-swallows"])("%s: a copy that gets another name is read by nobody", (rule) => {
    const everything = (source: object, checkpoint = source) => [aToB({ topicsPattern: ".*", source, checkpoint })];
    expect(seen(rule, everything({}))).toEqual([]);
    expect(seen(rule, everything({ "replication.policy.separator": "-" }))).toEqual([]);
    expect(seen(rule, everything({ "replication.policy.class": "com.example.OurPolicy" }))).toEqual([]);
    expect(seen(rule, everything(identity))).toHaveLength(1);
  });

  const west = (address: string, metadata: object = {}) => mirrorMakerV1({ bootstrapServers: address }, [{}], { namespace: "west", ...metadata });
  const east = (address: string) => mirrorMakerV1({ bootstrapServers: address }, [{}], { namespace: "east" });
  test.each([
    ["a short service name is another cluster in each namespace", "b-kafka-bootstrap:9092", "b-kafka-bootstrap:9092", 0],
    ["a short service name and the whole one", "b-kafka-bootstrap:9092", "b-kafka-bootstrap.west.svc.cluster.local:9093", 0],
    ["the whole name of one cluster, through two listeners", "b-kafka-bootstrap.x.svc:9092", "b-kafka-tls-bootstrap.x:9093", 1],
    ["lists with one server in common", "k1.example.org:9092,k2.example.org:9092", "k3.example.org:9092,k2.example.org:9092", 1],
    ["two servers of one host", "k1.example.org:9092", "k1.example.org:9192", 0],
  ])("storage-topics-unique: %s", (_what, one, other, count) => {
    expect(seen("storage-topics-unique", [east(one), west(other)])).toHaveLength(count);
  });

  test("storage-topics-unique: the same short name in two Kubernetes clusters", () => {
    const at = (resource: ReturnType<typeof west>, name: string) => ({ ...resource, provider: { name, props: {} } });
    const [one, other] = [west("b-kafka-bootstrap:9092"), west("b-kafka-bootstrap:9092", { name: "other" })];
    expect(seen("storage-topics-unique", [at(one, "blue"), at(other, "green")])).toEqual([]);
    expect(seen("storage-topics-unique", [at(one, "blue"), at(other, "blue")])).toHaveLength(1);
  });

  test("storage-topics-unique: two versions of one resource are not two mirrors", () => {
    expect(seen("storage-topics-unique", [west("b-kafka-bootstrap:9092"), { ...west("b-kafka-bootstrap:9092"), urn: "second" }])).toEqual([]);
  });

  test("storage-topics-unique: mirrors of one pair of clusters keep their offset syncs side by side", () => {
    const own = { groupId: "g2", configStorageTopic: "c2", statusStorageTopic: "s2", offsetStorageTopic: "o2" };
    const first = mirrorMakerV1({}, [{}]);
    expect(seen("storage-topics-unique", [first, mirrorMakerV1(own, [{}], { name: "second" })])).toEqual([]);
    const elsewhere = mirrorMakerV1({ ...own, bootstrapServers: "third-kafka-bootstrap:9092" }, [{}], { name: "second" });
    expect(seen("storage-topics-unique", [first, elsewhere])).toEqual([expect.stringContaining('"mm2-offset-syncs.b.internal" on the origin is used by two mirrors')]);
  });

  test("storage-topics-unique: one message for all that two mirrors share, with the dialect's field names", () => {
    const twice = (make: (name: string) => ReturnType<typeof aToB>) => seen("storage-topics-unique", [make("one"), make("two")]);
    const old = twice((name) => aToB({}, { name }));
    expect(old).toEqual([expect.stringMatching(/each of these is used by two mirrors: the offsets topic .+Connect's group .+group\.id, .+ in clusters\[1\]\.config/)]);
    expect(twice((name) => mirrorMakerV1({}, [{}], { name }))).toEqual([expect.stringContaining("statusStorageTopic of target")]);
  });
});

describe("several entries of one resource", () => {
  const three = (third: object = {}) =>
    mirrorMaker({
      clusters: { a: {}, b: {}, c: {}, hub: {} },
      connectCluster: "hub",
      flows: ["a", "b", "c"].map((from) => ({ from, to: "hub", topicsPattern: ".*", source: { ...identity, ...(from === "c" ? third : {}) }, checkpoint: { ...identity, ...(from === "c" ? third : {}) } })),
    });

  test("the same about all of them is said once, about the resource", () => {
    expect(seen("pattern-swallows", [three()])).toEqual([expect.stringMatching(/^KafkaMirrorMaker2 ns\/mm2: topicsPattern/)]);
  });

  test("the same about some of them is said once, with the list of them", () => {
    const different = three({ "replication.policy.class": "com.example.OurPolicy" });
    expect(seen("pattern-swallows", [different])).toEqual([expect.stringMatching(/^KafkaMirrorMaker2 ns\/mm2 mirrors\[0\], mirrors\[1\]: topicsPattern/)]);
  });
});
