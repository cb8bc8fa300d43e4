import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { isMigrationError } from "../../engine/errors";
import type { Connection, MirrorModel, Side } from "../../engine/model";
import type { Progress } from "../../engine/progress";
import {
  checkMirrorPrivileges,
  checkNotePrivileges,
  mirrorRemembers,
  preflight,
  type PreflightOptions,
  type PreflightResult,
} from "../../engine/preflight";
import { defineStep } from "./framework";
import { isDefined, modelOf, now, type PhasedInputs } from "./inputs";

export interface PreflightInputs extends PhasedInputs {
  /** `clusters`: before anything is made. `privileges`: as the mirror's own users, before the mirror. */
  stage: "clusters" | "privileges";
  options: PreflightOptions;
  /**
   * Changes with the rights that the administrators need, as when another version of this package asks for more. Only for
   * `clusters`; an older state has none.
   */
  rights?: string;
  abandon: boolean;
  /** The mirror's own principals; only for `privileges`. */
  mirrorOriginConnection?: Connection;
  mirrorTargetConnection?: Connection;
}

export interface PreflightOutputs {
  checkedAt: string | null;
  result: PreflightResult | null;
}

const skipped: PreflightOutputs = { checkedAt: null, result: null };

/** How long an administrator that was just made may be unknown to some broker. */
const PATIENCE_MS = 10_000;

interface Before {
  olds?: PreflightInputs;
  patienceMs: number;
}

async function look(
  inputs: PreflightInputs,
  progress: Progress,
  { olds, patienceMs }: Before,
): Promise<PreflightOutputs> {
  if (inputs.abandon || inputs.phase === "cleanup") return skipped;
  const model = modelOf(inputs);
  if (inputs.stage === "privileges") {
    await checkMirrorPrivileges(
      model,
      { origin: inputs.mirrorOriginConnection!, target: inputs.mirrorTargetConnection! },
      progress,
    );
    return { checkedAt: now(), result: null };
  }
  const running = olds && (await stillRunning(olds, inputs));
  return {
    checkedAt: now(),
    result: await preflight(
      model,
      { ...inputs.options, patienceMs, ...(running === undefined ? {} : { running }) },
      progress,
    ),
  };
}

/**
 * The mirror that an earlier look found good, where it is there still: what its topics hold by now is its own work and,
 * after a cutover, its clients', who must not hinder an `up` that only brings a new password.
 */
async function stillRunning(olds: PreflightInputs, news: PreflightInputs): Promise<MirrorModel | undefined> {
  if (olds.abandon) return undefined;
  return (await mirrorRemembers({ ...modelOf(news), mirror: olds.mirror }).catch(() => false))
    ? olds.mirror
    : undefined;
}

/**
 * Looked at again only when what it looks at changed; a cutover must not fail on what the mirror itself has made. After a
 * clean-up there is no mirror: a new one would copy everything a second time onto what the first one brought.
 */
function unchanged(olds: PreflightInputs, news: PreflightInputs): boolean {
  if (olds.phase === "cleanup" && news.phase !== "cleanup") return false;
  if (!isDeepStrictEqual(olds.mirror, news.mirror)) return false;
  // A roll-back takes a fence away and brings no new mirror: nothing may stand in its way, least of all a target that is down.
  if (olds.phase === "cutover" && news.phase === "mirror") return true;
  const keys = [
    "originConnection",
    "targetConnection",
    "options",
    "rights",
    "mirrorOriginConnection",
    "mirrorTargetConnection",
  ] as const;
  return keys.every((key) => isDeepStrictEqual(olds[key], news[key]));
}

/**
 * A cutover begins, and the look was one of an earlier `up`: an administrator that was given to an older version of this
 * package may lack the rights on the note of the groups' offsets, which must not come out behind the fence.
 */
const beginsCutover = (olds: PreflightInputs, news: PreflightInputs): boolean =>
  news.stage === "clusters" && olds.phase === "mirror" && news.phase === "cutover" && !news.abandon;

/** Does this migration make the administrator of this side? Then the `up` itself grants what a preview finds missing. */
function makesAdministrator(inputs: PreflightInputs, side: Side = "target"): boolean {
  const { sasl } = inputs[`${side}Connection`];
  const made = inputs.options.users?.[side]?.principals ?? [];
  return sasl === undefined ? made.length > 0 : "username" in sasl && made.includes(`User:${sasl.username}`);
}

/** A preview cannot look where the `up` first gives an administrator other rights. */
const awaitsRights = (olds: PreflightInputs, news: PreflightInputs): boolean =>
  olds.rights !== news.rights && (makesAdministrator(news, "origin") || makesAdministrator(news));

/** @throws MigrationError PREFLIGHT_FAILED */
async function askForNote(inputs: PreflightInputs): Promise<void> {
  const deadline = Date.now() + (makesAdministrator(inputs) ? PATIENCE_MS : 0);
  for (;;) {
    try {
      return await checkNotePrivileges(modelOf(inputs));
    } catch (error) {
      const mayPass = isMigrationError(error) && error.code === "PREFLIGHT_FAILED";
      if (!mayPass || Date.now() >= deadline) throw error;
    }
    await sleep(500);
  }
}

/** At preview. What a target answers else, the steps of the `up` say. */
async function noteFailures(inputs: PreflightInputs): Promise<string[]> {
  if (makesAdministrator(inputs)) return [];
  try {
    await checkNotePrivileges(modelOf(inputs));
    return [];
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    return error.code === "PREFLIGHT_FAILED" ? [error.message] : [];
  }
}

/** Is there no mirror any more, as after a destroy that stopped half-way? Whoever can't tell says no. */
async function forgotten(inputs: PreflightInputs): Promise<boolean> {
  if (inputs.stage !== "clusters" || inputs.phase === "cleanup" || inputs.abandon) return false;
  return !(await mirrorRemembers(modelOf(inputs)).catch(() => true));
}

export const preflightStep = defineStep<PreflightInputs, PreflightOutputs>("preflight", {
  outputs: { checkedAt: true, result: true },

  async previewFailures(news, olds, progress) {
    if (news.stage !== "clusters") return [];
    if (olds !== undefined && unchanged(olds, news)) return beginsCutover(olds, news) ? noteFailures(news) : [];
    if (olds !== undefined && awaitsRights(olds, news)) return [];
    try {
      await look(news, progress, { patienceMs: 0, olds });
      return [];
    } catch (error) {
      if (!isMigrationError(error)) throw error;
      return [error.message];
    }
  },

  create: (inputs, progress) => look(inputs, progress, { patienceMs: PATIENCE_MS }),

  async isOutdated(state) {
    return isDefined(state.checkedAt) && (await forgotten(state));
  },

  async update(olds, news, progress) {
    if (!isDefined(olds.checkedAt)) return look(news, progress, { patienceMs: PATIENCE_MS });
    if (unchanged(olds, news) && !(await forgotten(news))) {
      if (beginsCutover(olds, news)) await askForNote(news);
      return { checkedAt: olds.checkedAt, result: olds.result };
    }
    return look(news, progress, { patienceMs: PATIENCE_MS, olds });
  },

  async remove() {},
});
