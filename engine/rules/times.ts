import { entry } from "../objects";
import { reader } from "../mirror-configuration";
import type { KeyFact } from "./keys";
import type { Saying } from "./rule";
import type { ConnectorView } from "./view";

/**
 * Intervals of a connector's repeated work, with the effect if it stops. Java's scheduler throws if the interval is 0.
 */
const SCHEDULED: Record<string, string> = {
  "refresh.topics.interval.seconds": "new topics and partitions are not found",
  "sync.topic.configs.interval.seconds": "settings of topics are not copied",
  "sync.topic.acls.interval.seconds": "ACLs of topics are not copied",
  "refresh.groups.interval.seconds": "new groups are not found",
  "sync.group.offsets.interval.seconds": "the groups' offsets are not written on the target",
};

/** Intervals of a connector's tasks, with the effect if they stop. With a value below 0 the connector has no task. */
const OF_TASKS: Record<string, string> = {
  "emit.checkpoints.interval.seconds": "no checkpoint is written",
  "emit.heartbeats.interval.seconds": "no heartbeat is written",
};

/** For these keys -1 means never, according to Kafka's documentation. */
const MAY_BE_NEGATIVE = ["connections.max.idle.ms"];

const enabledKey = (key: string) => key.replace(/\.interval\.seconds$/, ".enabled");

function isOn(key: string, connector: ConnectorView | undefined): boolean {
  const flag = reader(connector?.config ?? {}).flag(enabledKey(key));
  return flag ?? key !== "sync.group.offsets.interval.seconds";
}

/** Why the connector does not start with this interval, as the end of a sentence that begins with the value. */
export function refusedInterval(
  { name }: KeyFact,
  value: number,
  connector: ConnectorView | undefined,
): string | undefined {
  const fails = Object.hasOwn(SCHEDULED, name) && value === 0 && isOn(name, connector);
  return fails ? "is not an interval that MirrorMaker 2 can schedule" : undefined;
}

/** Reports a time below 0 that Kafka does not refuse. */
export function negativeTime(
  { name, range }: KeyFact,
  value: number,
  connector: ConnectorView | undefined,
): Saying | undefined {
  if (!(value < 0) || range !== undefined || !/\.(ms|seconds)$/.test(name) || MAY_BE_NEGATIVE.includes(name))
    return undefined;
  const lost = entry(SCHEDULED, name) ?? entry(OF_TASKS, name);
  if (lost === undefined) {
    return {
      seen: "a negative time",
      why: "a time cannot be negative, and the client may fail",
      instead: "write a positive number, or leave it out",
    };
  }
  if (!isOn(name, connector)) return undefined;
  return {
    seen: "a negative interval",
    why: `MirrorMaker 2 reads it as "never": ${lost}`,
    instead: `write a positive number, or "${enabledKey(name)}": "false" if you want that`,
  };
}
