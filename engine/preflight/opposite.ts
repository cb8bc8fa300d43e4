import type { Clusters } from "../clusters";
import { readWhole } from "../cleanup/read";
import { type ConnectorState, Connectors } from "../connect-state";
import { isMigrationError } from "../errors";
import type { KafkaPort } from "../kafka/port";
import type { MirrorModel, Side } from "../model";
import { targetTopicName } from "../naming";
import { topicRule } from "../selection";
import { someOf } from "../units";
import type { PreflightFacts } from "./facts";
import { error, type Finding, warning } from "./finding";

/** A source connector of another MirrorMaker 2, from the configuration that Connect stores on one of the clusters. */
export interface OtherMirror {
  /** The cluster on which its Connect cluster stores the configuration. */
  side: Side;
  configTopic: string;
  connector: string;
  config: Readonly<Record<string, string>>;
  /** `STARTED`, `PAUSED` or `STOPPED`. */
  target: string;
  /** True if a Connect cluster other than this mirror's runs there now. */
  alive: boolean;
}

/** Maximum number of Connect configuration topics to read on each cluster. */
const MOST_TOPICS = 20;

/**
 * Finds other MirrorMaker 2 source connectors. It reads the configuration topics of Connect clusters that are stored on
 * the two clusters: compacted topics with one partition and `config` in the name. Topics that this user may not read
 * are skipped.
 */
export async function readOtherMirrors(clusters: Clusters, mirror: MirrorModel): Promise<OtherMirror[]> {
  const found: OtherMirror[] = [];
  for (const side of ["origin", "target"] as const) {
    const port = clusters[side];
    const topics = await configTopics(port, side === "target" ? mirror.configStorageTopic : undefined);
    if (topics.length === 0) continue;
    const groups = await port.listGroups();
    const ours = side === "target" ? mirror.groupId : undefined;
    const alive = groups.some(
      (g) => g.protocolType === "connect" && g.groupId !== ours && g.state !== "Empty" && g.state !== "Dead",
    );
    for (const configTopic of topics) {
      for (const [connector, state] of await connectorsIn(port, configTopic)) {
        if (!state.config["connector.class"]?.endsWith("MirrorSourceConnector")) continue;
        found.push({ side, configTopic, connector, config: state.config, target: state.target, alive });
      }
    }
  }
  return found;
}

async function configTopics(port: KafkaPort, own: string | undefined): Promise<string[]> {
  const names = (await port.listTopics()).filter((name) => /config/i.test(name) && name !== own).slice(0, MOST_TOPICS);
  if (names.length === 0) return [];
  const single = (await port.describeTopics(names)).filter(
    (t) => t.partitions.length === 1 && t.partitions[0]!.leader >= 0,
  );
  return single.map((t) => t.name);
}

async function connectorsIn(port: KafkaPort, topic: string): Promise<ReadonlyMap<string, ConnectorState>> {
  const connectors = new Connectors();
  try {
    const policy = (await port.describeTopicConfigs([topic])).get(topic)?.get("cleanup.policy")?.value;
    if (policy?.includes("compact") === true)
      await readWhole(port, topic, (key, value) => connectors.addConfig(key, value));
  } catch (thrown) {
    if (!isMigrationError(thrown)) throw thrown;
  }
  return connectors.byName;
}

/** The known addresses of each cluster: `host:port`. */
export type Addresses = Readonly<Record<Side, readonly string[]>>;

/**
 * Checks for a mirror that copies migrated topics back to the origin. This mirror would copy them again, in an endless
 * loop.
 */
export function checkOpposite(facts: PreflightFacts): Finding[] {
  const { mirror, others = [], addresses = { origin: [], target: [] }, selected } = facts;
  return others.flatMap((other): Finding[] => {
    if (!isOpposite(other, mirror, addresses)) return [];
    const loops = selected
      .filter((s) => comesBack(s.targetName, modelOf(other, mirror), mirror))
      .map((s) => s.origin.name);
    if (loops.length === 0) return [];
    const { connector, configTopic, side, alive, target } = other;
    const seen =
      `connector ${connector} (in ${configTopic} on the ${side}) copies migrated topics back from the target to the origin: ${someOf(loops, 5)}; ` +
      "with both mirrors running each record is copied again and again until the disks are full";
    const fix = "remove that mirror, or leave these topics out of one of the two (mirror.topicsExcludePattern)";
    const works = alive && target === "STARTED";
    return [
      works ? error("MIRROR_OPPOSITE", seen, fix) : warning("MIRROR_OPPOSITE", `${seen} (it does not run now)`, fix),
    ];
  });
}

function isOpposite({ config, side }: OtherMirror, mirror: MirrorModel, addresses: Addresses): boolean {
  const at = (key: string, of: Side) => servers(config[key]).some((address) => addresses[of].includes(address));
  const fromTarget = at("source.cluster.bootstrap.servers", "target");
  // The operators' Connect clusters store their configuration on the cluster that they write to.
  const toOrigin = at("target.cluster.bootstrap.servers", "origin") || side === "origin";
  if (fromTarget) return toOrigin;
  return config["source.cluster.alias"] === mirror.targetAlias && config["target.cluster.alias"] === mirror.originAlias;
}

/** The `host:port` entries of a list, in lower case. */
export function servers(list: string | undefined): string[] {
  return (list ?? "")
    .split(",")
    .map((s) => s.trim().toLowerCase())
    .filter((s) => s !== "");
}

function modelOf({ config }: OtherMirror, mirror: MirrorModel): MirrorModel {
  const { topicsExcludePattern: _, separator: __, ...rest } = mirror;
  return {
    ...rest,
    originAlias: config["source.cluster.alias"] ?? "source",
    targetAlias: config["target.cluster.alias"] ?? "target",
    topicsPattern: config["topics"] ?? ".*",
    policyClass: config["replication.policy.class"] ?? "org.apache.kafka.connect.mirror.DefaultReplicationPolicy",
    ...(config["topics.exclude"] === undefined ? {} : { topicsExcludePattern: config["topics.exclude"] }),
    ...(config["replication.policy.separator"] === undefined
      ? {}
      : { separator: config["replication.policy.separator"] }),
  };
}

/** Returns true if the other mirror copies the topic back and this mirror would copy it again. */
function comesBack(copy: string, other: MirrorModel, mirror: MirrorModel): boolean {
  try {
    return topicRule(other)(copy) === undefined && topicRule(mirror)(targetTopicName(other, copy)) === undefined;
  } catch (thrown) {
    // The other mirror's pattern cannot be evaluated here, so compare the texts.
    if (isMigrationError(thrown)) return other.topicsPattern === mirror.topicsPattern;
    throw thrown;
  }
}
