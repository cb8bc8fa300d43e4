import { evaluateGate, type GateOptions, runGateAndNameWriters } from "../../engine/gate";
import { countText, durationText } from "../../engine/units";
import type { Command } from "../command";
import { EXIT } from "../exit";
import type { LoadedMigration } from "../source";
import { Reader } from "../values";

/** The stack's options, and what is already known from a gate that has passed. */
export function withGate({ options, done }: LoadedMigration): GateOptions {
  return { ...options.gate, ...(done.gate === undefined ? {} : { cleared: done.gate.cleared }) };
}

/**
 * The same for a look at the copy. After the gate has passed, clients may write to the target, so the last records
 * there may be theirs. They are not compared.
 */
export function forLook(migration: LoadedMigration): GateOptions {
  return { ...withGate(migration), ...(migration.done.gate === undefined ? {} : { compareLastRecord: false }) };
}

/** Checks the gate, once or until it opens. Changes nothing. */
export const gate: Command = {
  summary: "check whether the copy is complete, once or until it is (--wait)",
  options: {
    wait: { type: "boolean", help: "wait until the copy is complete, as the cutover does" },
    limit: { type: "string", value: "SECONDS", help: "with --wait: longest wait (default: the stack's)" },
    stable: {
      type: "string",
      value: "SECONDS",
      help: "with --wait: how long the origin's end offsets must not change (default: the stack's)",
    },
    "no-last-record": { type: "boolean", help: "do not compare the first and the last record of each partition" },
  },
  async run({ migration, values, progress, signal }) {
    const read = new Reader(values);
    const limitMs = read.seconds("limit");
    const stableForMs = read.seconds("stable");
    const wait = read.flag("wait");
    if (!wait && (limitMs !== undefined || stableForMs !== undefined)) read.mistake("--limit and --stable need --wait");
    read.check("gate");
    const options: GateOptions = {
      ...withGate(migration),
      ...(limitMs === undefined ? {} : { limitMs }),
      ...(stableForMs === undefined ? {} : { stableForMs }),
      ...(read.flag("no-last-record") ? { compareLastRecord: false } : {}),
    };
    const result = await (wait ? runGateAndNameWriters : evaluateGate)(migration.model, options, progress, signal);
    return {
      exit: EXIT.fine,
      lines: [
        `complete: ${countText(result.partitions, "partition")} in ${countText(result.topics, "topic")}, ` +
          `${result.lastRecordsCompared} last records compared, in ${durationText(result.durationMs)}`,
      ],
      json: { complete: true, ...result },
    };
  },
};
