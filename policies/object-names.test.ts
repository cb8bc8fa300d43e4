import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import type { DialectName } from "../components/dialects";
import { setOwn } from "../engine/own";
import type { AnyResource } from "./read";
import { all, custom, kafka, stack, step } from "../test/policies/resources";

/** Names that every JavaScript object has. A table that is a plain object seems to contain them. */
const NAMES = ["constructor", "__proto__"];
/** Words that no table contains and that are close to no word of one. */
const STRANGE = ["qqzzqqzz", "qqxxqqxx"];

type Path = readonly (string | number)[];
const places = (value: unknown, path: Path = []): Path[] => [
  path,
  ...(typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))),
];

function at(value: any, path: Path): any {
  return path.reduce((inner, key) => inner[key], value);
}

function resourcesOf(dialect: DialectName): AnyResource[] {
  const rights = {
    aclPrincipal: "User:app",
    aclResourceType: "Topic",
    aclResourceName: "orders",
    aclOperation: "Read",
    aclPermissionType: "Allow",
    aclHost: "*",
    resourcePatternTypeFilter: "Literal",
  };
  const kind = (name: string, spec: object, of = "kafka.strimzi.io/v1") =>
    custom({ apiVersion: of, kind: name, metadata: { name: name.toLowerCase(), namespace: "target-ns" }, spec });
  return stack({
    dialect,
    more: [
      kafka("Topic", { name: "orders", partitions: 3, replicationFactor: 3, config: { "min.insync.replicas": "2" } }),
      kafka("Acl", rights, "elsewhere:9093"),
      kafka("UserScramCredential", { username: "app", scramMechanism: "SCRAM-SHA-512" }, "elsewhere:9093"),
      kind("Kafka", { kafka: { replicas: 3, config: {} }, entityOperator: { userOperator: {} } }),
      kind("KafkaTopic", { partitions: 3, replicas: 3, config: { "cleanup.policy": "delete" } }),
      kind("KafkaConnect", { bootstrapServers: "a:1", config: {}, authentication: { type: "tls" } }),
      kind("KafkaConnector", { class: "org.example.Sink", config: { topics: "orders" } }),
      step("InternalTopic", { phase: "mirror", abandon: false, mirror: { originAlias: "a", targetAlias: "b" } }),
    ],
  });
}

/** The rules that report something, or the error. Messages must not show what a table inherits. */
function verdict(resources: AnyResource[]): string[] {
  try {
    const found = all(resources);
    const messages = found.map(({ message }) => message).filter((m) => /native code|\[object|undefined/.test(m));
    return [...found.map(({ rule }) => rule), ...messages].sort();
  } catch (thrown) {
    return [`thrown: ${String(thrown)} ${(thrown as Error).stack?.split("\n")[1]}`];
  }
}

test("names such as constructor and __proto__ are words like any other", () => {
  const resources = resourcesOf("strimzi-v1beta2");
  const all = resources.flatMap(({ props }, i) => places(props).map((path) => [i, "props", ...path]));
  // The elements of a list are alike.
  const like = ([i, ...path]: Path) => [i, ...path.map((key) => (typeof key === "number" ? "" : key))].join(".");
  const paths = new Map(all.map((path) => [like(path), path]));
  const wrong: string[] = [];
  for (const path of paths.values()) {
    const value = at(resources, path);
    if (typeof value !== "string" && (typeof value !== "object" || value === null || Array.isArray(value))) continue;
    const changed = (words: readonly string[]): AnyResource[] => {
      const set = structuredClone(resources);
      if (typeof value === "string") setOwn(at(set, path.slice(0, -1)), path.at(-1)!, words[0]);
      else for (const word of words) setOwn(at(set, path), word, "1");
      return set;
    };
    const [found, expected] = [verdict(changed(NAMES)), verdict(changed(STRANGE))];
    if (!isDeepStrictEqual(found, expected)) wrong.push(`${path.join(".")}: ${found} instead of ${expected}`);
  }
  expect(wrong).toEqual([]);
});
