import { checkFence, lowerFence } from "../../engine/fence";
import { countText, someOf } from "../../engine/units";
import type { Command } from "../command";
import { EXIT } from "../exit";
import { Reader } from "../values";

/** Shows the fence on the origin, whoever left it there, and takes it away. */
export const fence: Command = {
  summary: "does a fence keep producers off the origin? --lower takes it away",
  options: {
    lower: { type: "boolean", help: "take it away (default: only show it)" },
  },
  async run({ migration, values, progress }) {
    const read = new Reader(values);
    const lower = read.flag("lower");
    read.check("fence");
    const { model, options } = migration;
    if (lower) {
      const { removed } = await lowerFence(model, options.fence, progress);
      return { exit: EXIT.fine, lines: [`${countText(removed, "rule")} taken away`], json: { lowered: true, removed } };
    }
    const found = await checkFence(model, options.fence);
    const lines = [
      `the fence is ${found.state} (${countText(found.rules, "rule")} make it whole)`,
      ...(found.state === "partly" && found.missing.length > 0 ? [`missing on ${someOf(found.missing)}`] : []),
      ...(found.leftovers.length > 0 ? [`left on topics that are not migrated any more: ${someOf(found.leftovers)}`] : []),
      ...(found.state === "down" ? [] : ["dry run: nothing was changed; --lower takes it away"]),
    ];
    return { exit: EXIT.fine, lines, json: { lowered: false, ...found } };
  },
};
