import fc from "fast-check";
import { expect, test } from "vitest";
import { dialects, type DialectName } from "../components/dialects";
import { resolveMigration } from "../components/migration/checks";
import type { MigrationArgs } from "../components/settings/migration";
import { all, stack, step } from "../test/policies/resources";
import { runs } from "../test/support/runs";

const STEPS = ["Gate", "Replication", "ConsumerOffsets", "InternalTopic", "MirrorGone"].map((kind) =>
  step(kind, { phase: "mirror", abandon: false }),
);
const cluster = (side: string) => ({
  bootstrapServers: `${side}-kafka-bootstrap:9093`,
  operator: { cluster: side, namespace: `${side}-ns` },
});

/** Each key with values that are right, values that are wrong, and values that are wrong together with another key. */
const VALUES: Record<string, readonly (string | number | boolean)[]> = {
  "replication.policy.class": [
    "org.apache.kafka.connect.mirror.IdentityReplicationPolicy",
    "org.apache.kafka.connect.mirror.DefaultReplicationPolicy",
    "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy",
  ],
  "replication.policy.separator": ["", ".", "-"],
  "offset-syncs.topic.location": ["source", "target"],
  "sync.topic.acls.enabled": ["true", "false", true],
  "exactly.once.support": ["required", "requested"],
  "consumer.isolation.level": ["read_committed", "read_uncommitted"],
  "producer.override.enable.idempotence": [true, false, "false"],
  "producer.override.max.in.flight.requests.per.connection": [1, 5, 6],
  "producer.override.max.request.size": [1048576, 50000000],
  "producer.override.security.protocol": ["PLAINTEXT", "SASL_SSL"],
  "emit.checkpoints.enabled": ["false", true],
  "sync.group.offsets.enabled": ["true", false],
  "tasks.max": [4],
  "consumer.sasl.jaas.config": ['x required password="a";', 'x required password="${secrets:a/b:c}";'],
  "source.cluster.ssl.endpoint.identification.algorithm": ["", "HTTPS"],
};
const WORKERS: Record<string, readonly (string | number | boolean)[]> = {
  "exactly.once.source.support": ["enabled", "disabled"],
  "offset.storage.replication.factor": [1, 3, -1],
  "ssl.provider": ["x"],
  "producer.max.in.flight.requests.per.connection": [5, 6],
  "producer.enable.idempotence": [true, false],
  "schema.registry.password": ["a", "${secrets:a/b:c}"],
};

const some = (values: typeof VALUES, maxLength: number) =>
  fc
    .subarray(Object.keys(values), { maxLength })
    .chain((keys) => fc.record(Object.fromEntries(keys.map((key) => [key, fc.constantFrom(...values[key]!)]))));
const settings = fc.record(
  {
    dialect: fc.constantFrom(...(Object.keys(dialects) as DialectName[])),
    profile: fc.constantFrom("guide" as const, "least" as const, "tuned" as const),
    exactlyOnce: fc.boolean(),
    heartbeatConnector: fc.constant({}),
    topicsPattern: fc.constantFrom(".*", "orders,payments-.*"),
    replicationFactor: fc.constantFrom(1, 3),
    // These values are the same in both connectors, because most of the keys must agree.
    both: some(VALUES, 2),
    source: some(VALUES, 1),
    checkpoint: some(VALUES, 1),
    workers: some(WORKERS, 1),
    alias: fc.constantFrom("origin", "target-cluster"),
    brokers: fc.constantFrom(1, 3),
  },
  { requiredKeys: ["dialect"] },
);

const OF_THE_GUIDE = ["origin-write-everything", "acl-unneeded", "acl-meaningless"];

test("a migration that the component accepts passes the policy pack, except for the guide's wide rights", () => {
  let [refused, accepted] = [0, 0];
  fc.assert(
    fc.property(settings, ({ dialect, profile, both, source, checkpoint, workers, alias, brokers, ...rest }) => {
      const connectors = {
        sourceConnector: { config: { ...both, ...source } },
        checkpointConnector: { config: { ...both, ...checkpoint } },
      };
      const mirror = { ...rest, ...connectors };
      const origin = alias === undefined ? {} : { alias };
      const target = {
        ...(workers === undefined ? {} : { config: workers }),
        ...(brokers === undefined ? {} : { brokers }),
      };
      const args = {
        dialect,
        ...(profile === undefined ? {} : { profile }),
        mirror,
        origin: { ...cluster("origin"), ...origin },
        target: { ...cluster("target"), ...target },
      } as MigrationArgs;
      try {
        resolveMigration(args);
      } catch {
        refused++;
        return;
      }
      accepted++;
      const { bootstrapServers: from } = cluster("origin");
      const { bootstrapServers: to } = cluster("target");
      const resources = stack({
        dialect,
        mirror: {
          ...mirror,
          profile,
          origin: { bootstrapServers: from, ...origin },
          target: { bootstrapServers: to, ...target },
        },
        more: STEPS,
      });
      const found = all(resources).filter(
        (f) =>
          (f.level === "mandatory" || f.rule.startsWith("acl-")) &&
          !(profile === "guide" && OF_THE_GUIDE.includes(f.rule)),
      );
      expect(found.map((f) => f.message)).toEqual([]);
    }),
    { numRuns: runs(800) },
  );
  // Both results must occur often enough to mean something. One in eight is accepted; the bound leaves room for chance.
  expect(Math.min(refused, accepted)).toBeGreaterThan(runs(30));
});
