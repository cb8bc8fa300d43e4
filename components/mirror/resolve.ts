import { Mistakes } from "../../engine/errors";
import { modelFrom } from "../../engine/mirror-configuration";
import type { MirrorModel } from "../../engine/model";
import { versionAtLeast } from "../../engine/version";
import { type Config, type ConnectorSpec, dialectNamed } from "../dialects";
import { SHARED_KEYS } from "../../engine/rules";
import { checkConfigs, checkSettings } from "./checks";
import { profileValues } from "./profiles";
import type { ResolvedMirror } from "./rules";
import {
  type ConfigValue,
  type ConnectorSettings,
  type MirrorSettings,
  targetShape,
  workerShape,
} from "../settings/mirror";
import { podShape } from "../settings/pods";
import { pick } from "../../engine/setting";

/** Makes every choice. Adds what is wrong to `mistakes`. If there are any, do not use the result. */
export function resolveMirror(unchecked: MirrorSettings, mistakes: Mistakes): ResolvedMirror {
  const settings = checkSettings(unchecked, mistakes);
  const dialect = dialectNamed(settings.dialect, mistakes, settings.operatorVersion);
  const {
    kafkaVersion: version,
    tasksMax,
    replicationFactor,
    offsetFlushIntervalMs,
    exactlyOnce,
    sourceConnector,
    checkpointConnector,
    heartbeatConnector,
    ...written
  } = pick(settings, workerShape);
  const { origin, target } = settings;
  const kafkaVersion = version ?? dialect.kafkaVersion;
  const values = profileValues(settings.profile, {
    guideDialect: dialect.name === "event-streams-v1beta1",
    kafkaVersion,
    originBrokers: origin.brokers,
    targetBrokers: target.brokers,
    replicationFactor,
    offsetFlushIntervalMs,
    exactlyOnce,
  });
  const checkpoint = checkpointConnector === false ? undefined : connector(values.checkpoint, checkpointConnector);
  const source = connector(values.source, sourceConnector);
  // If the user sets a shared key on one connector, both connectors get it: it replaces the profile's value in the
  // other.
  if (checkpoint !== undefined && checkpointConnector !== false) {
    follow(source, sourceConnector?.config, checkpoint, checkpointConnector?.config);
    follow(checkpoint, checkpointConnector?.config, source, sourceConnector?.config);
  }
  const resolved: ResolvedMirror = {
    ...written,
    dialect,
    version,
    kafkaVersion,
    origin: { alias: origin.alias ?? "origin-cluster", config: over({}, origin.config) },
    target: {
      ...pick(target, targetShape),
      alias: target.alias ?? "target-cluster",
      config: over(values.target, target.config),
      groupId: target.groupId ?? values.groupId,
    },
    source: { ...source, tasksMax: tasksMax ?? values.tasksMax },
    ...(checkpoint === undefined ? {} : { checkpoint }),
    heartbeat: heartbeatConnector && connector({}, heartbeatConnector),
    pods: pick(settings, podShape),
  };
  allowOverrides(resolved);
  checkConfigs(resolved, mistakes);
  return resolved;
}

/**
 * Returns what the engine needs to know about the mirror, from the same choices as the resource's text.
 * @throws MigrationError MIRROR_SETTINGS with every mistake
 */
export function mirrorModelOf(settings: MirrorSettings): MirrorModel {
  const mistakes = new Mistakes();
  const resolved = resolveMirror(settings, mistakes);
  throwMistakes(mistakes);
  return modelFrom(resolved);
}

export function throwMistakes(mistakes: Mistakes): void {
  const count = mistakes.list.length;
  mistakes.throwIfAny(
    "MIRROR_SETTINGS",
    `the mirror's settings have ${count} mistake${count === 1 ? "" : "s"}`,
    "correct them; nothing has been created",
  );
}

function connector(values: Config, settings: ConnectorSettings | undefined): ConnectorSpec {
  const { config, ...rest } = settings ?? {};
  return { config: over(values, config), ...rest };
}

/** If the user sets a shared key only for `one`, and the profile sets it for `other`, both get the user's value. */
function follow(one: ConnectorSpec, own: Written, other: ConnectorSpec, others: Written): void {
  for (const key of SHARED_KEYS) {
    const onlyHere = own?.[key] !== undefined && others?.[key] === undefined;
    if (!onlyHere || other.config[key] === undefined) continue;
    const value = one.config[key];
    if (value === undefined) delete other.config[key];
    else other.config[key] = value;
  }
}

type Written = Record<string, ConfigValue> | undefined;

/** Merges the user's values over the profile's. Null removes a value. */
function over(values: Config, own: Record<string, ConfigValue> | undefined): Config {
  const merged: Record<string, ConfigValue> = { ...values, ...own };
  return Object.fromEntries(
    Object.entries(merged).filter(
      (entry): entry is [string, Config[string]] => entry[1] !== null && entry[1] !== undefined,
    ),
  );
}

/**
 * Before Kafka 3.0, Connect refuses a connector with `producer.override.` keys unless the worker allows them (KIP-722).
 */
function allowOverrides(resolved: ResolvedMirror): void {
  const key = "connector.client.config.override.policy";
  const overrides = Object.keys(resolved.source.config).some((k) => k.startsWith("producer.override."));
  if (!versionAtLeast(resolved.kafkaVersion, "3.0") && overrides && resolved.target.config[key] === undefined)
    resolved.target.config[key] = "All";
}
