import type { MigrationModel } from "../../../engine/model";
import { testMirror } from "../../support/models";

/** No broker listens there. */
export const nowhere = { bootstrapServers: "127.0.0.1:1", connectTimeoutMs: 500 };

/** Inputs that most steps share, in phase `mirror`. Both clusters are unreachable. */
export const stepInputs = {
  phase: "mirror",
  abandon: false,
  originConnection: nowhere,
  targetConnection: nowhere,
  mirror: testMirror(),
};

/** Inputs of `Preflight` when the clusters exist. */
export const preflightInputs = { ...stepInputs, stage: "clusters", options: {} };

/** The inputs that say what a step works on. */
export const inputsOf = ({ origin, target, mirror }: MigrationModel) => ({
  originConnection: origin,
  targetConnection: target,
  mirror,
});
