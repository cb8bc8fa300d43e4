import { randomBytes } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** A new file beside `file`. Its name is unique: in containers, two processes often have the same id. */
const draftOf = (file: string): string => `${file}.${randomBytes(6).toString("hex")}.tmp`;

/** Checks that the file can be replaced, without changing it. Throws an error with the reason. */
export async function checkReplaceable(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory() === true) throw new Error("it is a folder");
  // A rename would put a file in the place of a device or a pipe.
  if (found?.isFile() === false) throw new Error("it is not a file");
  const draft = draftOf(file);
  await (await open(draft, "w", 0o600)).close();
  await rm(draft);
}

/** Replaces the file completely or not at all. When this returns, the data is on the disk. */
export async function replaceDurably(file: string, text: string): Promise<void> {
  const draft = draftOf(file);
  try {
    const handle = await open(draft, "w", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  const folder = await open(dirname(file), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
