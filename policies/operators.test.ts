import { describe, expect, test } from "vitest";
import { aToB, mirrorMakerV1, resource } from "../test/policies/manifests";
import { found } from "../test/policies/resources";

const seen = (one: ReturnType<typeof aToB>) => found("field-refused", [one]).map(({ message }) => message);

describe("a version of Kafka that no operator of the API version runs is reported", () => {
  test.each(["3.9", "4.1"])("two numbers: %s", (version) => {
    expect(seen(aToB({}, { spec: { version } }))).toEqual([
      expect.stringContaining(`spec.version is "${version}", and operators know versions with three numbers only`),
    ]);
  });

  test("Kafka 3 with v1", () => {
    expect(seen(mirrorMakerV1({}, [{}], {}, { version: "3.9.1" }))).toEqual([
      expect.stringMatching(
        /spec\.version is "3\.9\.1", and operators of v1 run Kafka 4\.0\.0 and later: .*leave it out/,
      ),
    ]);
    expect(seen(mirrorMakerV1({}, [{}], {}, { version: "3.9" }))).toHaveLength(1);
    const kafka = resource("Kafka", "a", { kafka: { version: "3.9.0" } }, { apiVersion: "kafka.strimzi.io/v1" });
    expect(seen(kafka).join()).toContain("spec.kafka.version is");
  });

  test.each(["2.8.1", "3.9.0", "4.1.0", "x.y.z", "{{ version }}", "${VERSION}", "4.1.0-rc1"])(
    "but not %s",
    (version) => {
      expect(seen(aToB({}, { spec: { version } }))).toEqual([]);
      expect(seen(mirrorMakerV1({}, [{}], {}, { version: "4.0.0" }))).toEqual([]);
    },
  );
});

describe("a mirror that names clusters by their aliases and has none is reported", () => {
  test("once", () => {
    expect(seen(aToB({}, { spec: { clusters: undefined } }))).toEqual([]);
    const none = aToB();
    delete (none.props.spec as Record<string, unknown>).clusters;
    expect(seen(none)).toEqual([
      expect.stringContaining("spec.clusters is missing: the operator refuses the resource"),
    ]);
  });

  test("if the list is empty, too", () => {
    const messages = found("aliases", [aToB({}, { spec: { clusters: [] } })]).map(({ message }) => message);
    expect(messages).toContainEqual(expect.stringContaining('connectCluster is "b", clusters has no entry: '));
  });

  test("but not with the fields of v1", () => {
    expect(seen(mirrorMakerV1({}, [{}]))).toEqual([]);
  });
});

test.each([
  ["KafkaMirrorMaker2", "v1beta1"],
  ["KafkaNodePool", "v1beta1"],
  ["KafkaUser", "v1beta3"],
])("an API version that %s never had is reported: %s", (kind, version) => {
  const one = resource(kind, "x", {}, { apiVersion: `kafka.strimzi.io/${version}` });
  expect(seen(one).join()).toMatch(
    /apiVersion is "kafka\.strimzi\.io\/v1beta\d", which no version of Strimzi has for Kafka/,
  );
  for (const other of ["kafka.strimzi.io/v1beta2", "kafka.strimzi.io/v1", "eventstreams.ibm.com/v1beta1"])
    expect(seen(resource(kind, "x", {}, { apiVersion: other })).join()).not.toContain("apiVersion");
});

describe("a Connect cluster with the mirror's group and storage topics is reported", () => {
  const names = (prefix: string) => ({
    "group.id": prefix,
    "offset.storage.topic": `${prefix}-offsets`,
    "config.storage.topic": `${prefix}-configs`,
    "status.storage.topic": `${prefix}-status`,
  });
  const connect = (spec: object) =>
    resource("KafkaConnect", "sinks", { bootstrapServers: "b-kafka-bootstrap.ns.svc:9093", ...spec });
  const mirror = (config: object) => aToB({}, { clusters: { a: {}, b: { config } } });
  const shared = (config: object, spec: object) =>
    found("storage-topics-unique", [mirror(config), connect(spec)]).map(({ message }) => message);

  test("with the defaults of Connect, or with written names", () => {
    expect(shared(names("connect-cluster"), {})).toEqual([
      expect.stringMatching(
        /KafkaConnect ns\/sinks has the same names for .*"connect-cluster-offsets".*Connect's group "connect-cluster": .*clusters\[1\]\.config/,
      ),
    ]);
    expect(shared(names("x"), { config: names("x") })).toHaveLength(1);
    expect(shared({ "group.id": "x" }, { groupId: "x" })).toHaveLength(1);
  });

  test("but not another group, or the same one on another cluster", () => {
    expect(shared({}, {})).toEqual([]);
    expect(shared(names("x"), { config: names("y") })).toEqual([]);
    expect(shared(names("x"), { config: names("x"), bootstrapServers: "c-kafka-bootstrap:9093" })).toEqual([]);
    expect(shared(names("x"), { config: names("x"), bootstrapServers: undefined })).toEqual([]);
  });
});
