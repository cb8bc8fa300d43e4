import { isCompacting } from "../log/compaction";
import { addressesIn, meet } from "../addresses";
import type { Clusters } from "../clusters";
import { readConfigEntry } from "../cleanup/formats";
import { readWhole } from "../cleanup/read";
import { type ConnectorState, Connectors } from "../connect-state";
import { isMigrationError } from "../errors";
import { type Circle, circleOf, compileMirror } from "../loop";
import { APACHE_DEFAULT } from "../mirror-configuration";
import type { KafkaPort } from "../kafka/port";
import type { MirrorModel, Side } from "../model";
import { policyKind } from "../naming";
import { STOP } from "../records";
import { topicRule } from "../selection";
import { someOf } from "../units";
import type { PreflightFacts } from "./facts";
import { error, type PreflightFinding, warning } from "./finding";
import type { Addresses, OtherMirror } from "./facts";

/** Maximum number of Connect configuration topics to read on each cluster, and of topics whose settings are read. */
const MOST_READ = 20;
const MOST_LOOKED_AT = 500;
/** A topic is no longer read if so many records at its start are none of Connect's. */
const STRANGERS = 50;

/**
 * Finds other MirrorMaker 2 source connectors. It reads the configuration topics of Connect clusters that are stored on
 * the two clusters: compacted topics with one partition and `config` in the name, those with a usual name first. Topics
 * that this user may not read are skipped.
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
    let read = 0;
    for (const configTopic of topics) {
      if (read === MOST_READ) break;
      const connectors = await connectorsIn(port, configTopic);
      if (connectors === undefined) continue;
      read++;
      for (const [connector, state] of connectors) {
        if (!state.config["connector.class"]?.endsWith("MirrorSourceConnector")) continue;
        found.push({ side, configTopic, connector, config: state.config, target: state.target, alive });
      }
    }
  }
  return found;
}

async function configTopics(port: KafkaPort, own: string | undefined): Promise<string[]> {
  const names = (await port.listTopics()).filter((name) => /config/i.test(name) && name !== own);
  if (names.length === 0) return [];
  const single = (await port.describeTopics(names)).filter(
    (t) => t.partitions.length === 1 && t.partitions[0]!.leader >= 0,
  );
  const [usual, others] = [single.filter((t) => USUAL.test(t.name)), single.filter((t) => !USUAL.test(t.name))];
  return [...usual, ...others].slice(0, MOST_LOOKED_AT).map((t) => t.name);
}

/** The default names of Connect, MirrorMaker 2 and the operators, and most of those that people choose. */
const USUAL = /connect|mirror|mm2|configs$/i;

/** Returns undefined if the topic is not a configuration topic of Connect, or if this user may not read it. */
async function connectorsIn(port: KafkaPort, topic: string): Promise<ReadonlyMap<string, ConnectorState> | undefined> {
  const connectors = new Connectors();
  try {
    const policy = (await port.describeTopicConfigs([topic])).get(topic)?.get("cleanup.policy")?.value;
    if (!isCompacting(policy ?? "")) return undefined;
    let strangers = 0;
    let own = 0;
    await readWhole(port, topic, (key, value) => {
      if (key !== null && readConfigEntry(key, value) !== undefined) own++;
      // A compacted topic of an application, which may be large.
      else if (++strangers >= STRANGERS && own === 0) return STOP;
      connectors.addConfig(key, value);
      return undefined;
    });
  } catch (thrown) {
    if (!isMigrationError(thrown)) throw thrown;
    return undefined;
  }
  return connectors.byName;
}

/**
 * Checks for a mirror that copies migrated topics back to the origin, from where this mirror would copy them again, in
 * an endless loop. Two mirrors in opposite directions are not a loop if they copy no common topic, or if the default
 * policy recognises its own copies by their prefix.
 */
export function checkOpposite(facts: PreflightFacts): PreflightFinding[] {
  const { mirror, others = [], addresses = { origin: [], target: [] }, selected } = facts;
  const topics = selected.map((s) => s.origin.name);
  return others.flatMap((other): PreflightFinding[] => {
    if (!isOpposite(other, mirror, addresses)) return [];
    const circles = circlesThrough(other, mirror, topics);
    if (circles === undefined) return [];
    const { connector, configTopic, side, alive, target } = other;
    const where = `connector ${connector} (in ${configTopic} on the ${side})`;
    const { seen, fix } = textOf(circles, where, mirror, other);
    const works = alive && target === "STARTED";
    const sure = works && circles.doubt === undefined;
    return [
      sure
        ? error("MIRROR_OPPOSITE", seen, fix)
        : warning("MIRROR_OPPOSITE", works ? seen : `${seen} (it does not run now)`, fix),
    ];
  });
}

interface Circles {
  topics: readonly string[];
  circle: Circle;
  /** Why it is not certain that the topics come back. */
  doubt?: string;
}

