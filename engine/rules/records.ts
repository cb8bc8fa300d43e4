import { modelFrom, reader } from "../mirror-configuration";
import { targetTopicName } from "../naming";
import { isCopy, mirrored } from "./names";
import { producerOf } from "./producer";
import { purposeOf } from "./purpose";
import { mirrorRule, type Rule, type Saying, stackRule } from "./rule";
import { inEach } from "./unknown";
import type { MirrorView, TopicView, View } from "./view";
import { sideFor } from "./sides";

/** Kafka's default of `max.message.bytes`. */
const DEFAULT_MESSAGE = 1048588;
const size = (topic: TopicView) => reader(topic.config).number("max.message.bytes") ?? 0;

/** Rules about how a topic changes the copied records: their size, time and order. */
export const recordRules: Rule[] = [
  stackRule(
    {
      name: "message-size",
      level: "mandatory",
      summary: "The mirror can send the largest record that a topic accepts, and the target accepts it.",
    },
    ({ mirrors, topics }) => [
      ...inEach(mirrors, (at) => {
        const producer = producerOf(at);
        const limit = producer.number("max.request.size") ?? 1048576;
        const memory = producer.number("buffer.memory") ?? 33554432;
        const larger = inEach(topicsOf(at, topics), (t) => (size(t) > Math.max(limit, DEFAULT_MESSAGE) ? [t] : []));
        const sayings: Saying[] = larger.map((t) => ({
          seen:
            `topic ${t.name} accepts records of ${t.config["max.message.bytes"]} bytes, ` +
            `${producer.path("max.request.size")} is ${limit}`,
          why: "the limit applies to uncompressed bytes, and the first larger record fails the task",
          instead: `write producer.override.max.request.size: ${Math.max(...larger.map(size))}`,
        }));
        if (limit > memory) {
          sayings.push({
            seen: `${producer.path("max.request.size")} is ${limit}, ${producer.path("buffer.memory")} ${memory}`,
            why: "such a record never fits into the producer's memory",
            instead: "raise buffer.memory",
          });
        }
        return sayings.map((say) => ({ at, say }));
      }),
      ...inEach(mirrors, (mirror) => (copiesSettings(mirror) ? [] : refusing(mirror, topics))),
    ],
  ),
  stackRule(
    {
      name: "timestamps",
      level: "advisory",
      summary: "Records keep their timestamps on the target, and the target accepts old timestamps.",
    },
    (view) =>
      inEach(view.topics, (at) => {
        const copying = inEach(view.mirrors, (m) => (sideFor(at, m) === "target" && isCopy(at.name, m) ? [m] : []));
        if (copying.length === 0) return [];
        // A mirror that stays copies old records whenever it is behind.
        const stays = copying.every((mirror) => purposeOf(view, mirror) === "replication");
        const untilThen = stays ? "" : " until the cutover is finished";
        const { text, number } = reader(at.config);
        const sayings: Saying[] = [];
        if (text("message.timestamp.type") === "LogAppendTime") {
          sayings.push({
            seen: `topic ${at.name} on the target has message.timestamp.type LogAppendTime`,
            why:
              "copied records get the time of the copy: retention starts again, and groups' offsets can be " +
              "found only by reading the tail",
            instead: `use CreateTime${untilThen}`,
          });
        }
        for (const key of ["message.timestamp.before.max.ms", "message.timestamp.difference.max.ms"]) {
          const most = number(key) ?? Infinity;
          if (text("message.timestamp.type") === "LogAppendTime" || most > 10 * 365 * DAY) continue;
          sayings.push({
            seen: `topic ${at.name} on the target has ${key} ${most}`,
            why: "the target refuses older records, and the first one fails the task",
            instead: `remove it${untilThen}`,
          });
        }
        return sayings.map((say) => ({ at, say }));
      }),
  ),
  mirrorRule(
    { name: "producer-order", level: "mandatory", summary: "The producer keeps the order of records." },
    (mirror) => {
      const producer = producerOf(mirror);
      const flight = producer.number("max.in.flight.requests.per.connection") ?? 1;
      // A producer that is both idempotent and has more than 5 requests in flight does not start: settings-contradict.
      if (modelFrom(mirror).exactlyOnce || flight <= 1 || producer.flag("enable.idempotence") === true) return [];
      return [
        {
          seen:
            `${producer.path("max.in.flight.requests.per.connection")} is ${flight} without ` +
            `${producer.path("enable.idempotence")}`,
          why: "a retried batch can arrive after a later one: the order of records changes",
          instead: 'write "producer.override.enable.idempotence": true, and 5 at most',
        },
      ];
    },
  ),
];

const DAY = 24 * 60 * 60 * 1000;

/** The topics of the stack that are on the origin and that the mirror copies. */
function topicsOf(mirror: MirrorView, topics: View["topics"]): TopicView[] {
  const matches = mirrored(mirror);
  return inEach(topics, (t) => (sideFor(t, mirror) === "origin" && matches?.(t.name) === true ? [t] : []));
}

/** By default MirrorMaker 2 gives the target's topics the settings of the origin's topics. */
const copiesSettings = (mirror: MirrorView) => reader(mirror.source.config).flag("sync.topic.configs.enabled") ?? true;

function refusing(mirror: MirrorView, topics: View["topics"]): { at: TopicView; say: Saying }[] {
  return topicsOf(mirror, topics).flatMap((origin) => {
    const name = targetTopicName(modelFrom(mirror), origin.name);
    return inEach(topics, (at) => {
      const most = reader(at.config).number("max.message.bytes");
      if (sideFor(at, mirror) !== "target" || at.name !== name || most === undefined || most >= size(origin)) return [];
      const say = {
        seen:
          `topic ${name} accepts records of ${size(origin)} bytes on the origin and of ${most} on the target, ` +
          "and sync.topic.configs.enabled is false",
        why: "the target refuses the first larger record, and the task fails",
        instead: `write max.message.bytes: ${size(origin)} on the target`,
      };
      return [{ at, say }];
    });
  });
}
