import { reader } from "../mirror-configuration";
import { checkpoints } from "./grants";
import { purpose, purposeOf } from "./purpose";
import { type Rule, type Saying, stackRule } from "./rule";
import { abandoned, DELETING, hasStep, isReturnMirror, migrationOf, stepsOf } from "./steps";
import { inEach } from "./unknown";

export const cutoverRules: Rule[] = [
  stackRule(
    {
      name: "gate-missing",
      level: "advisory",
      whole: true,
      summary: "A gate checks whether the copy is complete before a migration's mirror is deleted.",
      settings: { purpose },
    },
    (view, settings) =>
      inEach(view.mirrors, (at) =>
        purposeOf(view, at, settings) === "replication" ||
        stepsOf(view, at).some(({ kind }) => kind === "Gate" || DELETING.includes(kind))
          ? []
          : [
              {
                at,
                say: {
                  seen: "a mirror without a gate",
                  why:
                    "`pulumi destroy` can remove it while records are missing on the target: neither RUNNING " +
                    "nor equal counts prove that the copy is complete",
                  instead:
                    "use the Migration component, or verify the copy before you remove the mirror; if the " +
                    "mirror stays, set this rule's purpose to replication",
                },
              },
            ],
      ),
  ),
  stackRule(
    {
      name: "deletion-without-gate",
      level: "mandatory",
      whole: true,
      summary: "A stack with a mirror and no gate has no resource that deletes topics when it is removed.",
    },
    (view) =>
      inEach(view.mirrors, (mirror) => {
        const deleting = stepsOf(view, mirror).filter((step) => DELETING.includes(step.kind));
        if (hasStep(view, mirror, "Gate") || deleting.length === 0 || isReturnMirror(view, mirror)) return [];
        return [
          {
            at: deleting[0]!,
            say: {
              seen:
                `${deleting.length} resource${deleting.length === 1 ? "" : "s"} that delete topics when ` +
                "removed, a mirror, and no Gate",
              why: "clean-up could start while records are missing on the target",
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
        seen: "the gate lets everything pass (abandon: true)",
        why: "clean-up and destroy then delete the mirror's topics even if records are missing on the target",
        instead: "remove abandon; to give up a migration on purpose, disable this rule for that one update",
      },
    })),
  ),
  stackRule(
    {
      name: "checkpoints-kept",
      level: "mandatory",
      summary: "The checkpoints topic is kept until offsets were applied.",
    },
    (view) => {
      // This follows from what gate-abandoned reports already.
      const abandonedOnes = abandoned(view).map(migrationOf);
      return [
        ...view.steps
          .filter(
            (step) =>
              step.kind === "CheckpointsTopic" && step.mode === "always" && !abandonedOnes.includes(migrationOf(step)),
          )
          .map((at) => ({
            at,
            say: {
              seen: 'checkpoints is "always"',
              why:
                "destroy deletes the checkpoints topic even if its offsets were never applied, and no other " +
                "record of the groups' positions remains",
              instead: 'write "when-applied"',
            },
          })),
        // Checkpoints are optional for a mirror that is not part of a migration, and for groups whose exact offsets the
        // stack writes itself.
        ...inEach(view.mirrors, (at) =>
          checkpoints(at) ||
          stepsOf(view, at).length === 0 ||
          isReturnMirror(view, at) ||
          (!at.declared.checkpoint && hasStep(view, at, "ConsumerOffsets"))
            ? []
            : [
                {
                  at,
                  say: {
                    seen: at.declared.checkpoint
                      ? "emit.checkpoints.enabled is false in checkpointConnector.config"
                      : "there is no checkpointConnector block",
                    why: "no checkpoint is written, so the groups' positions are lost when the mirror is deleted",
                    instead: at.declared.checkpoint ? "remove it" : "write checkpointConnector, at least {}",
                  },
                },
              ],
        ),
      ];
    },
  ),
  stackRule(
    {
      name: "group-sync",
      level: "mandatory",
      summary: "Group sync fits the chosen way of moving offsets.",
      settings: {
        offsets: {
          type: "string",
          enum: ["exact", "checkpoints", "sync"],
          description:
            "How groups are moved: exact (this package), checkpoints (a tool reads the checkpoints topic), " +
            "sync (MirrorMaker 2). Default: exact where the stack has ConsumerOffsets; unknown otherwise.",
        },
      },
    },
    (view, settings) => {
      return inEach(view.mirrors, (at) => {
        const way = settings.offsets ?? (hasStep(view, at, "ConsumerOffsets") ? "exact" : undefined);
        const on = reader(at.checkpoint.config).flag("sync.group.offsets.enabled") ?? false;
        if (way === undefined || on === (way === "sync")) return [];
        const say: Saying = on
          ? {
              seen: "sync.group.offsets.enabled is true in checkpointConnector.config",
              why: "MirrorMaker 2 writes its own, earlier offsets to the groups that the cutover moves",
              instead: 'write "false"',
            }
          : {
              seen: "sync.group.offsets.enabled is not true in checkpointConnector.config",
              why: "nothing else writes the groups' offsets",
              instead: 'write "true"',
            };
        return [{ at, say }];
      });
    },
  ),
];
