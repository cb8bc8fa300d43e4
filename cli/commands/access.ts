import {
  type AccessOptions,
  type AccessResult,
  checkAccess,
  requireEqualAccess,
  summaryText,
} from "../../engine/access";
import type { Command, CommandContext } from "../command";
import { EXIT } from "../exit";
import type { LoadedMigration } from "../source";
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
    const result = await checkAccess(migration.model, optionsOf(migration, ignored), progress, signal);
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

/** The migration's own users are left out, also if the state is of an older version. */
function optionsOf({ options, principals }: LoadedMigration, ignored: readonly string[] = []): AccessOptions {
  return { ...options.access, ignore: [...(options.access.ignore ?? []), ...principals, ...ignored] };
}

/**
 * Does what the step of the cutover does. Undefined: the stack does not compare access.
 * @throws MigrationError ACCESS_DIFFERS if the stack requires equal access
 */
export async function rehearseAccess({
  migration,
  progress,
  signal,
}: CommandContext): Promise<AccessResult | undefined> {
  const { mode = "warn" } = migration.options.access;
  if (mode === "none") return undefined;
  const result = await checkAccess(migration.model, optionsOf(migration), progress, signal);
  if (mode === "require") requireEqualAccess(result);
  return result;
}

/** Differences that only warn do not stop a cutover. */
export const accessLines = (result: AccessResult | undefined): string[] =>
  result === undefined || result.equal
    ? []
    : [`access: ${summaryText(result)}; \`kafka-migration access\` lists what differs`];
