import { createHash } from "node:crypto";
import { yamlOf } from "./text";

const MARK = "# sha256 of the lines below: ";
const NOTE = "# Written by pulumi-kafka-migration. If you edit the lines below, it does not write this file again.";

const digest = (body: string): string => createHash("sha256").update(body).digest("hex");

/** Returns the content of a file with one object. The first lines show later whether somebody has edited it. */
export function fileText(object: object): string {
  const body = yamlOf(object);
  return `${NOTE}\n${MARK}${digest(body)}\n${body}`;
}

/** `new`: there is no file. `outdated`: as this package wrote it, with other content. `edited`: by somebody else. */
export type FileState = "new" | "equal" | "outdated" | "edited";

/**
 * Compares a file with the object that it should have. A file with the same object is equal. It does not matter who
 * wrote it.
 * @param content undefined: the file does not exist
 */
export function fileState(content: string | undefined, object: object): FileState {
  if (content === undefined) return "new";
  const text = content.replaceAll("\r\n", "\n");
  const [note, mark = "", ...rest] = text.split("\n");
  const body = rest.join("\n");
  const isOurs = note === NOTE && mark.startsWith(MARK);
  if ((isOurs ? body : text) === yamlOf(object)) return "equal";
  return isOurs && mark.slice(MARK.length).trim() === digest(body) ? "outdated" : "edited";
}
