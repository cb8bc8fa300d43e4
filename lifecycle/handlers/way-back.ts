import type { AppliedOffsets, OffsetOptions } from "../../engine/offsets";
import type { GateOptions } from "../../engine/gate";
import type { VerifyOptions } from "../../engine/verify";
import type { FencedInputs } from "./fenced";
import { defineStep } from "./framework";
import type { PhasedInputs, ReportLocation } from "./inputs";

export interface WayBackInputs extends PhasedInputs, FencedInputs {
  wayBack: boolean;
  abandon: boolean;
  gate: GateOptions;
  verify: VerifyOptions;
  offsets: OffsetOptions;
  resume: ReportLocation;
  moved?: AppliedOffsets | null;
  place: { apiVersion: string; kind: "KafkaMirrorMaker2"; namespace: string; name: string };
  kubeconfig?: string;
  context?: string;
}
export interface WayBackOutputs {
  excluded: boolean;
  openedAt: string | null;
  returnedAt: string | null;
}
export const wayBackStep = defineStep<WayBackInputs, WayBackOutputs>("way-back", {
  outputs: { excluded: true, openedAt: true, returnedAt: true },
  create: async () => ({ excluded: true, openedAt: null, returnedAt: null }),
  update: async () => ({ excluded: true, openedAt: null, returnedAt: null }),
  async remove() {},
});
