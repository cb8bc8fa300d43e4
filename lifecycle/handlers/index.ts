import { MigrationError } from "../../engine/errors";
import { keepHeapSmall } from "../../engine/memory";
import type { StepKind } from "../provider";
import { type Step } from "./framework";

keepHeapSmall();

/** Loaded one by one, so that a step costs only its own part of the engine. */
const steps: Record<StepKind, () => Step> = {
  preflight: () => (require("./preflight") as typeof import("./preflight")).preflightStep,
  "checkpoints-topic": () => (require("./internal-topics") as typeof import("./internal-topics")).checkpointsTopicStep,
  "internal-topic": () => (require("./internal-topics") as typeof import("./internal-topics")).internalTopicStep,
  "mirror-gone": () => (require("./internal-topics") as typeof import("./internal-topics")).mirrorGoneStep,
  replication: () => (require("./replication") as typeof import("./replication")).replicationStep,
  fence: () => (require("./fence") as typeof import("./fence")).fenceStep,
  gate: () => (require("./gate") as typeof import("./gate")).gateStep,
  guard: () => (require("./guard") as typeof import("./guard")).guardStep,
  verification: () => (require("./verification") as typeof import("./verification")).verificationStep,
  "consumer-offsets": () => (require("./consumer-offsets") as typeof import("./consumer-offsets")).consumerOffsetsStep,
  report: () => (require("./report") as typeof import("./report")).reportStep,
  residue: () => (require("./residue") as typeof import("./residue")).residueStep,
  ready: () => (require("./ready") as typeof import("./ready")).readyStep,
  "secret-values": () => (require("./secret-values") as typeof import("./secret-values")).secretValuesStep,
  unclaimed: () => (require("./unclaimed") as typeof import("./unclaimed")).unclaimedStep,
  "unclaimed-user": () => (require("./unclaimed-user") as typeof import("./unclaimed-user")).unclaimedUserStep,
  password: () => (require("./password") as typeof import("./password")).passwordStep,
};

/** Entry for the dynamic provider's thin methods, also those that lie in the state of an older version. */
export function step(kind: string): Step {
  const found = steps[kind as StepKind];
  if (found === undefined) {
    throw new MigrationError("STEP_UNKNOWN", `this version of pulumi-kafka-migration has no step "${kind}"`, {
      fix: `install the version that made the state, or a newer one; known steps: ${Object.keys(steps).join(", ")}`,
    });
  }
  return found();
}
