import { setTimeout as sleep } from "node:timers/promises";
import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import type { ConnectCluster } from "../connectors";
import { isMigrationError, MigrationError } from "../errors";
import { aclsIfAny, withoutFences } from "../fence";
import type { MigrationModel, MirrorModel } from "../model";
import type { OffsetOptions } from "../offsets";
import { wholeMirror } from "../parts";
import { principalOf } from "../preflight/ask";
import type { Progress } from "../progress";
import { applicationOf } from "../streams";
import { countText } from "../units";
import { connectClusters, mirrorsIn } from "./connect";
import { deploymentsOf } from "./deployments";
import type { OperatorObjects } from "./objects";
import { ownTopics } from "./own";
import { inventoryQuotas } from "./quotas";
import { readGroups } from "./read-groups";
import { mirrorsByTopics, readStorage, registries } from "./read-services";
import { readTopics } from "./read-topics";
import { sorted } from "./sort";
import { topicResources } from "./topic-resources";
import { streamsFate, topicFates } from "./topics";
import type { Fate, Inventory, InventoryGroup, InventoryStreams, InventoryTopic } from "./types";
import { UNREAD } from "./unread";
import { inventoryUsers } from "./users";
import type { Optional } from "./types";

export interface InventoryOptions {
  /** Which groups move in addition to the mirror's patterns. */
  offsets?: OffsetOptions;
  /**
   * Principals of the mirror and of the migration's administrators, besides the one that logs in here. Default none.
   */
  own?: readonly string[];
  /** Connect clusters whose source connectors' offsets the cutovers copy. Default none. */
  connectors?: readonly ConnectCluster[];
  /** Setting `topics`: the cutover writes KafkaTopics of the migrated topics. Absent: it does not. */
  ownership?: "resources" | "files";
  /** The resources of the origin's operator. Absent: the origin has none. */
  objects?: OperatorObjects;
  /** True if an operator manages the users of the target. Default false. */
  targetHasOperator?: boolean;
  /** Least time over which rates are measured, ms. Default 5,000. */
  measureMs?: number;
  /** What the caller could not read. Default none. */
  unread?: readonly string[];
}

const MEASURE_MS = 5_000;

/** Errors after which one part of the inventory is unknown. After any other error there is no inventory. */
const REFUSED = ["KAFKA_UNAUTHORIZED", "KAFKA_REFUSED", "KAFKA_UNSUPPORTED", "KAFKA_UNKNOWN_TOPIC"];

/**
 * Lists what exists on the origin, and what the migration does with it. Reads only. `signal` ends it at once.
 * @throws MigrationError if a cluster cannot be reached
 */
