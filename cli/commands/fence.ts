import { isMigrationError, MigrationError } from "../../engine/errors";
import { checkFence, type FenceReport, holdCommand, holdFence, lowerFence } from "../../engine/fence";
import { defined } from "../../engine/objects";
import { countText, someOf } from "../../engine/units";
import type { Command, CommandContext, Outcome } from "../command";
import { EXIT } from "../exit";
import type { LoadedMigration } from "../source";
import { Reader } from "../values";

/** Shows, holds or removes the fence on the origin, no matter what created it. */
export const fence: Command = {
  summary: "show the fence on the origin; --hold renews it, --lower removes it",
  options: {
    lower: { type: "boolean", help: "remove it (default: only show it)" },
    hold: {
      type: "boolean",
      help:
        "check every second and restore ACLs that a user operator removed, until Ctrl-C or until the stack " +
        "lowers the fence",
    },
  },
  endsOnSignal: (values) => values.hold === true,
  async run(context) {
    const { migration, values, progress } = context;
    const read = new Reader(values);
    const lower = read.flag("lower");
    const hold = read.flag("hold");
    if (lower && hold) read.mistake("--lower and --hold cannot be combined");
    read.check("fence");
    const { model, options } = migration;
    const raised = migration.done.fence;
    if (lower) {
      const { removed } = await lowerFence(model, options.fence, progress, raised);
      const { unmarked } = await checkFence(model, options.fence).catch(() => ({ unmarked: [] }));
      return {
        exit: EXIT.fine,
        lines: [`${countText(removed, "ACL")} removed`, ...unmarkedLines(unmarked)],
        json: { lowered: true, removed, unmarked },
      };
    }
    const found = await checkFence(model, options.fence, raised);
    if (hold) {
      if (found.state === "down" && migration.done.fence === undefined) throw noFence(migration);
      return held(context);
    }
    const lines = [
      `the fence is ${found.state} (a complete fence has ${countText(found.rules, "ACL")})`,
      ...(found.state === "partly" && found.missing.length > 0 ? [`missing on ${someOf(found.missing)}`] : []),
      ...(found.leftovers.length > 0 ? [`ACLs on topics that are no longer migrated: ${someOf(found.leftovers)}`] : []),
      ...(found.lost.length > 0 ? [`ACLs whose markers were removed: ${someOf(found.lost)}`] : []),
      ...unmarkedLines(found.unmarked),
      ...(found.state === "down" ? [] : ["dry run: nothing was changed; --lower removes the fence"]),
    ];
    return { exit: EXIT.fine, lines, json: { lowered: false, ...found } };
  },
};

/** These ACLs were there before the fence, or their markers were removed and the stack's state does not know them. */
const unmarkedLines = (topics: readonly string[]): string[] =>
  topics.length === 0
    ? []
    : [
        `ACLs that deny writing and have no marker of the fence: ${someOf(topics)}; --lower does not remove them ` +
          "(kafka-acls.sh --remove does)",
      ];

/** Each part has its own fence, and the command is about one part. */
export function noFence({ wave, waves }: Pick<LoadedMigration, "wave" | "waves">): MigrationError {
  const raised = waves.filter(({ name, done }) => name !== wave && done.fence !== undefined);
  const of = waves.length === 0 ? "" : ` for ${wave === undefined ? "everything outside the waves" : `wave ${wave}`}`;
  return new MigrationError(
    "CLI_FENCE_DOWN",
    `there is no fence to hold${of}: the origin has none, and the stack raised none`,
    {
      fix:
        raised.length > 0
          ? `hold the fence that is up: ${raised.map(({ name }) => `\`${holdCommand(name)}\``).join(", ")}`
          : "set fence to true and run `pulumi up` in phase cutover to raise it",
    },
  );
}

async function held({ migration, values, progress, signal, again }: CommandContext): Promise<Outcome> {
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
  progress.info("fence: checked every second and renewed; press Ctrl-C to stop");
  const gateEnds = done.originEnds === undefined ? {} : { gateEnds: done.originEnds };
  const report = await holdFence(
    model,
    {
      ...options.fence,
      ...gateEnds,
      ...defined({ raised: done.fence }),
      ...(values.model === undefined ? { stillWanted } : {}),
    },
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
  const when = before === undefined ? "meanwhile" : "since the gate passed";
  return [
    `held from ${from} to ${until}: ${countText(looks, "check")}, renewed ${countText(gaps.length, "time")}`,
    wrote.length === 0
      ? "no writes to the migrated topics"
      : `WRITTEN ${when}: ${someOf(wrote.map((m) => `${m.topic}-${m.partition} ${m.from} -> ${m.to}`))}`,
    lowered === true
      ? "the stack lowered the fence; the ACLs renewed since were removed"
      : "the fence is up, and no longer renewed; --lower removes it",
  ];
}
