import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileBase } from "../../engine/report/write";
import { verifyCopy, type VerifyOptions, type VerifyResult } from "../../engine/verify";
import type { Progress } from "../../engine/progress";
import { againFenced, behindFence, type FencedInputs } from "./fenced";
import { type Handler, serve } from "./framework";
import { isThere, modelOf, now, type PhasedInputs, phaseChange, sameGate, sameSelection } from "./inputs";
import { folderOf, type Place } from "./place";

export interface VerificationInputs extends PhasedInputs, FencedInputs {
  options: VerifyOptions;
  abandon: boolean;
  /** Where an `up` that is killed leaves what it has verified, for the next one. Absent (an older state): nowhere. */
  resume?: Place;
}

export interface VerificationOutputs {
  verifiedAt: string | null;
  result: VerifyResult | null;
}

const none: VerificationOutputs = { verifiedAt: null, result: null };

const resumeFile = (place: Place): string => join(folderOf(place), `${fileBase(place.name)}.verification.jsonl`);

async function verify(inputs: VerificationInputs, progress: Progress): Promise<VerificationOutputs> {
  if (inputs.abandon || inputs.options.mode === "none") return none;
  const options = { ...inputs.options, ...(await memory(inputs, progress)) };
  const result = await behindFence(inputs, progress, (lost) => verifyCopy(modelOf(inputs), options, progress, lost));
  await forget(inputs);
  return { verifiedAt: now(), result };
}

/** A folder that can't be made costs the next run time, and this one nothing. */
async function memory({ resume }: VerificationInputs, progress: Progress): Promise<Pick<VerifyOptions, "resumeFile">> {
  if (resume === undefined) return {};
  const file = resumeFile(resume);
  try {
    await mkdir(dirname(file), { recursive: true });
    return { resumeFile: file };
  } catch (error) {
    progress.warn(`an interrupted verification would start anew: ${(error as Error).message}`);
    return {};
  }
}

async function forget({ resume }: VerificationInputs): Promise<void> {
  if (resume !== undefined) await rm(resumeFile(resume), { force: true }).catch(() => {});
}

/** Compares both sides once the gate has passed; a difference fails the `up` before any offset is moved. */
const handler: Handler<VerificationInputs, VerificationOutputs> = {
  outputs: { verifiedAt: true, result: true },

  async create(inputs, progress) {
    return inputs.phase === "cutover" ? verify(inputs, progress) : none;
  },

  async update(olds, news, progress) {
    const before = { verifiedAt: olds.verifiedAt, result: olds.result };
    switch (phaseChange({ phase: olds.phase, done: (isThere(olds.verifiedAt) || olds.options.mode === "none") && sameSelection(olds, news) }, news.phase)) {
      case "cutover":
        return verify(news, progress);
      case "roll-back":
        await forget(news);
        return none;
      default:
        return news.phase === "cutover" && news.options.mode !== olds.options.mode ? verify(sameGate(olds, news) ? againFenced(news) : news, progress) : before;
    }
  },

  remove: (state) => forget(state),

  optional: ["fenceOptions"],
  immaterial: ["resume", "gateEnds"],
};

export const verificationStep = serve("verification", handler);
