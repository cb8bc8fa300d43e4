import { isMigrationError, MigrationError } from "../../engine/errors";
import { checkFence, type FenceReport, holdFence, lowerFence } from "../../engine/fence";
import { countText, someOf } from "../../engine/units";
import type { Command, Context, Outcome } from "../command";
import { EXIT } from "../exit";
import { Reader } from "../values";

/** Shows, holds or removes the fence on the origin, no matter what created it. */
export const fence: Command = {
  summary: "does a fence keep producers off the origin? --hold renews it, --lower takes it away",
  options: {
    lower: { type: "boolean", help: "take it away (default: only show it)" },
    hold: {
      type: "boolean",
      help: "look every second and renew what a user operator takes away, until Ctrl-C or until the stack lowers it",
    },
  },
  endsOnSignal: (values) => values.hold === true,
  async run(context) {
    const { migration, values, progress } = context;
    const read = new Reader(values);
    const lower = read.flag("lower");
    const hold = read.flag("hold");
    if (lower && hold) read.mistake("--lower and --hold do not go together");
    read.check("fence");
    const { model, options } = migration;
    if (lower) {
      const { removed } = await lowerFence(model, options.fence, progress);
      return { exit: EXIT.fine, lines: [`${countText(removed, "rule")} taken away`], json: { lowered: true, removed } };
    }
    const found = await checkFence(model, options.fence);
    if (hold) {
      if (found.state === "down" && migration.done.fence === undefined) throw noFence();
      return held(context);
    }
    const lines = [
      `the fence is ${found.state} (${countText(found.rules, "rule")} make it whole)`,
      ...(found.state === "partly" && found.missing.length > 0 ? [`missing on ${someOf(found.missing)}`] : []),
      ...(found.leftovers.length > 0
        ? [`left on topics that are not migrated any more: ${someOf(found.leftovers)}`]
        : []),
      ...(found.state === "down" ? [] : ["dry run: nothing was changed; --lower takes it away"]),
    ];
    return { exit: EXIT.fine, lines, json: { lowered: false, ...found } };
  },
};

function noFence(): MigrationError {
  return new MigrationError(
    "CLI_FENCE_DOWN",
    "no fence stands on the origin, and the stack has raised none, so there is nothing to hold",
    {
      fix: "set fence to true and run `pulumi up` in phase cutover: that raises it",
    },
  );
}

async function held({ migration, values, progress, signal, again }: Context): Promise<Outcome> {
  const { model, options, done } = migration;
  // Only a stack's state shows a rollback. A model file does not.
  const stillWanted = async () => {
    try {
      return (await again()).done.fence !== undefined;
    } catch (error) {
      if (isMigrationError(error) && error.code === "CLI_STACK_EMPTY") return false;
      throw error;
    }
  };
  progress.info("fence: looked at every second and renewed; Ctrl-C ends that");
  const since = done.originEnds === undefined ? {} : { since: done.originEnds };
  const report = await holdFence(
    model,
    { ...options.fence, ...since, ...(values.model === undefined ? { stillWanted } : {}) },
    progress,
    signal,
  );
  const wrote = [...(report.before ?? []), ...report.gaps.flatMap((gap) => gap.wrote), ...report.wrote];
  return {
    exit: wrote.length > 0 ? EXIT.no : EXIT.fine,
    lines: linesOf(report, wrote),
    json: { held: true, ...report },
  };
}

function linesOf({ from, until, looks, gaps, lowered, before }: FenceReport, wrote: FenceReport["wrote"]): string[] {
  const since = before === undefined ? "meanwhile" : "since the gate passed";
  return [
    `held from ${from} to ${until}: ${countText(looks, "look")}, renewed ${countText(gaps.length, "time")}`,
    wrote.length === 0
      ? "nothing was written to the migrated topics"
      : `WRITTEN ${since}: ${someOf(wrote.map((m) => `${m.topic}-${m.partition} ${m.from} -> ${m.to}`))}`,
    lowered === true
      ? "the stack has lowered it, so it was lowered again"
      : "it stands, and nobody renews it now; --lower takes it away",
  ];
}
