import { reader } from "../mirror-configuration";
import { checkpoints } from "./grants";
import { mirrored } from "./names";
import { producerOf } from "./producer";
import { mirrorRule, type Rule, type Saying, stackRule } from "./rule";
import { abandoned, DELETING, hasStep, migrationOf, stepsOf } from "./steps";
import { inEach } from "./unknown";

export const cutoverRules: Rule[] = [
  stackRule({ name: "gate-missing", level: "advisory", whole: true, summary: "A gate asks whether the copy is complete before the mirror goes." }, (view) =>
    inEach(view.mirrors, (at) =>
      stepsOf(view, at).some(({ kind }) => kind === "Gate" || DELETING.includes(kind))
        ? []
        : [
            {
              at,
              say: {
                seen: "a mirror without a gate",
                why: "nothing keeps `pulumi destroy` from removing it while records are missing on the target: RUNNING and equal counts prove nothing",
                instead: "use the Migration component, or prove the copy complete before the mirror is removed",
              },
            },
          ],
    ),
  ),
  stackRule({ name: "deletion-without-gate", level: "mandatory", whole: true, summary: "Nothing that deletes topics on its removal stands beside a mirror without a gate." }, (view) =>
    inEach(view.mirrors, (mirror) => {
      const deleting = stepsOf(view, mirror).filter((step) => DELETING.includes(step.kind));
      if (hasStep(view, mirror, "Gate") || deleting.length === 0) return [];
      return [
        {
          at: deleting[0]!,
          say: {
            seen: `${deleting.length} resource${deleting.length === 1 ? "" : "s"} that delete topics when removed, a mirror, and no Gate`,
            why: "clean-up could be reached with records missing on the target",
            instead: "declare the Gate after the mirror, as the Migration component does",
          },
        },
      ];
    }),
  ),
  stackRule({ name: "gate-abandoned", level: "mandatory", summary: "The migration is not abandoned." }, (view) =>
    abandoned(view).map((at) => ({
      at,
      say: {
        seen: "the gate is told to let everything pass (abandon: true)",
        why: "clean-up and destroy then delete the mirror's topics, however much is missing on the target",
        instead: "take abandon away; to give a migration up on purpose, disable this rule for that one update",
      },
    })),
  ),
  stackRule({ name: "checkpoints-kept", level: "mandatory", summary: "The checkpoints topic outlives the cutover until offsets were applied." }, (view) => {
    // The consequence of what gate-abandoned says already.
    const given = abandoned(view).map(migrationOf);
    return [
      ...view.steps
        .filter((step) => step.kind === "CheckpointsTopic" && step.mode === "always" && !given.includes(migrationOf(step)))
        .map((at) => ({
          at,
          say: { seen: 'checkpoints is "always"', why: "the checkpoints topic goes with destroy though its offsets were never applied, and with it the only record of where groups stand", instead: 'write "when-applied"' },
        })),
      // A mirror that is not for a migration may do without.
      ...inEach(view.mirrors, (at) =>
        checkpoints(at) || stepsOf(view, at).length === 0
          ? []
          : [
              {
                at,
                say: {
                  seen: at.declared.checkpoint ? "emit.checkpoints.enabled is false in checkpointConnector.config" : "there is no checkpointConnector block",
                  why: "no checkpoint is written, so groups have no way back once the mirror is gone",
                  instead: at.declared.checkpoint ? "take it away" : "write checkpointConnector, at least {}",
                },
              },
            ],
      ),
    ];
  }),
  stackRule(
    {
      name: "group-sync",
      level: "mandatory",
      summary: "Group sync is off or on as the chosen way of moving offsets needs.",
      settings: {
        offsets: {
          type: "string",
          enum: ["exact", "checkpoints", "sync"],
          description: "How groups are moved: exact (this package), checkpoints (a tool reads the checkpoints topic), sync (MirrorMaker 2). Default: exact where the stack has ConsumerOffsets; unknown otherwise.",
        },
      },
    },
    (view, settings) => {
      return inEach(view.mirrors, (at) => {
        const way = settings.offsets ?? (hasStep(view, at, "ConsumerOffsets") ? "exact" : undefined);
        const on = reader(at.checkpoint.config).flag("sync.group.offsets.enabled") ?? false;
        if (way === undefined || on === (way === "sync")) return [];
        const say: Saying = on
          ? { seen: "sync.group.offsets.enabled is true in checkpointConnector.config", why: "MirrorMaker 2 writes its own, earlier offsets into the groups that the cutover is to place", instead: 'write "false"' }
          : { seen: "sync.group.offsets.enabled is not true in checkpointConnector.config", why: "nothing else moves the groups", instead: 'write "true"' };
        return [{ at, say }];
      });
    },
  ),
  stackRule({ name: "message-size", level: "mandatory", summary: "The mirror can send the largest record that a topic takes." }, ({ mirrors, topics }) =>
    inEach(mirrors, (at) => {
      const producer = producerOf(at);
      const limit = producer.number("max.request.size") ?? 1048576;
      const memory = producer.number("buffer.memory") ?? 33554432;
      const matches = mirrored(at);
      const larger = inEach(topics, (t) => ((t.side !== "target" ? matches?.(t.name) : false) && (reader(t.config).number("max.message.bytes") ?? 0) > Math.max(limit, 1048588) ? [t] : []));
      const sayings: Saying[] = larger.map((t) => ({
        seen: `topic ${t.name} takes records of ${t.config["max.message.bytes"]} bytes, ${producer.path("max.request.size")} is ${limit}`,
        why: "the limit counts uncompressed bytes, and the first larger record fails the task",
        instead: `write producer.override.max.request.size: ${Math.max(...larger.map((l) => Number(l.config["max.message.bytes"])))}`,
      }));
      if (limit > memory) {
        sayings.push({ seen: `${producer.path("max.request.size")} is ${limit}, ${producer.path("buffer.memory")} ${memory}`, why: "such a record never fits into the producer's memory", instead: "raise buffer.memory" });
      }
      return sayings.map((say) => ({ at, say }));
    }),
  ),
  stackRule({ name: "timestamps", level: "advisory", summary: "Records keep their timestamps on the target." }, (view) => [
    ...inEach(view.topics, (t) =>
      t.side === "target" && t.config["message.timestamp.type"] === "LogAppendTime" && inEach(view.mirrors, (m) => (mirrored(m)?.(t.name) ? [m] : [])).length > 0 ? [t] : [],
    ).map((at) => ({
        at,
        say: {
          seen: `topic ${at.name} on the target has message.timestamp.type LogAppendTime`,
          why: "copied records get the time of the copy: retention starts anew, and groups can be placed only by reading the tail",
          instead: "use CreateTime until the cutover is done",
        } as Saying,
      })),
  ]),
  mirrorRule({ name: "producer-order", level: "mandatory", summary: "The producer keeps the order of records." }, (mirror) => {
    const producer = producerOf(mirror);
    const flight = producer.number("max.in.flight.requests.per.connection") ?? 1;
    const idempotent = producer.flag("enable.idempotence") ?? false;
    const once = reader(mirror.target.config).text("exactly.once.source.support") === "enabled";
    if (once || flight <= (idempotent ? 5 : 1)) return [];
    return [
      {
        seen: `${producer.path("max.in.flight.requests.per.connection")} is ${flight} ${idempotent ? "with" : "without"} ${producer.path("enable.idempotence")}`,
        why: idempotent ? "an idempotent producer allows 5 at most, and the task fails" : "a retried batch can overtake another: records change their order",
        instead: idempotent ? "write 5" : 'write "producer.override.enable.idempotence": true, and 5 at most',
      },
    ];
  }),
];
