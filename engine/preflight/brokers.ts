import { isMigrationError } from "../errors";
import { internalTopics } from "../naming";
import { planReplication, type ReplicationRule, wantedFactors } from "../replication";
import { countText } from "../units";
import { error, type PreflightFinding, findingOf, warning } from "./finding";
import type { BrokerFacts, PreflightFacts } from "./facts";

/** The replication factors that will be requested. Kafka's and MirrorMaker 2's default for each internal topic is 3. */
export interface FactorOptions {
  /**
   * `offset.storage.replication.factor` of the workers. Also used for the config and status topics if their own options
   * are absent. Default 3.
   */
  storageReplicationFactor?: number;
  /** `config.storage.replication.factor`. Default: `storageReplicationFactor`. */
  configStorageReplicationFactor?: number;
  /** `status.storage.replication.factor`. Default: `storageReplicationFactor`. */
  statusStorageReplicationFactor?: number;
  /** `checkpoints.topic.replication.factor`. Default 3. */
  checkpointsReplicationFactor?: number;
  /** `offset-syncs.topic.replication.factor`. Default 3. */
  offsetSyncsReplicationFactor?: number;
  /** `heartbeats.topic.replication.factor`. Default 3. */
  heartbeatsReplicationFactor?: number;
  /** The rules of the replication reset, to check now whether it will fit. */
  replication?: { rules?: readonly ReplicationRule[]; allowSameRack?: boolean };
}

/**
 * Checks that there are enough brokers for every factor, and that the factors satisfy the brokers'
 * `min.insync.replicas`.
 */
export function checkBrokers(facts: PreflightFacts, options: FactorOptions): PreflightFinding[] {
  return [...factorsNow(facts, options), ...resetLater(facts, options), ...brokerSettings(facts)];
}

interface Asked {
  what: string;
  key: string;
  side: "origin" | "target";
  factor: number;
  /** The topic already exists, so its factor does not matter. */
  exists: boolean;
}

function askedFactors(facts: PreflightFacts, options: FactorOptions): Asked[] {
  const { mirror, internals } = facts;
  const settings = {
    offsets: ["offset.storage.replication.factor", options.storageReplicationFactor],
    configs: [
      "config.storage.replication.factor",
      options.configStorageReplicationFactor ?? options.storageReplicationFactor,
    ],
    status: [
      "status.storage.replication.factor",
      options.statusStorageReplicationFactor ?? options.storageReplicationFactor,
    ],
    checkpoints: ["checkpoints.topic.replication.factor", options.checkpointsReplicationFactor],
    "offset-syncs": ["offset-syncs.topic.replication.factor", options.offsetSyncsReplicationFactor],
    heartbeats: ["heartbeats.topic.replication.factor", options.heartbeatsReplicationFactor],
  } as const;
  return [
    {
      what: "the copied topics",
      key: "replication.factor",
      side: "target",
      factor: mirror.replicationFactor,
      exists: facts.selected.length > 0 && facts.selected.every((s) => s.target !== undefined),
    },
    ...internalTopics(mirror).map((t): Asked => {
      const [key, factor = 3] = settings[t.kind];
      return {
        what: `topic ${t.name}`,
        key,
        side: t.side,
        factor,
        exists: internals.some((i) => i.kind === t.kind && i.state !== "absent"),
      };
    }),
  ];
}

function factorsNow(facts: PreflightFacts, options: FactorOptions): PreflightFinding[] {
  return askedFactors(facts, options).flatMap(({ what, key, side, factor: asked, exists }) => {
    if (exists) return [];
    const { brokers } = facts[side];
    // -1 means the brokers' default (KIP-464).
    const factor = asked === -1 ? Number(brokers[0]?.settings["default.replication.factor"] ?? 1) : asked;
    if (factor > brokers.length) {
      return [
        error(
          "BROKERS_TOO_FEW",
          `${what} on the ${side} would get ${countText(factor, "replica")} (${key}), but it has ` +
            `${countText(brokers.length, "broker")}`,
          `set ${key} to ${brokers.length} or less`,
        ),
      ];
    }
    const least = Math.max(1, ...brokers.map((b) => Number(b.settings["min.insync.replicas"] ?? 1)));
    if (factor < least) {
      return [
        error(
          "MIN_INSYNC_TOO_HIGH",
          `${what} on the ${side} would get ${countText(factor, "replica")} (${key}), but its brokers ask for ` +
            `${least} in sync (min.insync.replicas): every write with acks=all would be refused`,
          `set ${key} to ${least} or more`,
        ),
      ];
    }
    return [];
  });
}

/** Makes the same decision as the reset will make, for the topics as they are on the origin. */
function resetLater(facts: PreflightFacts, options: FactorOptions): PreflightFinding[] {
  const { rules, allowSameRack } = options.replication ?? {};
  try {
    const wanted = wantedFactors(
      facts.selected.map((s) => ({ name: s.targetName, factor: s.origin.factor, minInsync: 1 })),
      rules ?? [],
    );
    // A topic that already has the wanted factor on the target needs no new replicas.
    const there = new Map(facts.selected.map((s) => [s.targetName, s.target?.factor ?? 0]));
    const growing = [...wanted].filter(([name, { factor }]) => factor !== there.get(name));
    const topics = growing.map(([name, { factor }]) => ({ name, factor, partitions: [] }));
    planReplication({ brokers: facts.target.brokers, allowSameRack: allowSameRack ?? false, topics });
    return [];
  } catch (thrown) {
    if (isMigrationError(thrown)) return [findingOf(thrown)];
    throw thrown;
  }
}

function brokerSettings(facts: PreflightFacts): PreflightFinding[] {
  const findings: PreflightFinding[] = [];
  const having = (brokers: readonly BrokerFacts[], key: string, value: string) =>
    brokers.filter((b) => b.settings[key] === value).map((b) => b.id);
  for (const side of ["origin", "target"] as const) {
    const locked = having(facts[side].brokers, "delete.topic.enable", "false");
    const own = internalTopics(facts.mirror).some((t) => t.side === side);
    if (locked.length > 0 && own) {
      findings.push(
        error(
          "TOPIC_DELETION_DISABLED",
          `broker ${locked.join(", ")} of the ${side} does not delete topics (delete.topic.enable=false), so the ` +
            "mirror's own could not be removed",
          "set delete.topic.enable=true on these brokers",
        ),
      );
    }
  }
  const auto = having(facts.target.brokers, "auto.create.topics.enable", "true");
  if (auto.length > 0) {
    findings.push(
      warning(
        "TARGET_AUTO_CREATES",
        `broker ${auto.join(", ")} of the target makes topics that clients ask for ` +
          "(auto.create.topics.enable=true): a client that starts too early makes a migrated topic with the wrong " +
          "partition count",
        "set auto.create.topics.enable=false on the target, or start no client there before the cutover",
      ),
    );
  }
  return findings;
}
