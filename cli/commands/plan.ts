import { planWaves } from "../../engine/plan";
import type { Command } from "../command";
import { EXIT } from "../exit";
import { planJson } from "../plan/json";
import { planLines } from "../plan/lines";
import { Reader } from "../values";

const DAY_MS = 86_400_000;

/** Finds out which topics belong together, and proposes waves. Changes nothing. */
export const plan: Command = {
  summary: "show which topics belong together, how long the copy takes, and proposed waves; changes nothing",
  whole: true,
  options: {
    seconds: { type: "string", value: "SECONDS", help: "time between the two looks that measure rates (default: 10)" },
    rate: {
      type: "string",
      value: "MB/S",
      help: "10^6 bytes per second at which the mirror copies (default: measured, if one is catching up)",
    },
    waves: { type: "string", value: "N", help: "most waves to propose (default: 8)" },
    split: {
      type: "string",
      multiple: true,
      value: "NAME",
      help: "plan as if this group or transactional producer did not connect topics; may be repeated",
    },
    "idle-days": {
      type: "string",
      value: "DAYS",
      help: "a topic whose last record is older is idle; a group with older unread records is unused (default: 7)",
    },
    all: { type: "boolean", help: "list everything, not only the first rows" },
  },
  async run({ migration, values, progress, signal }) {
    const read = new Reader(values);
    const [measureMs, rate, waves, days] = [
      read.seconds("seconds"),
      read.amount("rate"),
      read.count("waves"),
      read.amount("idle-days"),
    ];
    read.check("plan");
    const { model, options } = migration;
    const split = read.list("split");
    const result = await planWaves(
      model,
      {
        split,
        offsets: options.offsets,
        rules: options.replication.rules ?? [],
        ...(measureMs === undefined ? {} : { measureMs }),
        ...(rate === undefined ? {} : { rate: rate * 1_000_000 }),
        ...(waves === undefined ? {} : { waves }),
        ...(days === undefined ? {} : { idleMs: days * DAY_MS }),
      },
      progress,
      signal,
    );
    return {
      exit: result.problems.length > 0 ? EXIT.no : EXIT.fine,
      lines: planLines(result, read.flag("all")),
      json: planJson(result),
    };
  },
};
