import type { PackFinding, Preview, Step } from "./events";

/** By this line a later review finds its comment and replaces it. */
export const MARK = "<!-- kafka-migration review -->";

const mandatory = (finding: PackFinding) => finding.level === "mandatory";
const short = (type: string) => type.split(":").pop() ?? type;

/** One line per finding and error, as GitHub's runner reads them. */
export function annotations({ findings, errors }: Preview, file: string): string[] {
  const line = (kind: string, title: string, message: string) => `::${kind} file=${property(file)},title=${property(title)}::${data(message)}`;
  return [
    ...errors.map((error) => line("error", "pulumi preview", error)),
    ...findings.map((f) => line(mandatory(f) ? "error" : "warning", f.rule, f.message)),
  ];
}

const data = (value: string) => value.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (value: string) => data(value).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** The one comment: verdict, findings, what this update does, and what is deleted later. */
export function comment(preview: Preview, docs: string): string {
  const { findings, errors, steps } = preview;
  const must = findings.filter(mandatory);
  const verdict = !passed(preview)
    ? `**This migration must not run as it is**: ${count(must.length, "mandatory finding")}, ${count(errors.length, "error")}${preview.finished ? "" : ", and the preview did not finish"}.`
    : `**Nothing stands against this migration**${findings.length > 0 ? `; ${count(findings.length, "advisory finding")}` : ""}.`;
  const deleting = steps.filter((step) => step.op.startsWith("delete") || step.op === "replace");
  return [
    MARK,
    "## Kafka migration",
    verdict,
    ...section("Errors", errors.map((error) => `- ${inline(error)}`)),
    ...table("Findings", ["level", "rule", "finding"], [...must, ...findings.filter((f) => !mandatory(f))].map((f) => [f.level, `[${f.rule}](${docs}#${f.rule})`, f.message])),
    ...table("What this update creates and changes", ["", "resource", "name"], steps.filter((s) => !deleting.includes(s) && !logical(s)).map(row)),
    ...(deleting.length === 0
      ? ["### What this update deletes", "Nothing."]
      : table("What this update deletes", ["", "resource", "name"], deleting.filter((s) => !logical(s)).map(row), "After everything above, in reverse order of dependency; a step that fails stops the rest.")),
    ...later(steps.filter((step) => !deleting.includes(step))),
  ].join("\n\n") + "\n";
}

export function passed({ findings, errors, finished }: Preview): boolean {
  return finished && errors.length === 0 && !findings.some(mandatory);
}

/** Components and the stack itself are no things that are made. */
function logical({ type }: Step): boolean {
  return type.startsWith("kafka-migration:components:") || type === "pulumi:pulumi:Stack" || type.startsWith("pulumi:providers:");
}

function row(step: Step): string[] {
  const of = step.topic === undefined ? "" : ` (topic ${step.topic.name} on the ${step.topic.side})`;
  return [step.op, short(step.type), `${step.name}${of}`];
}

function later(steps: readonly Step[]): string[] {
  const topics = steps.filter((step) => short(step.type) === "InternalTopic" && step.topic !== undefined);
  const checkpoints = steps.some((step) => short(step.type) === "CheckpointsTopic");
  if (topics.length === 0 && !checkpoints) return [];
  return section("What is deleted later", [
    ...(topics.length > 0
      ? [`- when the mirror is removed (phase \`cleanup\` or \`pulumi destroy\`), after the gate and once nothing uses them: ${topics.map(({ topic }) => `\`${topic!.name}\` on the ${topic!.side}`).join(", ")}`]
      : []),
    ...(checkpoints ? ["- with `pulumi destroy`, when its offsets were applied: the checkpoints topic"] : []),
    "- nothing else: migrated topics and the origin's own stay",
  ]);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`### ${title}`, lines.join("\n")];
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[], before?: string): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.map(inline).join(" | ")} |`;
  return [`### ${title}`, ...(before === undefined ? [] : [before]), [line(head), `|${head.map(() => "---|").join("")}`, ...rows.map(line)].join("\n")];
}

const inline = (value: string) => value.replaceAll("|", "\\|").replaceAll("<", "&lt;").replace(/\s*\n\s*/g, " ");
const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