function textOf({ topics, circle, doubt }: Circles, where: string, mirror: MirrorModel, { config }: OtherMirror) {
  const leaveOut = "leave these topics out of one of the two (mirror.topicsExcludePattern)";
  const names = someOf(topics, 5);
  if (doubt !== undefined) {
    const seen = `${where} may copy migrated topics back from the target to the origin: ${names}; ${doubt}`;
    return { seen, fix: `make sure that it does not, or ${leaveOut}` };
  }
  const seen =
    `${where} copies migrated topics back from the target to the origin: ${names}; ` + "with both mirrors running";
  if (circle === "same") {
    return {
      seen: `${seen} each record is copied again and again until the disks are full`,
      fix: `remove that mirror, or ${leaveOut}`,
    };
  }
  const aliases = `${config["source.cluster.alias"]}->${config["target.cluster.alias"]}`;
  return {
    seen:
      `${seen} there are new copies under longer names without end, because neither recognises the copies of the ` +
      `other (aliases ${mirror.originAlias}->${mirror.targetAlias} and ${aliases})`,
    fix:
      `remove that mirror, or ${leaveOut}, or give both DefaultReplicationPolicy, one separator ` +
      "and the same two aliases for the same two clusters",
  };
}

function isOpposite({ config, side }: OtherMirror, mirror: MirrorModel, addresses: Addresses): boolean {
  const at = (key: string, of: Side) => meet(addressesIn(config[key]), addresses[of]);
  const fromTarget = at("source.cluster.bootstrap.servers", "target");
  // The operators' Connect clusters store their configuration on the cluster that they write to.
  const toOrigin = at("target.cluster.bootstrap.servers", "origin") || side === "origin";
  if (fromTarget) return toOrigin;
  return config["source.cluster.alias"] === mirror.targetAlias && config["target.cluster.alias"] === mirror.originAlias;
}

const OWN_FILTER = "org.apache.kafka.connect.mirror.DefaultTopicFilter";

function modelOf({ config }: OtherMirror, mirror: MirrorModel): MirrorModel {
  const { topicsExcludePattern: _, separator: __, ...rest } = mirror;
  const exclude = config["topics.exclude"] ?? config["topics.blacklist"];
  return {
    ...rest,
    originAlias: config["source.cluster.alias"] ?? "source",
    targetAlias: config["target.cluster.alias"] ?? "target",
    topicsPattern: config["topics"] ?? ".*",
    policyClass: config["replication.policy.class"] ?? APACHE_DEFAULT,
    ...(exclude === undefined ? {} : { topicsExcludePattern: exclude }),
    ...(config["replication.policy.separator"] === undefined
      ? {}
      : { separator: config["replication.policy.separator"] }),
  };
}

/** The topics that both mirrors together copy without end. Undefined: none. */
function circlesThrough(other: OtherMirror, mirror: MirrorModel, topics: readonly string[]): Circles | undefined {
  const { config } = other;
  const model = modelOf(other, mirror);
  const certain = circlesOf(mirror, model, topics);
  // Kafka 4.0 does not read the old spelling. The other mirror's version is not known.
  const old = config["topics.exclude"] === undefined && config["topics.blacklist"] !== undefined;
  if (certain === undefined && old) {
    const { topicsExcludePattern: _, ...all } = model;
    return doubted(
      circlesOf(mirror, all, topics),
      "it excludes them with topics.blacklist, which Kafka 4.0 and later ignore",
    );
  }
  const filter = config["topic.filter.class"] ?? OWN_FILTER;
  if (filter !== OWN_FILTER) return doubted(certain, `its topic.filter.class ${filter} decides this`);
  if (certain !== undefined || isReadable(model)) return certain;
  // Only Java can read the other mirror's pattern. Equal texts match equal topics.
  const { topicsExcludePattern: _, ...all } = { ...model, topicsPattern: ".*" };
  const every = circlesOf(mirror, all, topics);
  return model.topicsPattern === mirror.topicsPattern
    ? every
    : doubted(every, `its pattern ${model.topicsPattern} can be read only by Java`);
}

const doubted = (circles: Circles | undefined, doubt: string): Circles | undefined =>
  circles === undefined ? undefined : { ...circles, doubt };

function circlesOf(mirror: MirrorModel, model: MirrorModel, topics: readonly string[]): Circles | undefined {
  if (!isReadable(model)) return undefined;
  const mirrors = [mirror, model].map(compileMirror);
  const found = topics
    .map((topic) => ({ topic, circle: circleOf(mirrors, topic) }))
    .filter((one) => one.circle !== undefined);
  const worst = (["same", "longer", "unknown"] as const).find((kind) => found.some((one) => one.circle === kind));
  if (worst === undefined) return undefined;
  const circles = { topics: found.filter((one) => one.circle === worst).map(({ topic }) => topic), circle: worst };
  const unknown = [mirror, model].find((one) => policyKind(one) === "unknown")?.policyClass;
  return worst === "unknown" ? { ...circles, doubt: `the names that ${unknown} gives are not known here` } : circles;
}

function isReadable(model: MirrorModel): boolean {
  try {
    topicRule(model);
    return true;
  } catch (thrown) {
    if (isMigrationError(thrown)) return false;
    throw thrown;
  }
}
