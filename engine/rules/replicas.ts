import { type Config, reader } from "../mirror-configuration";
import { isCopy } from "./names";
import { purpose, purposeOf } from "./purpose";
import { type Rule, type Saying, stackRule } from "./rule";
import { hasStep } from "./steps";
import { inEach } from "./unknown";
import { type MirrorView, namesIn, type TopicView, type View } from "./view";
import { sideFor } from "./sides";
import { DATA, factorsOf, isOne, isService, oneByDefault, onesOf, storageOf } from "./factors";

const brokers = {
  type: "integer",
  minimum: 1,
  description: "Number of the target's brokers. Default: what a resource of the stack says; unknown otherwise.",
} as const;

const each = (view: View, look: (mirror: MirrorView) => Saying[]) =>
  inEach(view.mirrors, (mirror) => look(mirror).map((say) => ({ at: mirror, say })));
const brokersOf = (mirror: MirrorView, settings: { targetBrokers?: unknown }) =>
  typeof settings.targetBrokers === "number" ? settings.targetBrokers : mirror.targetBrokers;
const saidOne = (config: Config) =>
  reader(config).number(DATA) === 1 ? "1" : "-1, which the brokers' default.replication.factor makes 1";
const insteadOf = (mirror: MirrorView, instead: string) =>
  oneByDefault(mirror)
    ? instead.replace(/-1 (\(the target's default\) )?or 3/, "3, or set the brokers' default.replication.factor")
    : instead;
const reset = (view: View, mirror: MirrorView) => hasStep(view, mirror, "Replication");

export const replicaRules: Rule[] = [
  stackRule(
    {
      name: "data-replication-one",
      level: "mandatory",
      whole: true,
      summary: "Data has more than one replica on the target, or its replication is reset before the cutover ends.",
      settings: { targetBrokers: brokers, purpose },
    },
    (view, settings) => {
      const asked = (mirror: MirrorView) =>
        !reset(view, mirror) &&
        brokersOf(mirror, settings) !== 1 &&
        !isService(mirror, "target") &&
        purposeOf(view, mirror, settings) !== "replication";
      const why = "after the cutover, the loss of one broker loses the only copy of the data";
      const instead = "write -1 (the target's default) or 3, or let the migration reset the replication";
      return [
        ...each(view, (mirror) =>
          asked(mirror) && mirror.declared.source && isOne(mirror, reader(mirror.source.config).number(DATA))
            ? [
                {
                  seen:
                    `${DATA} is ${saidOne(mirror.source.config)} in sourceConnector.config, and no resource of ` +
                    "the stack resets it",
                  why,
                  instead: insteadOf(mirror, instead),
                },
              ]
            : [],
        ),
        ...inEach(view.topics, (at) =>
          at.replicationFactor === 1 &&
          inEach(view.mirrors, (mirror) =>
            sideFor(at, mirror) === "target" && asked(mirror) && isCopy(at.name, mirror) ? [mirror] : [],
          ).length > 0
            ? [
                {
                  at,
                  say: {
                    seen: `topic ${at.name} on the target has 1 replica, and no resource of the stack resets it`,
                    why,
                    instead: "write 3, or let the migration reset the replication",
                  },
                },
              ]
            : [],
        ),
      ];
    },
  ),
  stackRule(
    {
      name: "internal-replication-one",
      level: "advisory",
      summary:
        "The mirror's internal topics have more than one replica, and so have the copies of a mirror that stays.",
      settings: { targetBrokers: brokers, purpose },
    },
    (view, settings) =>
      each(view, (mirror) => {
        if (brokersOf(mirror, settings) === 1) return [];
        const stays = purposeOf(view, mirror, settings) === "replication";
        const ones = onesOf(mirror, stays);
        if (ones.length === 0) return [];
        return [
          {
            seen:
              `${ones.join(", ").replace(/, ([^,]*)$/, " and $1")} ${ones.length === 1 ? "is" : "are"} ` +
              `1${oneByDefault(mirror) ? ", or -1 where the brokers' default.replication.factor is 1" : ""}`,
            why:
              "one broker that fails stops the mirror, or loses its offsets and " +
              `checkpoints${ones.includes(DATA) ? ", or what it copied" : ""}`,
            instead: insteadOf(mirror, "write -1 or 3"),
          },
        ];
      }),
  ),
  stackRule(
    {
      name: "storage-replication-unset",
      level: "mandatory",
      summary: "If the target has fewer than three brokers, the replication factors of the storage topics are set.",
      settings: { targetBrokers: brokers },
    },
    (view, settings) =>
      each(view, (mirror) => {
        const count = brokersOf(mirror, settings);
        if (count === undefined || count >= 3) return [];
        const wrong = storageOf(mirror).filter(({ value }) => value > count);
        if (wrong.length === 0) return [];
        return [
          {
            seen:
              `the target has ${count} broker${count === 1 ? "" : "s"}, ` +
              `${wrong.map(({ key, said }) => `${key} is ${said}`).join(", ")}`,
            why: "the operator sets none, so Connect requests three replicas and its workers never start",
            instead: `write ${count} or -1 in ${namesIn(mirror).workers}.config`,
          },
        ];
      }),
  ),
  stackRule(
    {
      name: "replication-above-brokers",
      level: "mandatory",
      summary: "No topic gets more replicas than the target has brokers.",
      settings: { targetBrokers: brokers },
    },
    (view, settings) =>
      each(view, (mirror) => {
        const count = brokersOf(mirror, settings);
        const wrong = count === undefined ? [] : factorsOf(mirror).filter(({ value }) => value > count);
        if (wrong.length === 0) return [];
        return [
          {
            seen:
              `the target has ${count} broker${count === 1 ? "" : "s"}, ` +
              `${wrong.map(({ key, said }) => `${key} is ${said}`).join(", ")}`,
            why:
              "brokers refuse such a topic: it is not copied although the mirror reports RUNNING, or the " +
              "connector fails",
            instead: `write ${count} or -1`,
          },
        ];
      }),
  ),
  stackRule(
    {
      name: "replication-above-min-isr",
      level: "mandatory",
      summary: "The replication factor is above min.insync.replicas.",
      settings: {
        targetMinInsyncReplicas: {
          type: "integer",
          minimum: 1,
          description:
            "min.insync.replicas of the target's brokers. Default: what a Kafka resource of the stack says; " +
            "unknown otherwise.",
        },
      },
    },
    (view, settings) => {
      const leastOf = (mirror: MirrorView) =>
        (settings.targetMinInsyncReplicas as number | undefined) ?? mirror.targetMinInsyncReplicas;
      return [
        ...inEach(view.topics, (topic) => {
          const say = tooFew(
            { value: topic.replicationFactor, said: String(topic.replicationFactor) },
            reader(topic.config).number("min.insync.replicas"),
            `topic ${topic.name}: ${factorField(topic)}`,
          );
          return say ? [{ at: topic, say }] : [];
        }),
        ...each(view, (mirror) =>
          [...factorsOf(mirror), ...storageOf(mirror)]
            .filter(({ key }) => key !== "replication.factor" || !reset(view, mirror))
            .flatMap((factor) => tooFew(factor, leastOf(mirror), `${factor.key} ${factor.where}`) ?? [])
            .reduce<Saying[]>(joined, []),
        ),
      ];
    },
  ),
];

/** The field is `replicas` in a KafkaTopic and `replicationFactor` in the Topic of @pulumi/kafka. */
const factorField = ({ label }: TopicView) => (label.startsWith("KafkaTopic ") ? "replicas" : "replicationFactor");

/** Adds a saying to those before it. Factors with the same effect are one saying. */
function joined(all: readonly Saying[], { seen, why, instead }: Saying): Saying[] {
  const same = all.find((one) => one.why === why && one.instead === instead);
  if (same === undefined) return [...all, { seen, why, instead }];
  const [, last = ""] = /, (min\.insync\.replicas \d+)$/.exec(seen) ?? [];
  const before = same.seen.slice(0, -`, ${last}`.length);
  return all.map((one) => (one === same ? { ...one, seen: `${before}, ${seen}` } : one));
}

function tooFew(
  { value: factor, said }: { value: number | undefined; said: string },
  least: number | undefined,
  what: string,
): Saying | undefined {
  if (factor === undefined || factor < 1 || least === undefined || least < 2 || factor > least) return undefined;
  return {
    seen: `${what} is ${said}, min.insync.replicas ${least}`,
    why:
      factor < least
        ? "all writes with acks=all fail"
        : "one broker that is down or restarted stops all writes with acks=all",
    instead: `write at least ${least + 1}, or a lower min.insync.replicas`,
  };
}
