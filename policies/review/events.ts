import { type Json, object, text } from "../read/plain";

/** What `pulumi preview --json` streams, as far as a review needs it. No input of a resource but topic names is taken. */
export interface Preview {
  steps: readonly Step[];
  findings: readonly PackFinding[];
  errors: readonly string[];
  finished: boolean;
}

export interface Step {
  op: string;
  urn: string;
  type: string;
  name: string;
  /** Of an internal topic's resource. */
  topic?: { name: string; side: string };
}

export interface PackFinding {
  rule: string;
  level: string;
  urn: string;
  message: string;
}

/** Reads the stream of events, one JSON object a line (PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true). */
export function readPreview(stream: string): Preview {
  const steps: Step[] = [];
  const findings: PackFinding[] = [];
  const errors: string[] = [];
  let finished = false;
  for (const line of stream.split(/\r?\n/)) {
    if (!line.startsWith("{")) continue;
    const event = object(JSON.parse(line));
    if (event.resourcePreEvent !== undefined) steps.push(stepOf(object(object(event.resourcePreEvent).metadata)));
    if (event.policyEvent !== undefined) findings.push(findingOf(object(event.policyEvent)));
    if (event.summaryEvent !== undefined) finished = true;
    const { severity, message } = object(event.diagnosticEvent);
    if (severity === "error" && typeof message === "string") errors.push(message.trim());
  }
  return { steps: steps.filter((step) => step.op !== "same"), findings, errors: errors.filter((e) => e !== "preview failed"), finished };
}

function stepOf(metadata: Json): Step {
  const urn = text(metadata.urn) ?? "";
  const state = object(metadata.new ?? metadata.old);
  const topic = object(object(state.inputs).topic);
  return {
    op: text(metadata.op) ?? "",
    urn,
    type: text(metadata.type) ?? "",
    name: urn.split("::").pop() ?? "",
    ...(typeof topic.name === "string" ? { topic: { name: topic.name, side: String(topic.side) } } : {}),
  };
}

/** Pulumi puts the policy's description on the line before the message. */
function findingOf(event: Json): PackFinding {
  const lines = (text(event.message) ?? "").split("\n");
  return {
    rule: text(event.policyName) ?? "",
    level: text(event.enforcementLevel) ?? "",
    urn: text(event.resourceUrn) ?? "",
    message: (lines.length > 1 ? lines.slice(1) : lines).join("\n").trim(),
  };
}
