import { resolve } from "node:path";
import { listResidue } from "../../engine/cleanup";
import { isMigrationError } from "../../engine/errors";
import { planOffsets } from "../../engine/offsets";
import { planReplicationFor } from "../../engine/replication";
import {
  buildReport,
  earlierSamples,
  lookAtCopy,
  lookAtThrottle,
  type ReportInput,
  writeReport,
} from "../../engine/report";
import type { Command, CommandContext } from "../command";
import { EXIT } from "../exit";
import { Reader } from "../values";
import { forLook } from "./gate";

/** Writes the report from the stack's state and the current state of both clusters. */
export const report: Command = {
  summary: "write the report: one page and one JSON file",
  options: {
    out: { type: "string", value: "DIR", help: "folder for the two files (default: the working directory)" },
    offline: { type: "boolean", help: "use only the stack's state, without connecting to the clusters" },
  },
  async run(context) {
    const read = new Reader(context.values);
    const folder = resolve(read.text("out") ?? ".");
    read.check("report");
    const { migration } = context;
    const input: ReportInput = {
      ...stateOf(context),
      samples: await earlierSamples(folder, migration.name),
      ...(read.flag("offline") ? {} : await liveOf(context)),
    };
    const made = buildReport(input);
    const paths = await writeReport(folder, made);
    return {
      exit: EXIT.fine,
      lines: [made.headline.text, `wrote ${paths.html}`, `wrote ${paths.json}`],
      json: { headline: made.headline, warnings: made.warnings.length, files: paths },
    };
  },
};

function stateOf({ migration: { name, model, done } }: CommandContext): ReportInput {
  const { originAlias, targetAlias, topicsPattern, groupsPattern } = model.mirror;
  const { phase, preflight, gate, abandonedAt, fence, verification, offsets, replication } = done;
  const known = {
    phase,
    preflight,
    gate,
    abandonedAt,
    fenceRaisedAt: fence?.raisedAt,
    verification,
    offsets,
    replication,
  };
  return {
    name,
    madeAt: new Date().toISOString(),
    mirror: { originAlias, targetAlias, topicsPattern, groupsPattern },
    ...Object.fromEntries(Object.entries(known).filter(([, v]) => v !== undefined)),
  };
}

/** The current state of the clusters. If a part cannot be read, the report says so and does not fail. */
async function liveOf({ migration, progress, signal }: CommandContext): Promise<Partial<ReportInput>> {
  const { model, options, done } = migration;
  const notes: string[] = [];
  const found: Partial<ReportInput> = { notes };
  const trying = async (what: string, work: () => Promise<void>) => {
    signal.throwIfAborted();
    progress.info(`reading ${what}`);
    try {
      await work();
    } catch (error) {
      if (!isMigrationError(error)) throw error;
      notes.push(`${what}: ${error.message.split("\n", 1)[0]}`);
    }
  };
  if (done.phase === "cleanup") {
    await trying(
      "residue",
      async () => void (found.residue = await listResidue(model, { keepCheckpoints: true }, progress)),
    );
    return found;
  }
  await trying("the copy", async () => void (found.look = await lookAtCopy(model, forLook(migration), signal)));
  if (done.offsets === undefined)
    await trying(
      "the groups",
      async () => void (found.offsetPlan = await planOffsets(model, options.offsets, progress, signal)),
    );
  if (done.replication === undefined)
    await trying(
      "the replication",
      async () => void (found.replicationPlan = await planReplicationFor(model, options.replication)),
    );
  if (notes.length === 0)
    await trying("the replication throttle", async () => void (found.leftThrottle = await lookAtThrottle(model)));
  return found;
}
