import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { isMigrationError, type Mistakes } from "../../engine/errors";
import { type Inventory, parseInventory } from "../../engine/inventory";
import { projectFolder } from "../project";

/**
 * Returns an inventory. Undefined: it cannot be read, and a mistake says why.
 * @param path absolute, or relative to the folder of Pulumi.yaml; `~/` is the home folder
 */
export function inventoryIn(path: string, mistakes: Mistakes): Inventory | undefined {
  try {
    return parseInventory(readFileSync(fileOf(path), "utf8"), path);
  } catch (error) {
    if (isMigrationError(error)) mistakes.add(`inventory: ${[error.seen, ...error.details].join("; ")}; ${error.fix}`);
    else {
      const { code } = error as NodeJS.ErrnoException;
      mistakes.add(
        `inventory: "${path}" ${code === "ENOENT" ? "does not exist" : `cannot be read (${code})`}; write it with ` +
          `\`kafka-migration inventory --out ${path}\`; a path is taken from the folder of Pulumi.yaml`,
      );
    }
    return undefined;
  }
}

const fileOf = (path: string): string =>
  path.startsWith("~/") ? join(homedir(), path.slice(2)) : isAbsolute(path) ? path : join(projectFolder(), path);

/** Returns the content of an inventory. Undefined: it cannot be read. */
export function inventoryText(path: string): string | undefined {
  try {
    return readFileSync(fileOf(path), "utf8");
  } catch {
    return undefined;
  }
}
