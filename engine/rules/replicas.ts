import { type Config, reader } from "../mirror-configuration";
import { checkpoints } from "./grants";
import { choosesReplicas } from "./addresses";
import { mirrored } from "./names";
import { purpose, purposeOf } from "./purpose";
import { type Rule, type Saying, stackRule } from "./rule";
import { hasStep } from "./steps";
import { attempt, inEach } from "./unknown";
import { type MirrorView, namesIn, type Subject, type TopicView, type View, wholeOf } from "./view";
import { sideFor } from "./sides";

const INTERNAL = [
  ["source", "offset-syncs.topic.replication.factor"],
  ["checkpoint", "checkpoints.topic.replication.factor"],
  ["heartbeat", "heartbeats.topic.replication.factor"],
] as const;
const STORAGE = [
  "offset.storage.replication.factor",
  "config.storage.replication.factor",
  "status.storage.replication.factor",
];

/** Replication factors that MirrorMaker 2 requests by default (Kafka 4.3, MirrorConnectorConfig). */
const DATA_DEFAULT = 2;
const INTERNAL_DEFAULT = 3;

interface Factor {
  key: string;
  where: string;
  value: number;
  /** The value in messages. */
  said: string;
}

/** The replication factors of the mirror's topics on the target. Those of the workers' storage are in `storageOf`. */
function factorsOf(mirror: MirrorView): Factor[] {
  if (isService(mirror, "target")) return [];
  const factor = (config: Config, where: string, key: string, byDefault: number): Factor => {
    const value = reader(config).number(key);
    return {
      key,
      where,
      value: value ?? byDefault,
      said: value === undefined ? `not set, which is ${byDefault}` : String(value),
    };
  };
  const { source, heartbeat, declared } = mirror;
  const runs = {
    // The number of the target's brokers does not matter for offset syncs on the origin.
    source: declared.source && reader(source.config).text("offset-syncs.topic.location") === "target",
    checkpoint: checkpoints(mirror),
    heartbeat: heartbeat !== undefined,
  };
  return [
    ...(declared.source
      ? [factor(source.config, "in sourceConnector.config", "replication.factor", DATA_DEFAULT)]
      : []),
    ...INTERNAL.flatMap(([connector, key]) =>
      runs[connector]
        ? [factor(mirror[connector]!.config, `in ${connector}Connector.config`, key, INTERNAL_DEFAULT)]
        : [],
    ),
  ];
}

/** The brokers are only known for the target, so a workers' cluster elsewhere is left out. */
const atTarget = (mirror: MirrorView) => attempt(() => mirror.workersAt) === undefined && !isService(mirror, "target");

const storageOf = (mirror: MirrorView): Factor[] =>
  (atTarget(mirror) ? STORAGE : []).map((key) => {
    const value = reader(mirror.target.config).number(key);
    return {
      key,
      where: `in ${namesIn(mirror).workers}.config`,
      value: value ?? INTERNAL_DEFAULT,
      said: value === undefined ? `not set, which is ${INTERNAL_DEFAULT}` : String(value),
    };
  });

/** Returns true if the cluster is a service that chooses the number of replicas itself. */
const isService = (mirror: MirrorView, side: "origin" | "target") =>
  choosesReplicas(attempt(() => mirror[side].bootstrapServers));

const brokers = {
  type: "integer",
  minimum: 1,
  description: "Number of the target's brokers. Default: what a resource of the stack says; unknown otherwise.",
} as const;

const each = (view: View, look: (mirror: MirrorView) => Saying[]) =>
  inEach(view.mirrors, (mirror) => look(mirror).map((say) => ({ at: mirror, say })));
const brokersOf = (mirror: MirrorView, settings: { targetBrokers?: unknown }) =>
  typeof settings.targetBrokers === "number" ? settings.targetBrokers : mirror.targetBrokers;
