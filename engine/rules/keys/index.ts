import { ADMIN, CLIENT, CONSUMER, PRODUCER, SECURITY } from "./clients";
import { CHECKPOINT, CONNECTOR, HEARTBEAT, MIRROR, SOURCE, SOURCE_AND_CHECKPOINT, WORKER } from "./connect";
import { type Facts, factsOf, type KeyFact } from "./fact";
import { nearKey } from "./near";
import { BROKER, LIBRDKAFKA, SINK, STANDALONE, TOPIC } from "./others";

export { refusedClass } from "./classes";
export { absence, type KeyFact, refusal, RESET } from "./fact";

/** Where keys are written: the configuration of a connector, of the target (the workers' own), or of the origin. */
export type Block = "source" | "checkpoint" | "heartbeat" | "target" | "origin";
type Client = "producer" | "consumer" | "admin";

const connector = (...own: string[]) => factsOf(CONNECTOR, MIRROR, SECURITY, ...own);
const CONNECTION = `${SECURITY}
bootstrap.servers list`;
const MIRRORS = [
  "replication.policy.class",
  "replication.policy.separator",
  "replication.policy.internal.topic.separator.enabled",
  "forwarding.admin.class",
];

/** The keys that each block reads without a prefix. */
export const BLOCKS: Readonly<Record<Block, Facts>> = {
  source: connector(SOURCE, SOURCE_AND_CHECKPOINT),
  checkpoint: connector(CHECKPOINT, SOURCE_AND_CHECKPOINT),
  heartbeat: connector(HEARTBEAT),
  target: factsOf(WORKER, SECURITY),
  // It becomes `source.cluster.` of the connectors, which read only these keys from it (MirrorClientConfig).
  origin: new Map(
    [...factsOf(CONNECTION, MIRROR)].filter(
      ([name, fact]) => MIRRORS.includes(name) || factsOf(CONNECTION).has(fact.name),
    ),
  ),
};

export const CLIENTS: Readonly<Record<Client, Facts>> = {
  producer: factsOf(CLIENT, PRODUCER, SECURITY),
  consumer: factsOf(CLIENT, CONSUMER, SECURITY),
  admin: factsOf(CLIENT, ADMIN, SECURITY),
};
const security = factsOf(SECURITY);
const names = (text: string) => new Set(text.split(/\s+/).filter((name) => name !== ""));
const [topic, broker, librdkafka] = [names(TOPIC), names(BROKER), names(LIBRDKAFKA)];
const [sink, standalone] = [names(SINK), names(STANDALONE)];

const PREFIXES = [
  "producer.override.",
  "consumer.override.",
  "admin.override.",
  "source.producer.",
  "source.consumer.",
  "source.admin.",
  "target.producer.",
  "target.consumer.",
  "target.admin.",
  "producer.",
  "consumer.",
  "admin.",
];
/** After these prefixes any key is allowed. */
const OPEN: Readonly<Record<"connector" | "worker", readonly string[]>> = {
  connector: [
    "transforms.",
    "predicates.",
    "topic.creation.",
    "key.converter.",
    "value.converter.",
    "header.converter.",
    "config.providers.",
    "metrics.context.",
    "sasl.",
    "ssl.",
  ],
  worker: [
    "config.providers.",
    "listeners.",
    "admin.listeners.",
    "key.converter.",
    "value.converter.",
    "header.converter.",
    "internal.key.converter.",
    "internal.value.converter.",
    "metrics.context.",
    "rest.",
    "sasl.",
    "ssl.",
  ],
};
/** Settings of the workers' storage topics (KIP-605). */
const STORAGE = /^(config|offset|status)\.storage\.(.+)$/;

const FIELDS: Record<string, string> = {
  topicsPattern: "mirrors[]",
  topicsExcludePattern: "mirrors[]",
  topicsBlacklistPattern: "mirrors[]",
  groupsPattern: "mirrors[]",
  groupsExcludePattern: "mirrors[]",
  groupsBlacklistPattern: "mirrors[]",
  tasksMax: "the connector, beside config",
  autoRestart: "the connector, beside config",
};

export type Reading =
  /** `client`: the client that reads the key, if the key has a prefix. */
  | { is: "read"; fact: KeyFact; prefix?: string; client?: Client }
  /** `belongs`: where to write the correct key, if not here. */
  | { is: "misspelt"; meant: string; belongs?: string }
  /** A known key that is not read here. `why`: who reads it. `instead`: where to write it. */
  | { is: "misplaced"; why: string; instead: string }
  /** Possibly a key of a plugin. */
  | { is: "unknown" };

