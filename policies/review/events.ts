import { type Json, object, text } from "../read/plain";
import type { PulumiResult } from "./pulumi";

/**
 * The part of the output of `pulumi preview --json` that a review needs. From a resource's inputs it only takes topic
 * names, the mode of the checkpoints topic, and `abandon`.
 */
export interface Preview {
  /** Also includes unchanged resources, because they are deleted later. */
  steps: readonly PlannedStep[];
  findings: readonly PackFinding[];
  errors: readonly string[];
  finished: boolean;
  /** Pulumi's output, if Pulumi failed and no event shows why. */
  failure?: string;
}

export interface PlannedStep {
  op: string;
  urn: string;
  type: string;
  name: string;
  /** Set for an internal topic. */
  topic?: { name: string; side: string };
  /** Set for the checkpoints topic. */
  mode?: string;
  /** Set for the gate. */
  abandon?: boolean;
}

export interface PackFinding {
  rule: string;
  level: string;
  urn: string;
  message: string;
}

export const mandatory = (finding: PackFinding): boolean => finding.level === "mandatory";

/**
 * Reads the stream of events, one JSON object per line (PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true).
 * @param hide removes secrets from texts that people wrote
 */
export function readPreview({ stream, failure }: PulumiResult, hide = (text: string) => text): Preview {
  const steps: PlannedStep[] = [];
  const findings: PackFinding[] = [];
  const errors: string[] = [];
  let finished = false;
  let cut = false;
  for (const line of stream.split(/\r?\n/)) {
    if (!line.startsWith("{")) continue;
    const event = parsed(line);
    if (event === undefined) {
      cut = true;
      continue;
    }
    if (event.resourcePreEvent !== undefined) steps.push(stepOf(object(object(event.resourcePreEvent).metadata)));
    if (event.policyEvent !== undefined) findings.push(findingOf(object(event.policyEvent), hide));
    if (event.summaryEvent !== undefined) finished = true;
    const { severity, message } = object(event.diagnosticEvent);
    if (severity === "error" && typeof message === "string" && message.trim() !== "preview failed")
      errors.push(hide(message.trim()));
  }
  if (cut) errors.push("Pulumi's stream of events ends in the middle of a line");
  const said = finished && (errors.length > 0 || findings.some(mandatory));
  return {
    steps,
    findings,
    errors,
    finished: finished && !cut,
    ...(failure === undefined || said ? {} : { failure: hide(failure) }),
  };
}

function parsed(line: string): Json | undefined {
  try {
    return object(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function stepOf(metadata: Json): PlannedStep {
  const urn = text(metadata.urn) ?? "";
  const type = text(metadata.type) ?? "";
  const { topic, mode, abandon } = object(object(metadata.new ?? metadata.old).inputs);
  const { name, side } = object(topic);
  return {
    op: text(metadata.op) ?? "",
    urn,
    type,
    name: urn.split("::").pop() ?? "",
    ...(typeof name === "string" ? { topic: { name, side: String(side) } } : {}),
    ...(type.endsWith(":CheckpointsTopic") && typeof mode === "string" ? { mode } : {}),
    ...(type.endsWith(":Gate") && typeof abandon === "boolean" ? { abandon } : {}),
  };
}

/** Pulumi puts the policy's description on the line before the message. */
function findingOf(event: Json, hide: (text: string) => string): PackFinding {
  const lines = (text(event.message) ?? "").split("\n");
  return {
    rule: text(event.policyName) ?? "",
    level: text(event.enforcementLevel) ?? "",
    urn: text(event.resourceUrn) ?? "",
    message: hide((lines.length > 1 ? lines.slice(1) : lines).join("\n").trim()),
  };
}
