import { resolve } from "node:path";
import { listResidue } from "../../engine/cleanup";
import { isMigrationError } from "../../engine/errors";
import { isEmptyFence } from "../../engine/fence";
import { planOffsets } from "../../engine/offsets";
import { planReplicationFor } from "../../engine/replication";
import {
  buildReport,
  earlierReport,
  earlierSamples,
  lookAtCopy,
  lookAtThrottle,
  type PartFacts,
  type ReportInput,
  reportParts,
  type ReportWave,
  waveFacts,
  withoutResult,
  writeReport,
  writtenSinceGates,
} from "../../engine/report";
import { defined } from "../../engine/objects";
import type { Command, CommandContext } from "../command";
import { EXIT, type ExitCode, exitCodeOf } from "../exit";
import type { Done, LoadedWave } from "../source";
import { Reader } from "../values";
import { fenceHistory, openFence } from "../open-fence";
import { pauseLines, pausesOf } from "../pauses";
import { forLook } from "./gate";

/** Writes the report from the stack's state and the current state of both clusters. */
export const report: Command = {
  summary: "write the report: one page and one JSON file",
  whole: true,
  options: {
    out: { type: "string", value: "DIR", help: "folder for the two files (default: the working directory)" },
    offline: { type: "boolean", help: "use only the stack's state, without connecting to the clusters" },
  },
  async run(context) {
    const read = new Reader(context.values);
    const folder = resolve(read.text("out") ?? ".");
    read.check("report");
    const { migration } = context;
    const live = read.flag("offline") ? { found: {}, exit: EXIT.fine } : await liveOf(context);
    const input: ReportInput = {
      ...stateOf(context),
      samples: await earlierSamples(folder, migration.name),
      ...defined({ fence: fenceHistory(migration, await earlierReport(folder, migration.name)) }),
      ...live.found,
    };
    const made = buildReport(input);
    const paths = await writeReport(folder, made);
    const pauses = pausesOf(made);
    return {
      exit: live.exit,
      lines: [made.headline.text, ...pauseLines(pauses), `wrote ${paths.html}`, `wrote ${paths.json}`],
      json: { headline: made.headline, warnings: made.warnings.length, pauses, files: paths },
    };
  },
};

function stateOf({ migration: { name, model, waves, done } }: CommandContext): ReportInput {
  const { originAlias, targetAlias, topicsPattern, groupsPattern } = model.mirror;
  const { phase, preflight, abandonedAt } = done;
  return {
    name,
    madeAt: new Date().toISOString(),
    mirror: { originAlias, targetAlias, topicsPattern, groupsPattern },
    ...defined({ phase, preflight, abandonedAt }),
    ...factsOfPart(done),
    ...waveFacts(waves.length === 0 ? undefined : reportWaves(waves)),
  };
}

const factsOfPart = ({
  access,
  gate,
  fence,
  verification,
  connectors,
  offsets,
  replication,
  wayBack,
}: Done): PartFacts =>
  defined({
    access,
    gate,
    fenceClosedAt: fence?.closedAt,
    fenceRaisedAt: fence?.raisedAt,
    fenceEarlier: fence?.earlier,
    fenceEmpty: isEmptyFence(fence) ? true : undefined,
    verification,
    connectors,
    offsets,
    replication,
    wayBack,
  });

const reportWaves = (waves: readonly LoadedWave[]): ReportWave[] =>
  waves.map(({ scope, done }) => ({ scope, phase: done.phase ?? "mirror", facts: factsOfPart(done) }));

/**
 * The current state of the clusters. If a part cannot be read, the report says so and is written all the same. The exit
 * code tells scripts.
 */
async function liveOf({
  migration,
  progress,
  signal,
}: CommandContext): Promise<{ found: Partial<ReportInput>; exit: ExitCode }> {
  const { model, options, done, waves } = migration;
  const parts = reportParts({
    mirror: model.mirror,
    phase: done.phase ?? "mirror",
    facts: factsOfPart(done),
    topicIds: model.recorded ?? null,
    gateEnds: done.originEnds ?? null,
    waves: reportWaves(waves),
    waveGates: Object.fromEntries(
      waves.map(({ name, recorded, done: { originEnds } }) => [
        name,
        { topicIds: recorded ?? null, gateEnds: originEnds ?? null },
      ]),
    ),
  });
  /** Limited to the parts of which the state knows nothing. Without waves the whole mirror. */
  const without = (isDone: (facts: PartFacts) => boolean) =>
    waves.length === 0 ? model : withoutResult(model, parts, isDone);
  const notes: string[] = [];
  const found: Partial<ReportInput> = { notes };
  let exit: ExitCode = EXIT.fine;
  const trying = async (what: string, work: () => Promise<void>) => {
    signal.throwIfAborted();
    progress.info(`reading ${what}`);
    try {
      await work();
    } catch (error) {
      if (!isMigrationError(error)) throw error;
      notes.push(`${what}: ${error.message.split("\n", 1)[0]}`);
      if (exitCodeOf(error) === EXIT.cluster) exit = EXIT.cluster;
    }
  };
  if (done.phase === "cleanup") {
    await trying(
      "residue",
      async () => void (found.residue = await listResidue(model, { keepCheckpoints: true }, progress)),
    );
    return { found, exit };
  }
  const passed = parts.some(({ facts }) => facts.gate !== undefined && facts.verification === undefined);
  const fences = [done, ...waves.map((wave) => wave.done)];
  if (fences.some(({ fence }) => fence !== undefined))
    await trying("the fence", async () => {
      for (const [i, { scope }] of parts.entries()) {
        const mirror = scope === undefined ? model.mirror : { ...model.mirror, scope };
        const open = await openFence({ ...model, mirror }, options.fence, fences[i]!);
        if (open !== undefined) found.openFences = [...(found.openFences ?? []), open];
      }
    });
  await trying("writes to the origin", async () => {
    const written = await writtenSinceGates(model, parts);
    if (written !== undefined) found.written = written;
  });
  const lookOptions = { ...forLook(migration), ...(passed ? { compareLastRecord: false } : {}) };
  const unverified = without((facts) => facts.verification !== undefined);
  if (unverified !== undefined)
    await trying(
      "the copy",
      async () => void (found.look = await lookAtCopy(unverified, lookOptions, signal, progress)),
    );
  const unmoved = without((facts) => facts.offsets !== undefined);
  if (unmoved !== undefined && (waves.length > 0 || done.offsets === undefined))
    await trying(
      "the groups",
      async () => void (found.offsetPlan = await planOffsets(unmoved, options.offsets, progress, signal)),
    );
  const unchanged = without((facts) => facts.replication !== undefined);
  if (unchanged !== undefined && (waves.length > 0 || done.replication === undefined))
    await trying(
      "the replication",
      async () =>
        void (found.replicationPlan = await planReplicationFor(unchanged, options.replication, undefined, progress)),
    );
  if (notes.length === 0)
    await trying(
      "the replication throttle",
      async () => void (found.leftThrottle = await lookAtThrottle(model, progress)),
    );
  return { found, exit };
}
