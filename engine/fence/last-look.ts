import { isDeepStrictEqual } from "node:util";
import { Kept } from "../kept";
import type { MigrationModel } from "../model";
import type { Ends } from "./movement";
import type { FenceOptions, RaisedFence } from "./types";

/** The complete fence, as a step has seen it. */
export interface LastLook {
  /** ms since the epoch at which no ACL was missing. */
  at: number;
  raised: RaisedFence;
  /** End offsets after that time. */
  ends: Ends;
}

/**
 * The next step of a run begins less than a second after the last one has looked at the fence. It does not look again:
 * it looks at its end, and finds there what was removed or written since the earlier look.
 */
const FRESH_MS = 1_000;

const kept = new Kept<LastLook & { options: unknown }>();

const nameOf = ({ origin, mirror }: MigrationModel): string => JSON.stringify([origin.bootstrapServers, mirror]);
/** What decides which ACLs the fence needs. */
const deciding = ({ except = [], everyoneByDefault }: FenceOptions) => ({ except, everyoneByDefault });

/** Keeps the look for the next step. Outside of Pulumi nothing is kept. */
export function keepLook(model: MigrationModel, options: FenceOptions, look: LastLook): void {
  kept.keep(nameOf(model), { ...look, options: deciding(options) });
}

/** Returns a look that is fresh enough, once. */
export function takeLook(model: MigrationModel, options: FenceOptions): LastLook | undefined {
  const look = kept.take(nameOf(model));
  if (look === undefined || Date.now() - look.at > FRESH_MS) return undefined;
  return isDeepStrictEqual(look.options, deciding(options)) ? look : undefined;
}

/** Call this before the fence is lowered. */
export const dropLook = (model: MigrationModel): void => void kept.take(nameOf(model));
