import { type Fault, faultsOf, validPart, valueAt } from "../components/shape";
import { CLIENT_PASSWORDS, passwordCommand } from "../engine/client-passwords";
import { Mistakes } from "../engine/errors";
import { didYouMean } from "../engine/near-miss";
import { componentMistakes, crossChecks, type ConfigFacts } from "./cross-checks";
import type { Files } from "./files";
import { schema, SECRET_KEYS, type StackSettings, standIn, TOP_KEYS } from "./schema";

export interface ReadOptions {
  /** Reads the files that the configuration names. Absent: the files are not checked. */
  files?: Files;
  /** Returns true for a key whose value is stored as a secret. Such a value is never shown. */
  isSecret?(key: string): boolean;
}

/**
 * Checks the whole configuration at once: its shape, which keys belong together, its files, the component's own checks,
 * the settings that the dialect does not have, and the mandatory rules of the policy pack.
 * @param raw the project's own keys without the project name, values as text or JSON text
 * @throws MigrationError CONFIG_INVALID with every mistake in it
 */
export function readSettings(
  raw: Record<string, string>,
  { files, isSecret = () => false }: ReadOptions = {},
): StackSettings {
  const mistakes = new Mistakes();
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(raw)) {
    if ((SECRET_KEYS as readonly string[]).includes(key) || key === CLIENT_PASSWORDS) continue;
    if (!TOP_KEYS.includes(key)) mistakes.add(`${key}: unknown key${didYouMean(key, TOP_KEYS)}`);
    else values[key] = VERSIONS.some((path) => path.join() === key) ? value : parse(value);
  }
  for (const path of VERSIONS) writeVersion(values, path);
  const hidden = (path: readonly PropertyKey[]) =>
    isSecret(String(path[0])) || path.some((key) => /password|secret|token|kubeconfig/i.test(String(key)));
  for (const fault of faultsOf(schema, values, hidden)) mistakes.add(said(fault));
  const passwords = usersWithPassword(raw, isSecret, mistakes);
  const valid = validPart(schema, values, standIn);
  const settings = valid && { ...valid, ...(passwords === undefined ? {} : { passwords }) };
  if (settings !== undefined) {
    crossChecks(settings, configFacts(raw, values, settings), mistakes);
    files?.check(settings, mistakes);
    for (const mistake of componentMistakes(settings)) mistakes.add(mistake);
  }
  mistakes.throwIfAny(
    "CONFIG_INVALID",
    "the stack's configuration has mistakes",
    "correct them with `pulumi config set [--path] KEY VALUE` (passwords with --secret), or `pulumi config " +
      "rm --path KEY`",
  );
  return settings!;
}

/** Returns the names of the users that have a password in the configuration. A password is never shown. */
function usersWithPassword(
  raw: Record<string, string>,
  isSecret: (key: string) => boolean,
  mistakes: Mistakes,
): string[] | undefined {
  const written = raw[CLIENT_PASSWORDS];
  if (written === undefined) return undefined;
  const set = passwordCommand("USER");
  const passwords = parse(written);
  if (typeof passwords !== "object" || passwords === null || Array.isArray(passwords)) {
    mistakes.add(`${CLIENT_PASSWORDS}: it has to be an object with one password for each user (${set})`);
    return undefined;
  }
  if (!isSecret(CLIENT_PASSWORDS)) mistakes.add(`${CLIENT_PASSWORDS}: the passwords are not encrypted; use ${set}`);
  for (const [user, password] of Object.entries(passwords))
    if (typeof password !== "string" || password === "")
      mistakes.add(`${CLIENT_PASSWORDS}.${user}: it has to be a text that is not empty (${set})`);
  return Object.keys(passwords);
}

function configFacts(raw: Record<string, string>, values: unknown, settings: StackSettings): ConfigFacts {
  const faulty = (...path: string[]) => {
    const [written, read] = [valueAt(values, path), valueAt(settings, path)];
    // A whole side that is missing is one mistake. So is a placeholder for a side of the wrong shape.
    if (path.length === 1) return typeof written !== "object" || written === null || Array.isArray(written);
    return written !== undefined && (read === undefined || (typeof written !== "object" && read !== written));
  };
  return { secrets: new Set(SECRET_KEYS.filter((key) => raw[key] !== undefined)), faulty };
}

/** Keys with a version. */
const VERSIONS = [
  ["operatorVersion"],
  ["origin", "operatorVersion"],
  ["target", "operatorVersion"],
  ["mirror", "kafkaVersion"],
] as const;

/** YAML and `pulumi config set --path` read `0.49` as a number, and `13.0` as 13. */
function writeVersion(values: Record<string, unknown>, path: readonly string[]): void {
  const [last, ...above] = [...path].reverse() as [string, ...string[]];
  const parent = valueAt(values, above.reverse());
  if (typeof parent !== "object" || parent === null) return;
  const version = (parent as Record<string, unknown>)[last];
  if (typeof version === "number")
    (parent as Record<string, unknown>)[last] = Number.isInteger(version) ? `${version}.0` : String(version);
}

/** Pulumi stores every value as text. Objects, numbers and booleans are JSON. */
function parse(value: string): unknown {
  try {
    const json: unknown = JSON.parse(value);
    return typeof json === "object" || typeof json === "boolean" || typeof json === "number" ? json : value;
  } catch {
    return value;
  }
}

function said({ where, kind, near, seen, expected }: Fault): string {
  if (kind === "unknown") return `${where}: unknown key${near}`;
  if (kind === "missing") return `${where}: missing; it has to be ${expected}`;
  return `${where}: ${seen} is not possible${near}; it has to be ${expected}`;
}