/** @param strict true if the block configures a custom class, which may read keys of its own */
export function read(block: Block, key: string, strict = false): Reading {
  const worker = block === "target" || block === "origin";
  const own = BLOCKS[block];
  const fact = own.get(key);
  if (fact !== undefined) return { is: "read", fact };
  const cluster = worker ? undefined : CLUSTERS.find((p) => key.startsWith(p));
  if (cluster !== undefined) return ofCluster(cluster, key.slice(cluster.length), strict);
  const unread = block === "origin" ? PREFIXES.find((p) => key.startsWith(p)) : undefined;
  if (unread !== undefined) return ofOrigin(unread, key.slice(unread.length), strict);
  const prefix =
    block === "origin" ? undefined : PREFIXES.find((p) => key.startsWith(p) && (!worker || p.split(".").length === 2));
  const nearPrefixed = () => (worker ? undefined : nearKey(key, prefixedLike(key), strict));
  if (prefix !== undefined) {
    const found = ofClient(prefix, key.slice(prefix.length), strict);
    const other = found.is === "unknown" ? (nearKey(key, own.keys(), true) ?? nearPrefixed()) : undefined;
    return other === undefined ? found : { is: "misspelt", meant: other };
  }
  // Login modules may have keys of their own.
  const typo = !worker && /^s(as|s)l\./.test(key) ? nearKey(key, security.keys(), true) : undefined;
  if (typo !== undefined) return { is: "misspelt", meant: typo };
  const storage = block === "target" ? STORAGE.exec(key)?.[2] : undefined;
  const open = OPEN[worker ? "worker" : "connector"].some((one) => key.startsWith(one));
  // `topic.creation.enable` is the workers' key. All others under this prefix belong to connectors.
  const workers = !worker && key.startsWith("topic.creation.") && BLOCKS.target.has(key);
  if ((storage !== undefined && topic.has(storage)) || (open && !workers)) return { is: "unknown" };
  if (worker && key.startsWith("topic.creation."))
    return {
      is: "misplaced",
      why: "only connectors read it",
      instead: "leave it out: MirrorMaker 2 creates its topics",
    };
  const elsewhere = whoReads(block, key);
  if (elsewhere !== undefined) return { is: "misplaced", ...elsewhere };
  const here = nearKey(key, own.keys(), strict) ?? nearPrefixed();
  if (here !== undefined) return { is: "misspelt", meant: here };
  const there = nearKey(key, otherKeys(block), strict);
  if (there === undefined) return { is: "unknown" };
  const place = whoReads(block, there);
  return {
    is: "misspelt",
    meant: there,
    ...(place === undefined ? {} : { belongs: `${place.why}: ${place.instead}` }),
  };
}

/** The keys of clients under the prefixes that this key may mean. */
const prefixedLike = (key: string): string[] =>
  PREFIXES.flatMap((p) => (sameStart(key, p) ? [...CLIENTS[clientOf(p)].keys()].map((name) => p + name) : []));

/**
 * Prefixes of a connector's connections. The connector's clients read only the keys of `CONNECTION` from them
 * (MirrorClientConfig).
 */
const CLUSTERS = ["source.cluster.", "target.cluster."];
const connection = factsOf(CONNECTION, "alias string");

function ofCluster(prefix: string, key: string, strict: boolean): Reading {
  const fact = connection.get(key);
  if (fact !== undefined) return { is: "read", fact, prefix };
  const client = PREFIXES.find((p) => key.startsWith(p));
  const name = client === undefined ? key : key.slice(client.length);
  const readers = (["producer", "consumer", "admin"] as const).filter(
    (one) => CLIENTS[one].has(name) && (client === undefined || clientOf(client) === one),
  );
  const why = `of "${prefix}" MirrorMaker 2 reads only the address and the settings of SASL and TLS`;
  if (readers.length > 0) {
    return { is: "misplaced", why, instead: writeFor(readers, name) };
  }
  const blocks = (["source", "checkpoint", "heartbeat", "target"] as const).filter((block) => BLOCKS[block].has(key));
  if (blocks.length > 0) {
    const places = blocks.map((block) => (block === "target" ? "the target's config" : `${block}Connector.config`));
    return { is: "misplaced", why, instead: `write ${key} in ${places.join(" and ")}` };
  }
  const meant = nearKey(key, connection.keys(), strict || /^s(as|s)l\./.test(key));
  return meant === undefined ? { is: "unknown" } : { is: "misspelt", meant: prefix + meant };
}

const clientOf = (prefix: string): Client =>
  (["producer", "consumer", "admin"] as const).find((client) => prefix.includes(client))!;
const sameStart = (key: string, prefix: string) => key[0] === prefix[0];

function ofClient(prefix: string, key: string, strict: boolean): Reading {
  const client = clientOf(prefix);
  const fact = CLIENTS[client].get(key);
  if (fact !== undefined) return { is: "read", fact, prefix, client };
  const other = (["producer", "consumer"] as const).find((name) => name !== client && CLIENTS[name].has(key));
  if (other !== undefined)
    return {
      is: "misplaced",
      why:
        `it is a setting of a ${other}, and "${prefix}" reaches ` +
        `${client === "admin" ? "an admin client" : `a ${client}`}`,
      instead: writeFor([other], key),
    };
  const meant = nearKey(key, CLIENTS[client].keys(), strict);
  return meant === undefined ? { is: "unknown" } : { is: "misspelt", meant: prefix + meant };
}

