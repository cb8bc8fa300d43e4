import { reader } from "../mirror-configuration";
import { versionAtLeast, versionsOf } from "../version";
import { type Client, clientsOf } from "./clients";
import { firstOfEach, kafkaVersion, mirrorRule, type Rule, type Saying } from "./rule";
import type { MirrorView } from "./view";

/** Two settings of one client that Kafka refuses together. */
interface Conflict {
  /** The keys, in the order of the message. */
  keys: readonly string[];
  /** The rule of Kafka that the values break. */
  why: string;
  instead: string;
}

/** `delivery.timeout.ms` is compared with the sum, which is at most Java's largest int. */
const LARGEST = 2 ** 31 - 1;
const REQUEST = "request.timeout.ms";
const REQUEST_TIMEOUT = 30_000;

export const contradictionRules: Rule[] = [
  mirrorRule(
    {
      name: "settings-contradict",
      level: "mandatory",
      summary: "No client gets settings that Kafka refuses together.",
      settings: { kafkaVersion },
    },
    (mirror) => {
      const versions = versionsOf(mirror);
      const all = clientsOf(mirror).flatMap((client) =>
        conflictsOf(client, versions).map((conflict) => sayingOf(client, conflict)),
      );
      // A conflict of the workers' own settings is the same for each connector.
      return [...firstOfEach(all, ({ seen }) => seen), ...checkpoints(mirror, versions)];
    },
  ),
];

/** Settings with which Kafka 3.9 and later refuse the checkpoint connector (KIP-1031, MirrorCheckpointConfig). */
function checkpoints(mirror: MirrorView, versions: readonly string[]): Saying[] {
  if (!mirror.declared.checkpoint || !versions.every((version) => versionAtLeast(version, "3.9"))) return [];
  const { flag } = reader(mirror.checkpoint.config);
  const why = "Kafka 3.9 and later refuse such a checkpoint connector, and it does not run";
  const sayings: Saying[] = [];
  if (flag("emit.checkpoints.enabled") === false && flag("sync.group.offsets.enabled") !== true) {
    sayings.push({
      seen: '"emit.checkpoints.enabled" is false in checkpointConnector.config, and "sync.group.offsets.enabled" is not true',
      why,
      instead: "remove checkpointConnector, or the setting",
    });
  }
  if (flag("emit.offset-syncs.enabled") === false) {
    sayings.push({
      seen: '"emit.offset-syncs.enabled" is false in checkpointConnector.config',
      why,
      instead: "remove checkpointConnector, or the setting",
    });
  }
  return sayings;
}

function sayingOf(client: Client, { keys, why, instead }: Conflict): Saying {
  const written = keys.flatMap((key) => {
    const value = client.text(key);
    return value === undefined ? [] : [`${client.path(key)} is "${value}"`];
  });
  return {
    seen: written.length === 1 ? written[0]! : `${written.slice(0, -1).join(", ")} and ${written.at(-1)}`,
    why: `${why}: ${client.stops} cannot start`,
    instead,
  };
}

function conflictsOf(client: Client, versions: readonly string[]): Conflict[] {
  if (client.kind === "producer") return [...idempotence(client, versions), ...delivery(client, versions)];
  if (client.kind === "consumer") return [...protocol(client, versions), ...session(client, versions)];
  return client.kind === "worker" ? session(client, versions) : adminTimeout(client);
}

const IDEMPOTENCE = "enable.idempotence";

/** Settings that an idempotent producer does not allow (ProducerConfig, the same in Kafka 2.7 to 4.3). */
function idempotence(client: Client, versions: readonly string[]): Conflict[] {
  const flag = client.flag(IDEMPOTENCE);
  const conflicts: Conflict[] = [];
  if (client.transactional === false && flag === false && client.text("transactional.id") !== undefined) {
    const instead = `remove transactional.id, or write "${IDEMPOTENCE}": true`;
    conflicts.push({
      keys: ["transactional.id", IDEMPOTENCE],
      why: "a transactional producer has to be idempotent",
      instead,
    });
  }
  const idempotent = flag === true || client.transactional === true;
  const needs = client.transactional === true && flag !== true ? " (exactly-once makes it idempotent)" : "";
  const pair = (key: string, rule: string, instead: string) => {
    const other = flag === true && client.transactional === false ? `, or remove "${IDEMPOTENCE}"` : "";
    conflicts.push({ keys: flag === true ? [key, IDEMPOTENCE] : [key], why: rule + needs, instead: instead + other });
  };
  const acks = client.text("acks");
  if (idempotent && acks !== undefined && /^[01]$/.test(acks))
    pair("acks", "an idempotent producer takes acks=all only", 'write "acks": "all"');
  if (idempotent && client.number("retries") === 0)
    pair("retries", "an idempotent producer has to retry", "leave retries out");
  // Since Kafka 4.0 the limit also counts if idempotence is only the default. Connect switches it off for its
  // producers.
  const byDefault =
    client.text(IDEMPOTENCE) === undefined &&
    client.copies !== true &&
    versions.every((version) => versionAtLeast(version, "4.0"));
  const flight = client.number(FLIGHT);
  if (flight !== undefined && flight > 5 && (idempotent || byDefault))
    pair(FLIGHT, "an idempotent producer takes at most 5 requests in flight", 'write "5" at most');
  return conflicts;
}

