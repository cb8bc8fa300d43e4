import { isMigrationError, Mistakes } from "../../engine/errors";
import { APACHE_DEFAULT, APACHE_IDENTITY, kafkaAtLeast, modelFrom, STRIMZI_IDENTITY } from "../../engine/mirror-configuration";
import { internalTopics } from "../../engine/naming";
import { compilePatternList } from "../../engine/patterns";
import type { Config } from "../dialects/model";
import { faultsOf, sayFault, soundPart } from "../shape";
import { checkRules } from "./rules";
import type { ResolvedMirror } from "./resolved";
import { mirrorSchema } from "./schema";
import type { MirrorSettings } from "./settings";

/**
 * Shape and single values, before anything is derived from them.
 * @returns the settings without what is wrong with them, so that the rest can be looked at, too
 */
export function checkSettings(settings: MirrorSettings, mistakes: Mistakes): MirrorSettings {
  for (const fault of faultsOf(mirrorSchema, settings)) mistakes.add(sayFault(fault));
  const sound = (soundPart(mirrorSchema, settings) ?? {}) as MirrorSettings;
  for (const name of ["topicsPattern", "topicsExcludePattern", "groupsPattern", "groupsExcludePattern"] as const) {
    if (sound[name] !== undefined && !isPattern(name, sound[name], mistakes)) delete sound[name];
  }
  return sound;
}

/** What the final configuration means, whoever chose its values. */
export function checkConfigs(mirror: ResolvedMirror, mistakes: Mistakes): void {
  for (const side of ["origin", "target"] as const) clusterConfig(side, mirror[side].config, mistakes);
  for (const name of ["source", "checkpoint", "heartbeat"] as const) {
    if (mirror[name] !== undefined) connectorConfig(`${name}Connector.config`, mirror[name].config, mistakes);
  }
  checkRules(mirror, mistakes);
  single(mirror, mistakes);
  names(mirror, mistakes);
}

const TARGET_FIELDS: Record<string, string> = {
  "group.id": "target.groupId",
  "offset.storage.topic": "target.offsetStorageTopic",
  "config.storage.topic": "target.configStorageTopic",
  "status.storage.topic": "target.statusStorageTopic",
};

function clusterConfig(side: "origin" | "target", config: Config, mistakes: Mistakes): void {
  for (const key of Object.keys(config)) {
    if (side === "target" && TARGET_FIELDS[key] !== undefined) mistakes.add(`target.config "${key}": say it as ${TARGET_FIELDS[key]}`);
  }
}

const CONNECTOR_FIELDS: Record<string, string> = {
  topics: "say it as topicsPattern",
  groups: "say it as groupsPattern",
  "topics.exclude": "say it as topicsExcludePattern",
  "topics.blacklist": "say it as topicsExcludePattern",
  "groups.exclude": "say it as groupsExcludePattern",
  "groups.blacklist": "say it as groupsExcludePattern",
  "topic.filter.class": "what is migrated is computed from the patterns",
  "group.filter.class": "what is migrated is computed from the patterns",
  "offsets.storage.topic": "say it as target.offsetStorageTopic, where the mirror's offsets are watched and cleaned up",
  transforms: "a copy that is changed on its way can't be proved complete",
};

function connectorConfig(path: string, config: Config, mistakes: Mistakes): void {
  for (const key of Object.keys(config)) {
    if (Object.hasOwn(CONNECTOR_FIELDS, key)) mistakes.add(`${path} "${key}" can't be set: ${CONNECTOR_FIELDS[key]}`);
    const cluster = /^(source|target)\.cluster\.(alias|bootstrap\.servers)$/.exec(key);
    if (cluster) mistakes.add(`${path} "${key}" can't be set: say it as ${cluster[1] === "source" ? "origin" : "target"}.${cluster[2] === "alias" ? "alias" : "bootstrapServers"}`);
  }
  if (config["errors.tolerance"] !== undefined && config["errors.tolerance"] !== "none") {
    mistakes.add(`${path} "errors.tolerance" is "${config["errors.tolerance"]}": records would be left out unnoticed; take it away`);
  }
  for (const key of ["consumer.auto.offset.reset", "source.consumer.auto.offset.reset"]) {
    if (config[key] !== undefined && config[key] !== "earliest") mistakes.add(`${path} "${key}" is "${config[key]}": what is in the topics already would not be copied; take it away`);
  }
}

/** Values that the model is read from. */
function single(mirror: ResolvedMirror, mistakes: Mistakes): void {
  const { "offset-syncs.topic.location": location, "replication.policy.class": policy } = mirror.source.config;
  if (location !== undefined && location !== "source" && location !== "target") {
    mistakes.add(`sourceConnector.config "offset-syncs.topic.location" is "${location}": it has to be "source" or "target"`);
  }
  if (policy !== undefined && ![STRIMZI_IDENTITY, APACHE_IDENTITY, APACHE_DEFAULT].includes(String(policy))) {
    const identity = kafkaAtLeast(mirror.kafkaVersion, 3, 0) ? APACHE_IDENTITY : STRIMZI_IDENTITY;
    mistakes.add(`replication.policy.class ${policy} is not known, so the names of its topics can't be computed: use ${identity} or ${APACHE_DEFAULT}`);
  }
  const model = modelFrom(mirror);
  for (const key of ["offsetFlushIntervalMs", "replicationFactor", "refreshTopicsIntervalSeconds"] as const) {
    if (!Number.isInteger(model[key])) mistakes.add(`${key} is not a whole number: ${model[key]}`);
  }
}

const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/;

function names(mirror: ResolvedMirror, mistakes: Mistakes): void {
  for (const side of ["origin", "target"] as const) {
    const { alias } = mirror[side];
    if (!TOPIC_NAME.test(alias)) mistakes.add(`${side}.alias is "${alias}": it becomes part of topic names, so only letters, digits, ".", "_" and "-"`);
  }
  const topics = internalTopics(modelFrom(mirror));
  const badAlias = !TOPIC_NAME.test(mirror.origin.alias) || !TOPIC_NAME.test(mirror.target.alias);
  for (const { kind, name } of topics) {
    const ofAliases = kind === "checkpoints" || kind === "offset-syncs";
    if (!TOPIC_NAME.test(name) && !(badAlias && ofAliases)) mistakes.add(`the ${kind} topic would be called "${name}": a topic's name has at most 249 letters, digits, ".", "_" and "-"`);
  }
}

/** A list of patterns that can't be read is a mistake with the way out. */
export function isPattern(name: string, value: string, mistakes: Mistakes): boolean {
  try {
    compilePatternList(value, name);
    return true;
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    mistakes.add(`${error.seen}; ${error.fix}`);
    return false;
  }
}