/** A client's key in the origin's config, where no client reads it. */
function ofOrigin(prefix: string, key: string, strict: boolean): Reading {
  const found = ofClient(prefix, key, strict);
  const why = "of the origin's config MirrorMaker 2 reads only the address and the settings of SASL and TLS";
  if (found.is === "read") return { is: "misplaced", why, instead: writeFor([clientOf(prefix)], key) };
  if (found.is === "misplaced") return { ...found, why };
  if (found.is !== "misspelt") return found;
  const name = found.meant.slice(prefix.length);
  return { ...found, belongs: `${why}: ${writeFor([clientOf(prefix)], name)}` };
}

/** Keys that MirrorMaker 2 and Connect set, or that would leave records out. Written elsewhere they are wrong, too. */
const OWN_CHOICE = ["auto.offset.reset", "enable.auto.commit", "group.id", "bootstrap.servers", "transactional.id"];

/** The advice to write a key elsewhere, or to leave it out if no place is right. */
export const unlessOwnChoice = (key: string, advice: string): string =>
  OWN_CHOICE.includes(key) || /(de)?serializer$/.test(key) ? "leave it out: MirrorMaker 2 sets it itself" : advice;

const clientKey = (client: Client, key: string) =>
  (client === "producer" ? `producer.override.${key}` : `${client}.${key}`) +
  (client === "admin" ? "" : " in the source connector's config");

const writeFor = (clients: readonly Client[], key: string) =>
  unlessOwnChoice(key, `write ${clients.map((client) => clientKey(client, key)).join(" or ")}`);

/**
 * Keys of connectors that the operator sets itself, and the field to write instead. A connector's `config` is no place
 * for them.
 */
const SET_BY_OPERATOR: Record<string, string | undefined> = {
  name: undefined,
  "connector.class": undefined,
  "tasks.max": "tasksMax of the connector",
  topics: "topicsPattern of mirrors[]",
  "topics.exclude": "topicsExcludePattern of mirrors[]",
  "topics.blacklist": "topicsExcludePattern of mirrors[]",
  groups: "groupsPattern of mirrors[]",
  "groups.exclude": "groupsExcludePattern of mirrors[]",
  "groups.blacklist": "groupsExcludePattern of mirrors[]",
};

/** The reader of a key that this block does not read, and where to write the key. */
function whoReads(block: Block, key: string): { why: string; instead: string } | undefined {
  if (Object.hasOwn(FIELDS, key))
    return { why: "it is a field of the resource", instead: `write it in ${FIELDS[key]}` };
  const ownClients = (["producer", "consumer", "admin"] as const).filter(
    (client) => CLIENTS[client].has(key) && !security.has(key),
  );
  if (block === "target" && ownClients.length > 0) {
    // The workers' clients for the storage topics read every key of the worker's own configuration.
    const copying = ownClients.filter((client) => client !== "admin");
    const instead = writeFor(copying, key);
    return {
      why: "it reaches the clients for the workers' own storage topics, not those that copy",
      instead: copying.length === 0 ? "leave it out" : instead.replace(/^write /, "for the copy write "),
    };
  }
  const connectors = (["source", "checkpoint", "heartbeat"] as const).filter(
    (name) => name !== block && BLOCKS[name].has(key),
  );
  if (connectors.length > 0) {
    const some = `the ${connectors.join(" and the ")} connector${connectors.length === 1 ? " reads" : "s read"}`;
    const why = `only ${connectors.length === 3 ? "connectors read" : some} it`;
    if (Object.hasOwn(SET_BY_OPERATOR, key)) {
      const field = SET_BY_OPERATOR[key];
      return { why, instead: field === undefined ? "leave it out: the operator sets it" : `write ${field}` };
    }
    return {
      why,
      instead: `write it in ${connectors.map((name) => `${name}Connector.config`).join(" and ")}, or leave it out`,
    };
  }
  if (block !== "target" && BLOCKS.target.has(key) && ownClients.length === 0)
    return { why: "only the workers read it", instead: "write it in the target's config, or leave it out" };
  if (ownClients.length > 0) {
    return {
      why: "a client takes it only with the prefix that says which client",
      instead: writeFor(ownClients, key),
    };
  }
  const storage = STORAGE.exec(key)?.[2];
  if (block === "origin" && storage !== undefined && topic.has(storage))
    return { why: "only the workers read it", instead: "write it in the target's config" };
  if (topic.has(key))
    return {
      why: "it is a setting of topics",
      instead: "set it on the topic: MirrorMaker 2 copies the origin's settings",
    };
  if (sink.has(key))
    return { why: "only sink connectors read it, and MirrorMaker 2 has none", instead: "leave it out" };
  if (standalone.has(key)) return { why: "only Connect's standalone mode reads it", instead: "leave it out" };
  if (broker.has(key))
    return { why: "it is a setting of brokers", instead: "set it in the brokers' configuration, or leave it out" };
  return librdkafka.has(key)
    ? {
        why: "it is a setting of librdkafka, which no Java client reads",
        instead: "leave it out, or write the Java client's setting",
      }
    : undefined;
}

function otherKeys(block: Block): string[] {
  return (Object.keys(BLOCKS) as Block[])
    .filter((name) => name !== block)
    .flatMap((name) => [...BLOCKS[name].keys()])
    .filter((name) => !security.has(name));
}
