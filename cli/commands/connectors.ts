import { copiedLines, copyConnectorOffsets, planConnectors, planLines } from "../../engine/connectors";
import { MigrationError } from "../../engine/errors";
import type { Command } from "../command";
import { EXIT } from "../exit";
import { Reader } from "../values";

/** Copies the offsets of source connectors to the Connect clusters of the target. */
export const connectors: Command = {
  summary: "show which offsets of source connectors would be copied; --apply copies them",
  options: {
    apply: { type: "boolean", help: "copy them (default: only show them)" },
  },
  async run({ migration, values, progress, signal }) {
    const read = new Reader(values);
    const apply = read.flag("apply");
    read.check("connectors");
    const { model, options } = migration;
    if (options.connectors.length === 0) throw nothingNamed(migration.wave);
    if (apply) {
      const copied = await copyConnectorOffsets(model, options.connectors, progress, signal);
      return { exit: EXIT.fine, lines: copiedLines(copied), json: { applied: true, connectors: copied } };
    }
    const plan = await planConnectors(model, options.connectors, signal);
    return {
      exit: plan.some(({ refused }) => refused !== undefined) ? EXIT.no : EXIT.fine,
      lines: [...planLines(plan), "dry run: nothing was changed; --apply copies them"],
      json: { applied: false, connectors: plan },
    };
  },
};

function nothingNamed(wave: string | undefined): MigrationError {
  const where = wave === undefined ? "the migration names" : `wave "${wave}" has`;
  return new MigrationError("CLI_CONNECTORS", `${where} no Connect cluster whose offsets are copied`, {
    fix:
      "set connectors and run `pulumi up` in phase mirror (docs/connectors.md), or select the wave with --wave; with " +
      "--model, write them in options.connectors",
  });
}
