import { partitionKey } from "../log/partition";
import { topicNameFault } from "../naming";
import { gap, verdictOf } from "./rule";
import type { GateFinding } from "./types";
import type { Look, TopicLook } from "./look";

type Explained = Pick<GateFinding, "kind" | "text">;

/** What the trace of a failed task says about the record that could not be written. */
interface Refusal {
  /** Topic settings. One of them refuses the record. */
  keys: string[];
  /** `topic-partition`. Absent: the trace does not name it. */
  place?: string;
  what: string;
  kind: "record refused" | "record too large";
  /** What to set, and where. */
  instead: string;
}

const OF_TOPIC = "set it on the origin's topic (MirrorMaker 2 copies it to the target)";

/**
 * Finds in a trace why a record was refused. The texts are those of Kafka 2.7 to 4.3 (RecordValidator, LogValidator,
 * KafkaProducer).
 * @param now ms since the epoch
 * @returns undefined if the trace has no known text
 */
export function refusalOf(trace: string, now: number): Refusal | undefined {
  if (trace.includes("InvalidTimestampException")) {
    const time = Number(/Timestamp (-?\d+) of message/.exec(trace)?.[1] ?? NaN);
    const [before, after] = ["message.timestamp.before.max.ms", "message.timestamp.after.max.ms"];
    const keys = Number.isNaN(time) ? [before, after] : time < now ? [before] : [after];
    const dated = Number.isNaN(time) ? "its time" : `its time ${iso(time)}`;
    return { keys, what: dated, kind: "record refused", instead: `raise ${keys.join(" or ")}: ${OF_TOPIC}` };
  }
  if (/[Cc]ompacted topic cannot accept message without key/.test(trace)) {
    const place = /in topic partition ([\w.-]+-\d+)/.exec(trace)?.[1];
    const instead = "compaction needs keys: take compact out of cleanup.policy until the cutover, or exclude the topic";
    return {
      keys: ["cleanup.policy"],
      what: "a record without a key",
      kind: "record refused",
      instead,
      ...(place === undefined ? {} : { place }),
    };
  }
  if (!trace.includes("RecordTooLargeException")) return undefined;
  const size = /The message is (\d+) bytes when serialized/.exec(trace)?.[1];
  if (trace.includes("buffer.memory")) {
    return {
      keys: [],
      what: sized(size),
      kind: "record too large",
      instead: `set producer.override.buffer.memory above ${size ?? "the record's size"}`,
    };
  }
  if (size !== undefined) {
    const instead = `set producer.override.max.request.size above ${size}: the limit counts uncompressed bytes`;
    return { keys: [], what: sized(size), kind: "record too large", instead };
  }
  // Any other text is unknown here.
  if (!/larger than the max message size|exceeds the maximum configured size/.test(trace)) return undefined;
  const place = /in append to partition ([\w.-]+-\d+)/.exec(trace)?.[1];
  const instead = `raise max.message.bytes: ${OF_TOPIC}`;
  return {
    keys: ["max.message.bytes"],
    what: "its size",
    kind: "record refused",
    instead,
    ...(place === undefined ? {} : { place }),
  };
}

const sized = (size: string | undefined) => (size === undefined ? "its size" : `its size of ${size} bytes`);

function iso(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}

/**
 * Explains a failed source task: the topics that it has not finished, their settings on the target, the key to change.
 */
export function explain(task: number, trace: string | undefined, look: Look): Explained | undefined {
  const refusal = trace === undefined ? undefined : refusalOf(trace, look.at);
  if (refusal === undefined) return undefined;
  const { keys, place, what, kind, instead } = refusal;
  const settings = (topic: string) => keys.flatMap((key) => setting(look, topic, key)).join(", ");
  const open = place === undefined ? unfinished(task, look) : [{ topic: place.replace(/-\d+$/, ""), text: place }];
  const named = open
    .slice(0, 5)
    .map(({ topic, text }) => (settings(topic) === "" ? text : `${text} (${settings(topic)} on the target)`));
  const more = open.length > 5 ? ` and ${open.length - 5} more partitions` : "";
  const where = named.length === 0 ? "" : `${place === undefined ? ", in one of" : ", in"} ${named.join(", ")}${more}`;
  return { kind, text: `a record cannot be written for ${what}${where}: ${instead}` };
}

function setting(look: Look, topic: string, key: string): string[] {
  const value = look.targetSettings?.get(topic)?.get(key);
  return value === undefined ? [] : [`${key}=${value}`];
}

/** The task's incomplete partitions, with their names on the target and the first offset that is not copied. */
function unfinished(task: number, look: Look): { topic: string; text: string }[] {
  const names = new Map(look.topics.map((t) => [t.origin, t.target]));
  return (look.connect.assignments.find((a) => a.task === task)?.partitions ?? []).flatMap((p) => {
    const facts = look.partitions.get(partitionKey(p))?.facts;
    if (facts === undefined || verdictOf(facts) === "complete") return [];
    const topic = names.get(p.topic) ?? p.topic;
    return [{ topic, text: `${topic}-${p.partition} from offset ${gap(facts).from}` }];
  });
}

/** Topics of failed tasks, by their names on the target, whose settings may explain the failure. */
export function topicsToAsk(look: Pick<Look, "at" | "connect" | "topics">): string[] {
  const failed = look.connect.assignments.filter((a) => a.status?.state === "FAILED" && a.status.trace !== undefined);
  const known = failed.filter((a) => refusalOf(a.status!.trace!, look.at) !== undefined);
  const there = new Map(look.topics.filter((t) => t.targetPartitions !== undefined).map((t) => [t.origin, t.target]));
  return [...new Set(known.flatMap((a) => a.partitions.flatMap((p) => there.get(p.topic) ?? [])))];
}

/** Why a topic cannot be created on the target. Undefined if no reason is known. */
export function nameRefused({ target, collidesWith }: TopicLook): string | undefined {
  const fault = topicNameFault(target);
  if (fault !== undefined) return `topic ${target} cannot be made on the target: its name ${fault}`;
  if (collidesWith === undefined) return undefined;
  return (
    `topic ${target} cannot be made on the target: brokers cannot tell it from ${collidesWith}, which differs only ` +
    `in "." and "_", and nothing is copied until then`
  );
}
