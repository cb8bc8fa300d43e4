/**
 * Own code: packages for tables draw borders and colours, which scripts and logs do not want. This is shorter.
 *
 * Aligned columns, at most `most` rows, and a line for the rest. Columns of numbers (all cells are digits) are aligned
 * to the right.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[], most = 50): string[] {
  // A group's name can have a line break.
  const shown = rows.slice(0, most).map((cells) => cells.map((cell) => cell.replace(/[\n\t]/g, "\ufffd")));
  const numeric = head.map(
    (_, i) => shown.length > 0 && shown.every((r) => /^((at most )?[\d,]*|-)$/.test(r[i] ?? "")),
  );
  // Do not spread: a long list has more elements than a call can have arguments.
  const widths = head.map((h, i) => shown.reduce((most, r) => Math.max(most, (r[i] ?? "").length), h.length));
  const line = (cells: readonly string[]) =>
    cells
      .map((c, i) => (numeric[i] ? c.padStart(widths[i]!) : c.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return [line(head), ...shown.map(line), ...(rows.length > most ? [`and ${rows.length - most} more`] : [])];
}
