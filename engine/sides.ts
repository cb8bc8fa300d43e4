import type { Side } from "./model";

/** Both clusters. Not in `model.ts`, because the steps load no shapes of settings. */
export const SIDES = ["origin", "target"] as const satisfies readonly Side[];