/** A factor of -1 means the brokers' default. */
const oneByDefault = (mirror: MirrorView) => mirror.targetDefaultReplicas === 1;
const isOne = (mirror: MirrorView, factor: number | undefined) =>
  factor === 1 || (factor === -1 && oneByDefault(mirror));
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
            sideFor(at, mirror) === "target" && asked(mirror) && mirrored(mirror)?.(at.name) ? [mirror] : [],
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
              `${ones.join(" and ")} ${ones.length === 1 ? "is" : "are"} ` +
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
            .flatMap((factor) => tooFew(factor, leastOf(mirror), `${factor.key} ${factor.where}`) ?? []),
        ),
      ];
    },
  ),
  stackRule(
    {
      name: "tasks-and-partitions",
      level: "advisory",
      summary: "There are no more tasks than partitions, and no more workers than tasks.",
      settings: {
        partitions: {
          type: "integer",
          minimum: 1,
          description:
            "Number of partitions to migrate. Default: those of the origin's topics in the stack; unknown otherwise.",
        },
      },
    },
    (view, settings) =>
      inEach(view.mirrors, (mirror) => {
        const partitions = (settings.partitions as number | undefined) ?? partitionsOf(mirror, view);
        const tasks = mirror.source.tasksMax ?? 1;
        const sayings: { at: Subject; say: Saying }[] = [];
        if (partitions !== undefined && tasks > partitions) {
          const say = {
            seen: `tasksMax is ${tasks} for ${partitions} partition${partitions === 1 ? "" : "s"}`,
            why: "a task without a partition only uses memory",
            instead: `write ${partitions} or less`,
          };
          sayings.push({ at: mirror, say });
        }
        const [first, ...others] = view.mirrors.filter(({ resource }) => resource === mirror.resource);
        const all = [first!, ...others].reduce((sum, entry) => sum + tasksOf(entry), 0);
        // If `replicas` is a default, nobody chose to have more workers than tasks, and a spare worker can take over.
        const copies = [first!, ...others].some(({ declared }) => declared.source);
        if (first === mirror && copies && mirror.replicasAssumed !== true && (mirror.replicas ?? 1) > all) {
          const seen = `replicas is ${mirror.replicas ?? 1} for ${all} task${all === 1 ? "" : "s"} at most`;
          const say = {
            seen,
            why: "a worker without a task does nothing",
            instead: "raise sourceConnector.tasksMax, or lower replicas",
          };
          sayings.push({ at: wholeOf(mirror), say });
        }
        return sayings;
      }),
  ),
];

const DATA = "replication.factor";

/** The field is `replicas` in a KafkaTopic and `replicationFactor` in the Topic of @pulumi/kafka. */
const factorField = ({ label }: TopicView) => (label.startsWith("KafkaTopic ") ? "replicas" : "replicationFactor");

/** Keys that request one replica. Offset syncs on the origin do not concern the target. */
function onesOf(mirror: MirrorView, stays: boolean): string[] {
  const { source, declared, target } = mirror;
  const one = (config: Config, key: string) => isOne(mirror, reader(config).number(key));
  const syncsAtOrigin = reader(source.config).text("offset-syncs.topic.location") !== "target";
  const connectors = INTERNAL.filter(([connector, key]) => {
    if (mirror[connector] === undefined || !one(mirror[connector].config, key)) return false;
    return !isService(mirror, connector === "source" && syncsAtOrigin ? "origin" : "target");
  });
  const storage = STORAGE.filter((key) => one(target.config, key));
  return [
    ...(stays && declared.source && !isService(mirror, "target") && one(source.config, DATA) ? [DATA] : []),
    ...connectors.map(([, key]) => key),
    ...(atTarget(mirror) ? storage : []),
  ];
}

/** The maximum number of tasks of an entry of `mirrors`. */
const tasksOf = ({ declared, source, checkpoint, heartbeat }: MirrorView): number =>
  (declared.source ? (source.tasksMax ?? 1) : 0) +
  (declared.checkpoint ? (checkpoint.tasksMax ?? 1) : 0) +
  (heartbeat === undefined ? 0 : 1);

/** Known if the pattern lists topics one by one and the stack has all of them. */
function partitionsOf(mirror: MirrorView, { topics }: View): number | undefined {
  const matches = mirrored(mirror);
  const named = mirror.topicsPattern
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (matches === undefined || named.length === 0 || !named.every((name) => /^[\w-]+$/.test(name))) return undefined;
  const counts = named
    .filter(matches)
    .map((name) => topics.find((t) => sideFor(t, mirror) === "origin" && t.name === name))
    .map((topic) => (topic === undefined ? undefined : (topic.partitions ?? 1)));
  return counts.length === 0 || counts.includes(undefined)
    ? undefined
    : counts.reduce<number>((sum, count) => sum + count!, 0);
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
