import { MigrationError } from "../../engine/errors";
import { keepHeapSmall } from "../../engine/memory";
import * as resources from "../resources";
import type { Step } from "./framework";

keepHeapSmall();

const steps = new Map<string, Step>(Object.values(resources).map(({ step }) => [step.kind, step]));

/** Entry point for the thin methods of the dynamic provider, including those in the state of an older version. */
export function step(kind: string): Step {
  const found = steps.get(kind);
  if (found === undefined) {
    throw new MigrationError("STEP_UNKNOWN", `this version of pulumi-kafka-migration has no step "${kind}"`, {
      fix: `install the version that wrote the state, or a newer one; known steps: ${[...steps.keys()].join(", ")}`,
    });
  }
  return found;
}
