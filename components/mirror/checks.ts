import { entry } from "../../engine/objects";
import { isMigrationError, type Mistakes } from "../../engine/errors";
import { APACHE_DEFAULT, APACHE_IDENTITY, STRIMZI_IDENTITY } from "../../engine/mirror-configuration";
import { compilePatternList } from "../../engine/patterns";
import { checkOf } from "../../engine/setting-check";
import { versionAtLeast } from "../../engine/version";
import type { Config } from "../dialects/model";
import { faultsOf, sayFault, validPart } from "../shape";
import { checkRules, type ResolvedMirror } from "./rules";
import { choiceShape, clusterShape, type MirrorSettings, mirrorShape, targetShape } from "../settings/mirror";
import { kubernetesShape, placeShape } from "../settings/place";
import { z } from "zod";
import { type Checked, filled, type Resolved, type Shape, objectOf, typed } from "../../engine/setting";
import { laterText } from "../shape/types";

/** The dialect checks addresses, logins and certificates, because it writes them. */
const unchecked = typed<unknown>(z.unknown()).optional();
const connection = { bootstrapServers: unchecked, authentication: unchecked, tls: unchecked };

const side = <S extends Shape>(shape: S) => typed<Resolved<S>>(filled({ ...shape, ...connection }));

/** The shape of a described mirror, with the defaults. The functions below check what the values mean. */
export const mirrorSchema = objectOf({
  ...mirrorShape,
  ...choiceShape,
  origin: side(clusterShape),
  target: side({ ...clusterShape, ...targetShape }),
  name: laterText.optional(),
  namespace: laterText.optional(),
  labels: placeShape.labels,
  annotations: placeShape.annotations,
  readyLimitSeconds: placeShape.readyLimitSeconds,
  ...kubernetesShape,
});

/** Settings with their fixed defaults. The profile's are not in it. */
export type CheckedSettings = Checked<typeof mirrorSchema>;

/**
 * Checks shape and single values before anything is derived from them.
 * @returns the settings without the wrong values, so that the rest can be checked, too
 */
export function checkSettings(settings: MirrorSettings, mistakes: Mistakes): CheckedSettings {
  for (const fault of faultsOf(mirrorSchema, settings)) mistakes.add(sayFault(fault));
  const valid = validPart(mirrorSchema, settings) ?? checkOf(mirrorSchema).parse({});
  for (const name of ["topicsPattern", "topicsExcludePattern", "groupsPattern", "groupsExcludePattern"] as const) {
    if (valid[name] !== undefined && !isPattern(name, valid[name], mistakes))
      Object.assign(valid, { [name]: checkOf(mirrorSchema).parse({})[name] });
  }
  return valid;
}

/** Checks the final configuration, whether the user or the profile set its values. */
export function checkConfigs(mirror: ResolvedMirror, mistakes: Mistakes): void {
  for (const side of ["origin", "target"] as const) clusterConfig(side, mirror[side].config, mistakes);
  for (const name of ["source", "checkpoint", "heartbeat"] as const) {
    if (mirror[name] !== undefined) connectorConfig(`${name}Connector.config`, mirror[name].config, mistakes);
  }
  checkRules(mirror, mistakes);
  single(mirror, mistakes);
}

const TARGET_FIELDS: Record<string, string> = {
  "group.id": "target.groupId",
  "offset.storage.topic": "target.offsetStorageTopic",
  "config.storage.topic": "target.configStorageTopic",
  "status.storage.topic": "target.statusStorageTopic",
};

function clusterConfig(side: "origin" | "target", config: Config, mistakes: Mistakes): void {
  for (const key of Object.keys(config)) {
    const field = side === "target" ? entry(TARGET_FIELDS, key) : undefined;
    if (field !== undefined) mistakes.add(`target.config "${key}": say it as ${field}`);
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
};

function connectorConfig(path: string, config: Config, mistakes: Mistakes): void {
  for (const key of Object.keys(config)) {
    if (Object.hasOwn(CONNECTOR_FIELDS, key)) mistakes.add(`${path} "${key}" can't be set: ${CONNECTOR_FIELDS[key]}`);
    const cluster = /^(source|target)\.cluster\.(alias|bootstrap\.servers)$/.exec(key);
    if (cluster)
      mistakes.add(
        `${path} "${key}" can't be set: say it as ` +
          `${cluster[1] === "source" ? "origin" : "target"}.${cluster[2] === "alias" ? "alias" : "bootstrapServers"}`,
      );
  }
}

/** Checks values that the model is derived from. */
function single(mirror: ResolvedMirror, mistakes: Mistakes): void {
  const policy = mirror.source.config["replication.policy.class"];
  if (policy !== undefined && ![STRIMZI_IDENTITY, APACHE_IDENTITY, APACHE_DEFAULT].includes(String(policy))) {
    const identity = versionAtLeast(mirror.kafkaVersion, "3.0") ? APACHE_IDENTITY : STRIMZI_IDENTITY;
    mistakes.add(
      `replication.policy.class ${policy} is not known, so the names of its topics can't be computed: use ` +
        `${identity} or ${APACHE_DEFAULT}`,
    );
  }
}

/** Adds a mistake for a list of patterns that cannot be parsed. The mistake says how to correct it. */
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
