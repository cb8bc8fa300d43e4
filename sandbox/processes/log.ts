import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const tailBytes = 256 * 1024;

/**
 * Returns the last lines of a file, indented for an error message. The file may be large or absent. Lines that differ
 * only in their digits count once, so that a message repeated for minutes does not hide its cause.
 */
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
    : withoutRepetitions(lines)
        .slice(-count)
        .map((line) => `  ${line}`)
        .join("\n");
}

/** Keeps the last of the lines that are alike, with the number of the earlier ones. */
function withoutRepetitions(lines: readonly string[]): string[] {
  const alike = new Map<string, { line: string; times: number }>();
  for (const line of lines) {
    const key = line.replace(/\d+/g, "0");
    const times = (alike.get(key)?.times ?? 0) + 1;
    // Insert again, because a Map keeps the order of the first insertion.
    alike.delete(key);
    alike.set(key, { line, times });
  }
  return [...alike.values()].map(({ line, times }) =>
    times === 1 ? line : `${line} (and ${times - 1} earlier ${times === 2 ? "line" : "lines"} like it)`,
  );
}
