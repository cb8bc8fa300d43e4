import { checkAccess, summaryText } from "../../engine/access";
import type { Command } from "../command";
import { EXIT } from "../exit";
import { Reader } from "../values";

/** Number of lines of each kind that are shown without --all. */
const SHOWN = 50;

/** Compares who may do what on both clusters. Changes nothing. */
export const access: Command = {
  summary: "compare who may do what on both clusters: ACLs, users and quotas",
  options: {
    ignore: {
      type: "string",
      multiple: true,
      value: "PRINCIPAL",
      help: "a principal not to compare, as in ACLs, e.g. User:backup; may be repeated",
    },
    all: { type: "boolean", help: "list everything, not only the first 50 lines" },
  },
  async run({ migration, values, progress, signal }) {
    const read = new Reader(values);
    const ignored = read.list("ignore");
    const all = read.flag("all");
    for (const principal of ignored)
      if (!/^[A-Za-z]+:./.test(principal))
        read.mistake(`--ignore is "${principal}": write a principal as in ACLs, e.g. User:${principal}`);
    read.check("access");
    const { options, model } = migration;
    const asked = { ...options.access, ignore: [...(options.access.ignore ?? []), ...ignored] };
    const result = await checkAccess(model, asked, progress, signal);
    const shown = (lines: readonly string[]) => [
      ...(all ? lines : lines.slice(0, SHOWN)),
      ...(all || lines.length <= SHOWN ? [] : [`and ${lines.length - SHOWN} more (--all lists them)`]),
    ];
    return {
      exit: result.equal ? EXIT.fine : EXIT.no,
      lines: [
        ...shown(result.differences.map(({ text }) => `difference: ${text}`)),
        ...result.unknown.map((text) => `not compared: ${text}`),
        ...shown(result.notes.map((text) => `note: ${text}`)),
        `${result.equal ? "equal" : "NOT EQUAL"}: ${summaryText(result)}`,
      ],
      json: result,
    };
  },
};
