import { writeFile } from "node:fs/promises";

/**
 * Writes a file in Java's properties format. Escapes the values (backslash, line ends, non-ASCII, leading blanks), so
 * that a PEM or a password arrives unchanged. The file has mode 0600 because it may hold secrets.
 */
export async function writeProperties(file: string, properties: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(properties).map(([key, value]) => `${escape(key, true)}=${escape(value, false)}`);
  await writeFile(file, `${lines.join("\n")}\n`, { mode: 0o600 });
}

function escape(text: string, isKey: boolean): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    const code = text.charCodeAt(i);
    if (char === "\\") out += "\\\\";
    else if (char === "\n") out += "\\n";
    else if (char === "\r") out += "\\r";
    else if (char === "\t") out += "\\t";
    else if (char === " " && (isKey || i === 0)) out += "\\ ";
    else if (isKey && "=:#!".includes(char)) out += `\\${char}`;
    else if (code < 0x20 || code > 0x7e) out += `\\u${code.toString(16).padStart(4, "0")}`;
    else out += char;
  }
  return out;
}

/** Quotes a value for a JAAS option. */
export function jaasQuoted(value: string): string {
  return `"${value.replace(/[\\"]/g, (char) => `\\${char}`)}"`;
}
