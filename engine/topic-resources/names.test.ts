import fc from "fast-check";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { isResourceName, resourceName } from "./names";

const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");
/** RFC 1123: labels of at most any length here, joined with dots, 253 characters in all. */
const RFC_1123 = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const topicName = fc
  .string({ unit: fc.constantFrom(..."abzABZ019._-".split("")), minLength: 1, maxLength: 249 })
  .filter((name) => name !== "." && name !== "..");

describe("the name of a topic's KafkaTopic", () => {
  test("is one that the API server accepts, and differs between topics", () => {
    fc.assert(
      fc.property(fc.uniqueArray(topicName, { maxLength: 30 }), (topics) => {
        const taken = new Set<string>();
        for (const topic of topics) {
          const name = resourceName(topic, (one) => taken.has(one));
          expect(name).toMatch(RFC_1123);
          expect(taken.has(name)).toBe(false);
          taken.add(name);
        }
      }),
    );
  });

  test("is the topic's name wherever Kubernetes accepts it", () => {
    fc.assert(
      fc.property(topicName, (topic) => {
        expect(resourceName(topic) === topic).toBe(RFC_1123.test(topic));
        expect(isResourceName(topic)).toBe(RFC_1123.test(topic));
      }),
    );
  });

  // The first three are the names that Strimzi's Topic Operator gave its own topics.
  test.each([
    ["__consumer_offsets", "consumer-offsets---84e7a678d08f4bd226872e5cdd4eb527fadc1c6a"],
    ["__strimzi_store_topic", "strimzi-store-topic---effb8e3e057afce1ecf67c3f5d8e4e3ff177fc55"],
    [
      "__strimzi-topic-operator-kstreams-topic-store-changelog",
      "strimzi-topic-operator-kstreams-topic-store-changelog---b75e702040b99be8a9263134de3507fc0cc4017b",
    ],
    ["Orders", `orders---${sha1("Orders")}`],
    ["a_.-b", `a-b---${sha1("a_.-b")}`],
    ["_._", sha1("_._")],
    ["orders.", `orders---${sha1("orders.")}`],
    ["x".repeat(249), "x".repeat(249)],
    ["X".repeat(249), `${"x".repeat(210)}---${sha1("X".repeat(249))}`],
  ])("%s", (topic, name) => {
    expect(resourceName(topic)).toBe(name);
  });

  test("gets the hash if another object has the topic's name, and another one if that is taken, too", () => {
    const hashed = `orders---${sha1("orders")}`;
    expect(resourceName("orders", (name) => name === "orders")).toBe(hashed);
    expect(resourceName("orders", (name) => ["orders", hashed].includes(name))).toBe(`orders---${sha1("orders+")}`);
  });
});
