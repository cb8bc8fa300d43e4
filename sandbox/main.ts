import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { choicesOf, USAGE } from "./choices";
import { startSandbox } from "./start";
import { runStory, type StoryResult } from "./story/run";

/** Time in milliseconds for the story to end itself after an interruption. */
const ENDING_MS = 5_000;

/** `npm start`: runs a real migration of a realistic estate on the embedded sandbox. */
async function main(): Promise<void> {
  const { help, bulkBytes, reportFolder, ...choices } = choicesOf(process.argv.slice(2));
  if (help) return void process.stdout.write(`${USAGE}\n`);
  // Create the folder now, so that a wrong path fails immediately and not after minutes.
  if (reportFolder !== undefined) mkdirSync(reportFolder, { recursive: true });
  const begun = Date.now();
  const clock = () => `${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  `;
  const progress = (line: string) => process.stdout.write(`${clock()}${line}\n`);
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      progress("interrupted: ending everything that was started");
      interrupt.abort();
      // A second signal exits at once. The watchdog ends what is left.
      process.once(signal, () => process.exit(130));
    });
  }
  const sandbox = await startSandbox({ ...choices, progress, signal: interrupt.signal });
  const ended = new Promise<never>((_, reject) =>
    interrupt.signal.addEventListener("abort", () => reject(new Error("interrupted"))),
  );
  ended.catch(() => {});
  const story = runStory({ sandbox, bulkBytes, progress, signal: interrupt.signal });
  try {
    const result = await Promise.race([story, ended]);
    process.stdout.write(`\n${proof(result)}\n`);
    if (reportFolder !== undefined)
      process.stdout.write(`  report               ${keepReport(result, reportFolder)}\n`);
    if (result.residue.length > 0 || result.mismatches.length > 0 || result.topicsMissing.length > 0)
      process.exitCode = 1;
  } finally {
    // Producers and Pulumi have received the interruption. They end more cleanly while the brokers still run.
    await Promise.race([story.catch(() => {}), pause(ENDING_MS, undefined, { ref: false })]);
    await sandbox.stop();
  }
}

/** Keeps the last report, which covers the whole migration. @returns the path of the page */
function keepReport({ reports }: StoryResult, folder: string): string {
  const { json, html } = reports.at(-1)!;
  writeFileSync(join(folder, "migration-sandbox.json"), json);
  const page = join(folder, "migration-sandbox.html");
  writeFileSync(page, html);
  return page;
}

function proof(result: StoryResult): string {
  const factors = (all: Record<string, number>) =>
    Object.entries(all)
      .map(([factor, topics]) => `${topics} topics with ${factor}`)
      .join(", ");
  const list = (items: string[], none: string) =>
    items.length === 0 ? none : items.map((item) => `\n    ${item}`).join("");
  return [
    "What happened, as an independent client (kafkajs) sees it:",
    `  topics migrated      ${result.topicsMigrated} with ${result.seeded.partitions} partitions; missing: ` +
      `${list(result.topicsMissing, "none")}`,
    `  records              ${result.seeded.records} seeded, ${result.live} more written while the mirror ran`,
    `  consumer groups      ${result.groups} resumed on ${result.partitionsResumed} partitions, each with the record after its last: ${list(
      result.mismatches.map((m) => `${m.group} on ${m.topic}/${m.partition}: expected ${m.expected}; got ${m.seen}`),
      "all exact",
    )}`,
    `  replicas before      ${factors(result.replicationBefore)}`,
    `  replicas after       ${factors(result.replicationAfter)}`,
    `  residue              ${list(result.residue, "none")}`,
  ].join("\n");
}

main().catch((error: unknown) => {
  const text =
    error instanceof Error ? (process.env.KAFKA_MIGRATION_DEBUG === "1" ? error.stack : error.message) : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = process.exitCode || (text === "interrupted" ? 130 : 1);
});
