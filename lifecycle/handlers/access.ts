import { isMigrationError } from "../../engine/errors";
import {
  type AccessMode,
  type AccessOptions,
  type AccessResult,
  checkAccess,
  reportAccess,
  requireEqualAccess,
  shortened,
} from "../../engine/access";
import type { Phase } from "../../engine/model";
import type { Progress } from "../../engine/progress";
import { askUnlessAsked, type BeforeGate } from "./closing";
import { defineStep } from "./framework";
import { isDefined, modelOf, now, type PhasedInputs, sameSelection } from "./inputs";

export interface AccessInputs extends PhasedInputs {
  mode: AccessMode;
  options: AccessOptions;
  abandon: boolean;
}

export interface AccessOutputs extends BeforeGate {
  /** ISO 8601. */
  checkedAt: string | null;
  result: AccessResult | null;
}

const none: AccessOutputs = { checkedAt: null, result: null };

/** Clients start on the target in these phases. */
const movesClients = (phase: Phase): boolean => phase === "consumers" || phase === "cutover";

/**
 * Compares who may do what on both clusters.
 * @throws MigrationError ACCESS_DIFFERS if the mode is `require`
 */
async function compare(inputs: AccessInputs, progress: Progress): Promise<AccessOutputs> {
  const { mode, options, abandon } = inputs;
  if (abandon || mode === "none") return none;
  try {
    const result = await checkAccess(modelOf(inputs), options, progress);
    if (mode === "require") requireEqualAccess(result);
    reportAccess(result, progress);
    return { checkedAt: now(), result: shortened(result) };
  } catch (error) {
    if (mode === "require" || !isMigrationError(error)) throw error;
    progress.warn(`access: not compared: ${error.message.split("\n", 1)[0]}`);
    return none;
  }
}

/** Compares access before anything of a cutover happens. With mode `warn` it never fails an `up`. */
export const accessStep = defineStep<AccessInputs, AccessOutputs>("access", {
  outputs: { checkedAt: true, result: true },

  async create(inputs, progress) {
    return movesClients(inputs.phase) ? compare(inputs, progress) : none;
  },

  async update(olds, news, progress) {
    if (!movesClients(news.phase)) return none;
    const isDone = isDefined(olds.checkedAt) && olds.phase === news.phase && sameSelection(olds, news);
    return isDone ? { checkedAt: olds.checkedAt, result: olds.result } : compare(news, progress);
  },

  unfinished: () => ({ ...none, withoutGate: true }),

  async remove(state, progress) {
    if (state.withoutGate === true) await askUnlessAsked({ ...state, options: {} }, progress);
  },
});
