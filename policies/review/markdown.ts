/** Own code: packages escape Markdown, but not what GitHub turns into mentions, references and links. */
/** The maximum length of a comment on GitHub, in characters. */
export const LIMIT = 65_536;

/** The maximum length of a single value, in characters, so that one value cannot fill the comment. */
const LONGEST_VALUE = 2_000;
/**
 * An invisible character. It prevents a mention, a reference or a link. A backslash does not help here, because GitHub
 * looks for them after it has removed the escapes.
 */
const BREAK = "&#8203;";

/**
 * A value as plain text on one line, without any effect as markup. `_` inside a word has no effect, so it is not
 * escaped.
 */
export function inline(value: string): string {
  return shortened(value)
    .replace(/[\\*[\]`|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("$", "<span>$</span>")
    .replace(/[@#]|:(?=\/\/)|\bwww(?=\.)|\bGH-(?=\d)/gi, `$&${BREAK}`)
    .replace(/\s*[\r\n]\s*/g, " ");
}

/** A value as code. Its fence is longer than any row of backticks in the value. */
export function code(value: string): string {
  const text = shortened(value).replace(/\s*[\r\n]\s*/g, " ");
  const fence = fenceFor(text, 1);
  const space = /^`|`$/.test(text) ? " " : "";
  return `${fence}${space}${text}${space}${fence}`;
}

/** Several lines, unchanged. */
export function block(value: string): string {
  const fence = fenceFor(value, 3);
  return `${fence}text\n${value}\n${fence}`;
}

export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`### ${title}\n\n${lines.join("\n")}`];
}

/** @param rows cells that already contain Markdown */
export function table(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  before?: string,
): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return section(title, [
    ...(before === undefined ? [] : [before, ""]),
    line(head),
    `|${head.map(() => "---|").join("")}`,
    ...rows.map(line),
  ]);
}

/**
 * Joins the parts into one text. While the text is too long, the longest part is cut, so that the others stay complete.
 */
export function fitted(parts: readonly string[], limit = LIMIT): string {
  const kept = parts.map((part) => ({ lines: part.split("\n"), cut: 0 }));
  const noteOf = (cut: number) =>
    cut === 0 ? "" : `\n\n*${count(cut, "more line")} left out, because GitHub limits a comment's length.*`;
  const whole = () => `${kept.map(({ lines, cut }) => lines.join("\n") + noteOf(cut)).join("\n\n")}\n`;
  const size = ({ lines }: { lines: string[] }) => lines.reduce((sum, line) => sum + line.length + 1, 0);
  for (let text = whole(); ; text = whole()) {
    if (text.length <= limit) return text;
    const longest = kept.reduce((a, b) => (size(b) > size(a) ? b : a));
    const drop = Math.ceil(longest.lines.length / 16);
    if (longest.lines.length <= 1) return text.slice(0, limit);
    longest.lines.length -= drop;
    longest.cut += drop;
  }
}

export const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

const shortened = (value: string) => (value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}… (cut)` : value);

function fenceFor(text: string, least: number): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  return "`".repeat(Math.max(least, longest + 1));
}
