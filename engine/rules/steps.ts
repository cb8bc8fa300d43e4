import { modelFrom } from "../mirror-configuration";
import { attempt } from "./unknown";
import type { MirrorView, StepView, View } from "./view";

/** Resources of this package that delete or change topics when they are removed. */
export const DELETING = ["InternalTopic", "MirrorGone", "CheckpointsTopic"];

/** The steps of one mirror's migration. A step that does not name its migration belongs to every migration. */
export function stepsOf({ steps }: Pick<View, "steps">, mirror: MirrorView): StepView[] {
  return steps.filter(({ of }) => {
    if (of === undefined) return true;
    const { originAlias, targetAlias, groupId } = modelFrom(mirror);
    return of.originAlias === originAlias && of.targetAlias === targetAlias && of.groupId === groupId;
  });
}

export const hasStep = (view: Pick<View, "steps">, mirror: MirrorView, kind: string): boolean =>
  stepsOf(view, mirror).some((step) => step.kind === kind);

/**
 * True for the mirror of a way back: it copies what clients write to the target after a migration's cutover back to the
 * origin. It moves no groups, and it may be removed at any time.
 */
export function isReturnMirror({ steps }: Pick<View, "steps">, mirror: MirrorView): boolean {
  const { targetAlias, groupId } = modelFrom(mirror);
  return steps.some((step) => {
    const of = attempt(() => step.of);
    return step.kind === "ReturnStart" && of?.originAlias === targetAlias && groupId.startsWith(`${of.groupId}-return`);
  });
}

/** One step of each abandoned migration: its Gate, or another step if the clean-up has removed the Gate. */
export function abandoned({ steps }: Pick<View, "steps">): StepView[] {
  const abandoning = steps.filter((step) => step.abandon === true);
  const migrations = [...new Set(abandoning.map(migrationOf))];
  return migrations.map((migration) => {
    const own = abandoning.filter((step) => migrationOf(step) === migration);
    return own.find((step) => step.kind === "Gate") ?? own[0]!;
  });
}

export function migrationOf(step: StepView): string {
  const of = attempt(() => step.of);
  return of === undefined ? "" : JSON.stringify([of.originAlias, of.targetAlias, of.groupId]);
}
