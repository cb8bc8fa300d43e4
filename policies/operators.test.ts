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
