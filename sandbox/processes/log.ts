import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const tailBytes = 16 * 1024;

/** Returns the last lines of a file, indented for an error message. The file may be large or absent. */
export function lastLines(file: string, count = 15): string {
  let text: string;
  try {
    const fd = openSync(file, "r");
    try {
      const size = fstatSync(fd).size;
      const buffer = Buffer.alloc(Math.min(size, tailBytes));
      readSync(fd, buffer, 0, buffer.length, size - buffer.length);
      text = buffer.toString("utf8");
    } finally {
      closeSync(fd);
    }
  } catch {
    return "  (no log)";
  }
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0
    ? "  (empty log)"
    : lines
        .slice(-count)
        .map((line) => `  ${line}`)
        .join("\n");
}