const FLIGHT = "max.in.flight.requests.per.connection";

/** Connect's own default of `delivery.timeout.ms` is the largest int. Kafka raises its default if it is too small. */
function delivery(client: Client, versions: readonly string[]): Conflict[] {
  const key = "delivery.timeout.ms";
  const timeout = client.number(key);
  if (timeout === undefined || timeout < 0) return [];
  // KIP-1030: 5 since Kafka 4.0.
  const byDefault = versions.every((version) => versionAtLeast(version, "4.0")) ? 5 : 0;
  const [linger, request] = [client.number("linger.ms", byDefault), client.number(REQUEST, REQUEST_TIMEOUT)];
  if (linger === undefined || request === undefined) return [];
  const least = Math.min(linger + request, LARGEST);
  if (timeout >= least) return [];
  return [
    {
      keys: [key, "linger.ms", REQUEST],
      why: `it has to be at least linger.ms + request.timeout.ms, which is ${least}`,
      instead: `write at least ${least}, a smaller request.timeout.ms, or leave ${key} out`,
    },
  ];
}

/** The group member checks this when it is made. A consumer without `group.id` is not a member. */
function session(client: Client, versions: readonly string[]): Conflict[] {
  if (client.kind === "consumer") {
    if (!client.text("group.id") || (client.text("group.protocol") ?? "classic").toLowerCase() !== "classic") return [];
  }
  const [heartbeat, timeout] = ["heartbeat.interval.ms", "session.timeout.ms"];
  // KIP-735: 45 s since Kafka 3.0. A worker has 10 s.
  const raised = client.kind === "consumer" && versions.some((version) => versionAtLeast(version, "3.0"));
  const [interval, limit] = [client.number(heartbeat!, 3000), client.number(timeout!, raised ? 45_000 : 10_000)];
  if (interval === undefined || limit === undefined) return [];
  // Another rule reports a time below 0.
  if (
    interval < limit ||
    interval < 0 ||
    limit < 0 ||
    [heartbeat, timeout].every((key) => client.text(key!) === undefined)
  )
    return [];
  return [
    {
      keys: [heartbeat!, timeout!],
      why: `${heartbeat} (${interval}) has to be less than ${timeout} (${limit})`,
      instead: `write a ${heartbeat} of at most a third of ${timeout}`,
    },
  ];
}

/** Settings of the old group protocol that the new one does not take, since Kafka 4.0 (KIP-848). */
function protocol(client: Client, versions: readonly string[]): Conflict[] {
  if (client.text("group.protocol")?.toLowerCase() !== "consumer") return [];
  if (!versions.every((version) => versionAtLeast(version, "4.0"))) return [];
  return ["session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy"].flatMap((key) =>
    client.text(key) === undefined
      ? []
      : [
          {
            keys: [key, "group.protocol"],
            why: `the broker decides ${key} with this group protocol`,
            instead: "leave one of the two out",
          },
        ],
  );
}

function adminTimeout(client: Client): Conflict[] {
  const key = "default.api.timeout.ms";
  const [timeout, request] = [client.number(key), client.number(REQUEST, REQUEST_TIMEOUT)];
  if (timeout === undefined || request === undefined || timeout < 0 || timeout >= request) return [];
  return [
    {
      keys: [key, REQUEST],
      why: `${key} of an admin client has to be at least request.timeout.ms, which is ${request}`,
      instead: `write at least ${request}, or leave ${key} out`,
    },
  ];
}
