import { readFile } from "node:fs/promises";
import { MigrationError } from "../engine/errors";
import type { KafkaPort } from "../engine/kafka/port";
import { parseJson } from "../engine/plain";
import { type AppliedOffsets, joinApplied, isApplied, requireSameTarget } from "../engine/offsets";
import { checkReplaceable, replaceDurably } from "./replace-file";

/**
 * The file of `offsets --apply --out`: the previous offsets of the groups, and the offsets that are written. The file
 * is complete before the first offset is written. So `--revert` can undo an apply that was killed. If a second apply
 * writes the file, it keeps the previous offsets from the first one. Mode 0600, because group names and offsets are
 * private.
 */
export class OutFile {
  private before: AppliedOffsets | undefined;

  constructor(private readonly file: string) {}

  /**
   * Reads the existing file, and checks that the file can be written.
   * @throws MigrationError CLI_OUT_FILE
   */
  async open(): Promise<void> {
    const text = await this.trying(() => textOf(this.file));
    if (text !== undefined) {
      this.before = parse(text);
      if (this.before === undefined) throw this.refused(...notOurs(text));
    }
    await this.trying(() => checkReplaceable(this.file));
  }

  /** Must run before the first offset is written. */
  async intend(intended: AppliedOffsets, target: KafkaPort): Promise<void> {
    if (this.before !== undefined) {
      if (this.before.clusters === undefined)
        throw this.refused(
          "it was written by an older version and does not name its clusters",
          "use another file for --out",
        );
      await requireSameTarget(target, this.before);
    }
    await this.write(intended);
  }

  async finish(applied: AppliedOffsets): Promise<void> {
    await this.write(applied);
  }

  private async write(applied: AppliedOffsets): Promise<void> {
    const whole = this.before === undefined ? applied : joinApplied(this.before, applied);
    await this.trying(() => replaceDurably(this.file, `${JSON.stringify(whole, null, 2)}\n`));
  }

  private async trying<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.refused(
        (error as Error).message,
        "use a file for --out in an existing folder that you may write to; no offset was written",
      );
    }
  }

  private refused(why: string, fix: string): MigrationError {
    return new MigrationError("CLI_OUT_FILE", `${this.file} can't be written: ${why}`, { fix });
  }
}

/**
 * Reads the file that the user passed to `--revert`.
 * @throws MigrationError CLI_REVERT_FILE
 */
export async function readKept(file: string): Promise<AppliedOffsets> {
  const text = await readFile(file, "utf8").catch((error: Error) => error);
  const applied = typeof text === "string" ? parse(text) : undefined;
  if (applied !== undefined) return applied;
  const isDamaged = typeof text === "string" && looksDamaged(text);
  const why = isDamaged ? "it is damaged" : typeof text === "string" ? "it was not written by an apply" : text.message;
  throw new MigrationError("CLI_REVERT_FILE", `${file} cannot be used: ${why}; no offset was changed`, {
    fix: isDamaged
      ? "restore the file from a backup: only this file says what the groups' offsets were before the apply"
      : "use a file that `kafka-migration offsets --apply --out FILE` wrote",
  });
}

function parse(text: string): AppliedOffsets | undefined {
  try {
    const value = parseJson(text);
    return isApplied(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Cut off, or edited by hand. Any other text is a file of something else. */
function looksDamaged(text: string): boolean {
  try {
    const value = parseJson(text) as { groups?: unknown } | null;
    return typeof value === "object" && value !== null && "groups" in value;
  } catch {
    return text.trim() === "" || /^\s*\{\s*"version"/.test(text);
  }
}

/** An empty file may be what is left of an earlier apply, for example after a full disk. This never counts as new. */
function notOurs(text: string): [why: string, fix: string] {
  if (text.trim() !== "" && looksDamaged(text))
    return [
      "it is damaged, so offsets that an earlier apply saved there may be lost",
      "restore it from a backup, or use another file for --out",
    ];
  return text.trim() === ""
    ? [
        "it is empty, so offsets that an earlier apply saved there may be lost",
        "use another file for --out, or delete this one if no earlier apply used it",
      ]
    : ["it was not written by an earlier apply", "use another file for --out"];
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
