import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { MigrationError } from "../../engine/errors";
import type { Estate } from "../../engine/preflight";

/** Where the inventory is. */
export interface EstateLocation {
  /** Path as the user wrote it. A relative path starts at the Pulumi project's folder. */
  file: string;
  /** Path to the Pulumi project's folder, relative to the program's folder. */
  root: string;
  /** Digest of the file's content. Changes when the file does, so that the check runs again. */
  digest: string;
}

/**
 * Reads the inventory.
 * @throws MigrationError INVENTORY_INVALID
 */
export async function readEstate({ file, root }: EstateLocation): Promise<Estate> {
  const path = file.startsWith("~/") ? join(homedir(), file.slice(2)) : resolve(root, file);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new MigrationError("INVENTORY_INVALID", `${file} cannot be read (${error.code ?? "unknown reason"})`, {
      fix: `write it with \`kafka-migration inventory --out ${file}\`; its path starts at the folder of Pulumi.yaml`,
    });
  });
  // Loads zod and a YAML parser, which a migration without an inventory does not need.
  const { parseInventory } = await import("../../engine/inventory/parse.js");
  return { file, inventory: parseInventory(text, file) };
}