export async function takeInventory(
  model: MigrationModel,
  options: InventoryOptions,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<Inventory> {
  const administrator = principalOf(model.origin);
  const own = [...(options.own ?? []), ...(administrator === undefined ? [] : [administrator])];
  return withClusters(
    model,
    (clusters) => read(clusters, wholeMirror(model.mirror), { ...options, own }, progress, signal),
    open,
    { progress, signal },
  );
}

async function read(
  { origin, target }: Clusters,
  mirror: MirrorModel,
  options: InventoryOptions,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<Inventory> {
  const unread = [...(options.unread ?? [])];
  const optional: Optional = async (what, work) => {
    try {
      return await work();
    } catch (error) {
      if (!isMigrationError(error) || !REFUSED.includes(error.code)) throw error;
      unread.push(`${what}: ${error.fix}`);
      return undefined;
    }
  };
  progress.info("inventory: reading both clusters");
  const startedAt = Date.now();
  const [topics, principals, onTarget, clusterIds] = await Promise.all([
    readTopics(origin, mirror, optional, progress),
    readPrincipals(origin, optional),
    optional("the topics of the target", () => target.listTopics()),
    Promise.all([origin, target].map(async (port) => (await port.describeCluster()).clusterId)),
  ]);
  unread.push(...topics.refused);
  const fateOf = topicFates(mirror);
  const { groups, hidden } = await readGroups(origin, mirror, options.offsets ?? {}, topics.ends, fateOf, progress);
  if (hidden > 0) unread.push(`${countText(hidden, "group")}: grant the administrator Describe on every group`);
  const isOwn = ownTopics(mirror);
  const contents = new Map([...topics.contents].filter(([topic]) => !isOwn(topic)));
  const storage = await optional("the storage topics of Connect clusters", () => readStorage(origin, contents));
  const left = startedAt + (options.measureMs ?? MEASURE_MS) - Date.now();
  if (left > 0) await sleep(left, undefined, signal === undefined ? {} : { signal });
  const entries = await topics.finish(new Set(onTarget), fateOf);

  const names = new Set(entries.map((t) => t.name));
  const fates = new Map(groups.map(({ name, moves, when, why, todo }) => [name, fate({ moves, when, why, todo })]));
  const connect = {
    ...(storage ?? { configs: [], offsets: [], status: [] }),
    groups: groups
      .filter((g) => g.protocol === "connect")
      .map((g) => ({ name: g.name, hosts: g.now?.members.map((m) => m.host) ?? [] })),
    topics: names,
    copied: options.connectors ?? [],
    groupFate: (group: string) => fates.get(group),
  };
  const mirrors = mirrorsIn(connect);
  return sorted({
    format: 1,
    origin: clusterIds[0] ?? "",
    target: clusterIds[1] ?? "",
    users: inventoryUsers({
      ...principals,
      objects: options.objects,
      own: new Set(options.own),
      targetHasOperator: options.targetHasOperator ?? false,
    }),
    quotas: inventoryQuotas(principals.quotas ?? []),
    topics: entries,
    groups,
    streams: streamsOf(groups, entries),
    topicResources: topicResources(options.objects?.topics ?? [], {
      fateOf,
      names,
      isOwned: options.ownership !== undefined,
    }),
    deployments: deploymentsOf(options.objects?.deployments ?? [], options.objects?.cluster),
    connect: connectClusters(connect),
    registries: registries([...names], contents, fateOf),
    mirrors: [...mirrors, ...mirrorsByTopics(contents, mirrors)],
    unread,
  });
}

/** Only the fields that are there. */
function fate(all: { [key in keyof Fate]: Fate[key] | undefined }): Fate {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as Fate;
}

async function readPrincipals(origin: Clusters["origin"], optional: Optional) {
  const acls = await optional(UNREAD.acls, async () => (await aclsIfAny(origin)) ?? []);
  const [scram, quotas] = [
    await optional(UNREAD.scram, async () => tooOld(await origin.scramUsers(), "2.7")),
    await optional(UNREAD.quotas, async () => tooOld(await origin.clientQuotas(), "2.6")),
  ];
  return { acls: withoutFences(acls ?? []), scram, quotas };
}

/** Brokers that are too old return nothing, which is not the same as an empty list. */
function tooOld<T>(found: T | undefined, version: string): T {
  if (found !== undefined) return found;
  throw new MigrationError("KAFKA_UNSUPPORTED", "the brokers do not return them", {
    fix: `list them yourself: brokers return them since Kafka ${version}`,
  });
}

/** Applications whose group exists: those of the Streams protocol, and those with internal topics. */
function streamsOf(groups: readonly InventoryGroup[], topics: readonly InventoryTopic[]): InventoryStreams[] {
  const known = new Set(groups.map((g) => g.name));
  const byApplication = new Map<string, InventoryTopic[]>();
  for (const { name, type } of groups) if (type === "streams") byApplication.set(name, []);
  for (const topic of topics) {
    const application = applicationOf(topic.name, known);
    if (application === undefined) continue;
    byApplication.set(application, [...(byApplication.get(application) ?? []), topic]);
  }
  return [...byApplication].map(([application, own]) => ({
    application,
    topics: own.map((t) => t.name),
    ...streamsFate(groups.find((g) => g.name === application)!, own),
  }));
}
