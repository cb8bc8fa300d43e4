import { entry } from "../../engine/objects";
import { mandatory, type Preview, type PlannedStep } from "./events";
import { block, code, count, fitted, inline, section, table } from "./markdown";

/** A later review finds its comment by this line and replaces it. */
export const MARK = "<!-- kafka-migration review -->";

const short = (type: string) => type.split(":").pop() ?? type;

/** One line per finding and error, in the format that GitHub's runner reads. */
export function annotations({ findings, errors, failure }: Preview, file: string): string[] {
  const line = (kind: string, title: string, message: string) =>
    `::${kind} file=${property(file)},title=${property(title)}::${data(message)}`;
  return [
    ...[...(failure === undefined ? [] : [failure]), ...errors].map((error) => line("error", "pulumi preview", error)),
    ...findings.map((f) => line(mandatory(f) ? "error" : "warning", f.rule, f.message)),
  ];
}

const data = (value: string) => value.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (value: string) => data(value).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** The comment of the review: verdict, findings, what this update does, and what is deleted later. */
export function comment(preview: Preview, docs: string): string {
  const { findings, errors, failure } = preview;
  const steps = preview.steps.filter((step) => !logical(step));
  const deleting = steps.filter((step) => step.op.startsWith("delete") || step.op === "replace");
  const staying = steps.filter((step) => !deleting.includes(step));
  const ordered = [...findings.filter(mandatory), ...findings.filter((f) => !mandatory(f))];
  return fitted([
    MARK,
    "## Kafka migration",
    verdict(preview),
    ...section("Why Pulumi failed", failure === undefined ? [] : [block(failure)]),
    ...section(
      "Errors",
      errors.map((error) => `- ${inline(error)}`),
    ),
    ...table(
      "Findings",
      ["level", "rule", "finding"],
      ordered.map((f) => [
        inline(f.level),
        `[${inline(f.rule)}](${docs}#${encodeURIComponent(f.rule)})`,
        inline(f.message),
      ]),
    ),
    ...table(
      "What this update creates and changes",
      ["", "resource", "name"],
      staying.filter((s) => s.op !== "same").map(row),
    ),
    ...(deleting.length > 0
      ? table(
          "What this update deletes",
          ["", "resource", "name"],
          deleting.map(row),
          "After everything above, in reverse order of dependency. A step that fails stops the rest.",
        )
      : section("What this update deletes", [preview.finished ? "Nothing." : "Unknown: the preview did not finish."])),
    ...later(staying),
  ]);
}

export function passed({ findings, errors, finished, failure }: Preview): boolean {
  return finished && failure === undefined && errors.length === 0 && !findings.some(mandatory);
}

/** The pack checks the whole stack, so Pulumi runs it only after a successful preview. */
function verdict(preview: Preview): string {
  const { findings, errors, finished, failure } = preview;
  const must = findings.filter(mandatory).length;
  if (passed(preview))
    return (
      "**No mandatory finding for this " +
      `migration**${findings.length > 0 ? `; ${count(findings.length, "advisory finding")}` : ""}.`
    );
  const evaluated = findings.length > 0 || (finished && failure === undefined && errors.length === 0);
  const facts = [
    evaluated ? count(must, "mandatory finding") : "the policies were not evaluated",
    count(errors.length, "error"),
    ...(failure === undefined ? [] : ["Pulumi failed"]),
  ];
  return (
    "**Do not run this migration as it is**: " +
    `${facts.join(", ")}${finished ? "" : ", and the preview did not finish"}.`
  );
}

/** Components, providers and the stack do not create anything themselves. */
function logical({ type }: PlannedStep): boolean {
  return (
    type.startsWith("kafka-migration:components:") ||
    type === "pulumi:pulumi:Stack" ||
    type.startsWith("pulumi:providers:")
  );
}

function row(step: PlannedStep): string[] {
  const of = step.topic === undefined ? "" : ` (topic ${step.topic.name} on the ${step.topic.side})`;
  return [step.op, short(step.type), `${step.name}${of}`].map(inline);
}

const CHECKPOINTS: Record<string, string> = {
  "when-applied": "- with `pulumi destroy`, when its offsets have been applied: the checkpoints topic",
  always: "- with `pulumi destroy`, whether its offsets were applied or not: the checkpoints topic",
  never: "- never, because `checkpoints` is `never`: the checkpoints topic; it stays on the target",
};
const CHECKPOINTS_UNKNOWN = "- with `pulumi destroy`, if `checkpoints` allows it: the checkpoints topic";

/** @param steps the resources that exist after this update */
function later(steps: readonly PlannedStep[]): string[] {
  const topics = steps.flatMap(({ topic }) =>
    topic === undefined ? [] : [`${code(topic.name)} on the ${inline(topic.side)}`],
  );
  const checkpoints = steps
    .filter((step) => short(step.type) === "CheckpointsTopic")
    .map(({ mode }) => entry(CHECKPOINTS, mode ?? "") ?? CHECKPOINTS_UNKNOWN);
  if (topics.length === 0 && checkpoints.length === 0) return [];
  const gates = steps.filter((step) => short(step.type) === "Gate");
  const asked = gates.some(({ abandon }) => abandon === true)
    ? "without the gate, because the migration is abandoned"
    : "after the gate";
  const real = steps.filter(
    ({ type, urn }) => !type.startsWith("pulumi-nodejs:dynamic/") && urn.includes("kafka-migration:components:"),
  );
  return section("What is deleted later", [
    ...(topics.length > 0
      ? [
          `- when the mirror is removed (phase \`cleanup\` or \`pulumi destroy\`), ${asked} and when nothing ` +
            `uses them: ${topics.join(", ")}, and the mirror's own consumer groups`,
        ]
      : []),
    ...(real.length > 0
      ? [
          "- with the mirror or with `pulumi destroy`: " +
            `${real.map(({ type, name }) => `${inline(short(type))} ${code(name)}`).join(", ")}`,
        ]
      : []),
    ...checkpoints,
    "- never: migrated topics, and the origin's own topics",
  ]);
}
