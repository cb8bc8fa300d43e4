import { listResidue } from "../../engine/cleanup";
import { appliedNow, appliedNowLines, checkApplied } from "../../engine/offsets";
import { atMost, countText } from "../../engine/units";
import { lookAtCopy, sampleOf } from "../../engine/report";
import type { Command } from "../command";
import { EXIT } from "../exit";
import type { Done, LoadedWave } from "../source";
import { openFence } from "../open-fence";
import { table } from "../table";
import { forLook } from "./gate";

/** Shows the state of the migration without judging it. The exit code is 0 if the state could be read. */
export const status: Command = {
  summary: "show the migration's phase, its events and the progress of the copy",
  options: {},
  async run({ migration, progress, signal }) {
    const { name, wave, model, done } = migration;
    const history = historyOf(done);
    const lines = [
      `migration ${name}${wave === undefined ? "" : `, wave ${wave}`}: ${phaseText(done)}`,
      ...history.map(([at, what]) => `  ${at}  ${what}`),
      ...(wave === undefined ? wavesText(migration.waves) : []),
    ];
    const waves = migration.waves.length === 0 ? {} : { wave: wave ?? null, waves: migration.waves.map(waveJson) };
    if (done.phase === "cleanup") {
      const residue = await listResidue(model, { keepCheckpoints: true }, progress);
      lines.push(
        residue.length === 0 ? "residue: none" : `residue: ${countText(residue.length, "piece")}`,
        ...residue.map((r) => `  ${r.side} ${r.kind} ${r.name}: ${r.what}`),
      );
      return { exit: EXIT.fine, lines, json: { name, ...waves, phase: done.phase, history: jsonOf(history), residue } };
    }
    progress.info("reading both clusters");
    const look = await lookAtCopy(model, forLook(migration), signal, progress);
    const sum = sampleOf(look);
    const open = await openFence(model, migration.options.fence, done);
    const left = sum.left > 0 ? `, at most ${countText(sum.left, "record")} left` : "";
    lines.push(
      `copy: ${sum.complete} of ${countText(sum.partitions, "partition")} complete in ` +
        `${countText(look.topics.length, "topic")}${left}`,
    );
    const tasks = Object.entries(look.connector?.tasks ?? {}).map(([state, n]) => `${countText(n, "task")} ${state}`);
    const connector = look.connector === undefined ? "none" : [look.connector.state, ...tasks].join(", ");
    lines.push(`source connector: ${connector}`);
    if (open !== undefined) lines.push(`warning: ${open}`);
    const behind = look.topics.filter((t) => t.complete < t.partitions).sort((a, b) => b.left - a.left);
    if (behind.length > 0)
      lines.push(
        "",
        ...table(
          ["topic", "partitions", "complete", "records left"],
          behind.map((t) => [t.topic, String(t.partitions), String(t.complete), atMost(t.left, true)]),
          20,
        ),
      );
    const other = look.against.filter((f) => f.kind !== "behind");
    if (other.length > 0)
      lines.push(
        "",
        "problems that stop the cutover:",
        ...other.slice(0, 20).map((f) => `  ${f.text}`),
        ...(other.length > 20 ? [`  and ${other.length - 20} more`] : []),
      );
    lines.push(...look.warnings.map((w) => `warning: ${w}`));
    const groups = done.offsets && appliedNow(done.offsets, await checkApplied(model, done.offsets));
    if (groups !== undefined) {
      const { line, warnings } = appliedNowLines(groups);
      lines.push(`groups: ${line}`, ...warnings.map((w) => `warning: ${w}`));
    }
    return {
      exit: EXIT.fine,
      lines,
      json: {
        name,
        ...waves,
        phase: done.phase ?? null,
        history: jsonOf(history),
        gateShut: look.against.length > 0,
        partitions: sum.partitions,
        complete: sum.complete,
        left: sum.left,
        look,
        ...(groups === undefined ? {} : { groups }),
      },
    };
  },
};

const phaseText = ({ phase }: Done): string => (phase === undefined ? "phase unknown" : `phase ${phase}`);

/** One line for each wave. Everything else in the output is about what is outside of them. */
function wavesText(waves: readonly LoadedWave[]): string[] {
  if (waves.length === 0) return [];
  const rows = waves.map(({ name, done }) => {
    const [at, what] = historyOf(done).at(-1) ?? ["", "nothing yet"];
    return [name, done.phase ?? "unknown", what, at];
  });
  const note = "the rest of this text is about everything outside the waves; --wave NAME shows one of them";
  return ["", ...table(["wave", "phase", "last event", ""], rows, 50), "", note];
}

const waveJson = ({ name, done }: LoadedWave) => ({
  name,
  phase: done.phase ?? null,
  history: jsonOf(historyOf(done)),
});

/** What has happened to one part, the oldest first. */
export function historyOf(done: Done): [string, string][] {
  const { preflight, fence, gate, verification, connectors, offsets, replication, wayBack, abandonedAt } = done;
  const all: ([string, string] | undefined)[] = [
    preflight && [preflight.at, "preflight passed"],
    fence && [fence.raisedAt, `fence raised on ${countText(fence.topics, "topic")}`],
    gate && [gate.passedAt, `gate passed: ${countText(gate.partitions, "partition")}`],
    verification && [
      verification.at,
      `verified (${verification.result.mode}): ${verification.result.equal ? "equal" : "different"}`,
    ],
    offsets && [offsets.at, `offsets of ${countText(offsets.groups.length, "group")} applied`],
    replication && [replication.at, `replication reset: ${countText(replication.result.partitions, "partition")}`],
    connectors && [connectors.at, `offsets of ${countText(connectors.copied.length, "source connector")} copied`],
    wayBack?.openedAt === undefined ? undefined : [wayBack.openedAt, "way back opened"],
    wayBack?.returnedAt === undefined ? undefined : [wayBack.returnedAt, "returned to the origin"],
    abandonedAt === undefined ? undefined : [abandonedAt, "abandoned"],
  ];
  return all.filter((e): e is [string, string] => e !== undefined).sort(([a], [b]) => a.localeCompare(b));
}

const jsonOf = (history: readonly [string, string][]) => history.map(([at, what]) => ({ at, what }));
