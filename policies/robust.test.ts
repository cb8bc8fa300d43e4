import { unknownCheckingProxy } from "@pulumi/policy";
import fc from "fast-check";
import { expect, test } from "vitest";
import { dialects, type DialectName } from "../components/dialects";
import type { AnyResource } from "./read";
import { all, custom, kafka, stack, step } from "../test/policies/resources";

/** Pulumi's marker for a value that it knows only after the update. */
const LATER = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Values that nobody should write, or that an error in a program can produce. */
const JUNK = [
  null,
  undefined,
  "",
  "x",
  3,
  -1,
  NaN,
  true,
  [],
  {},
  LATER,
  LATER,
  [null],
  [LATER],
  [[]],
  { a: null },
  ["x"],
  [{}],
  "([",
];

type Path = readonly (string | number)[];
const places = (value: unknown, path: Path = []): Path[] =>
  typeof value !== "object" || value === null
    ? [path]
    : [
        ...(path.length === 0 ? [] : [path]),
        ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key])),
      ];

function put(value: any, path: Path, junk: unknown): void {
  for (const key of path.slice(0, -1)) {
    if (typeof value?.[key] !== "object" || value[key] === null) return;
    value = value[key];
  }
  value[path.at(-1)!] = structuredClone(junk);
}

test("the rules never fail, whatever the resources contain", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(dialects) as DialectName[])),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom(...JUNK)), { minLength: 1, maxLength: 4 }),
      (dialect, changes) => {
        const resources: AnyResource[] = stack({
          dialect,
          more: [
            kafka("Topic", {
              name: "orders",
              partitions: 3,
              replicationFactor: 3,
              config: { "min.insync.replicas": "2" },
            }),
            kafka(
              "Acl",
              {
                aclPrincipal: "User:app",
                aclResourceType: "Topic",
                aclResourceName: "orders",
                aclOperation: "Read",
                aclPermissionType: "Allow",
                aclHost: "*",
              },
              "elsewhere:9093",
            ),
            kafka("UserScramCredential", { username: "app" }, "elsewhere:9093"),
            custom({
              apiVersion: "kafka.strimzi.io/v1",
              kind: "Kafka",
              metadata: { name: "target", namespace: "target-ns" },
              spec: { kafka: { replicas: 3 }, entityOperator: { userOperator: {} } },
            }),
            custom({
              apiVersion: "kafka.strimzi.io/v1",
              kind: "KafkaTopic",
              metadata: { name: "orders", namespace: "target-ns", labels: { "strimzi.io/cluster": "target" } },
              spec: { partitions: 3, replicas: 3, config: {} },
            }),
            custom({
              apiVersion: "v1",
              kind: "Secret",
              metadata: { name: "origin-cluster-ca-cert", namespace: "migration" },
              data: { "ca.crt": "a" },
            }),
            {
              type: "pulumi:providers:kafka",
              name: "p",
              urn: "p",
              props: { bootstrapServers: '["x:1"]', tlsEnabled: "true" },
            },
            step("InternalTopic", {
              phase: "mirror",
              abandon: false,
              mirror: { originAlias: "a", targetAlias: "b", groupId: "c" },
            }),
            step("CheckpointsTopic", { mode: "when-applied" }),
          ],
        });
        const everywhere = resources.flatMap(({ props, provider }, i) => [
          ...places(props).map((path) => [i, "props", ...path]),
          ...(provider ? places(provider.props).map((path) => [i, "provider", "props", ...path]) : []),
        ]);
        const set = structuredClone(resources);
        for (const [at, junk] of changes) put(set, everywhere[at % everywhere.length]!, junk);
        const handed = set.map((r) => ({
          ...r,
          props: unknownCheckingProxy(r.props),
          ...(r.provider === undefined
            ? {}
            : { provider: { ...r.provider, props: unknownCheckingProxy(r.provider.props) } }),
        }));
        expect(() => all(handed)).not.toThrow();
      },
    ),
    { numRuns: 600 },
  );
});
