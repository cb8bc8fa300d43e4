import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import type { z } from "zod";
import { MigrationError } from "../errors";
import { didYouMean } from "../near-miss";
import { defined } from "../objects";
import { fields, inventorySchema } from "./schema";
import { sorted } from "./sort";
import type { Inventory } from "./types";

const FIX = "correct these places, or write the file again with `kafka-migration inventory --out FILE`";

/** One mistake and where it is. */
interface Mistake {
  line: number;
  text: string;
}

/**
 * Reads an inventory that `printInventory` wrote and a person may have edited.
 * @param file its name, for the error
 * @throws MigrationError INVENTORY_INVALID with every mistake: its line, place, value and what is right
 */
export function parseInventory(text: string, file = "the inventory"): Inventory {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: false });
  const broken = document.errors.map((error): Mistake => {
    const { line } = lines.linePos(error.pos[0]);
    return { line, text: error.message };
  });
  if (broken.length > 0) throw invalid(file, broken);
  const values = valuesOf(document, file);
  const at = (path: readonly PropertyKey[]) => lineOf(document, lines, path);
  const parsed = inventorySchema.safeParse(values);
  const mistakes = parsed.success
    ? contradictions(parsed.data as Inventory, at)
    : parsed.error.issues.flatMap((issue) => described(issue, values, at));
  if (mistakes.length > 0) throw invalid(file, mistakes);
  return sorted(withoutUndefined(parsed.data) as Inventory);
}

function valuesOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw invalid(file, [{ line: 1, text: (error as Error).message }]);
  }
}

/** The most mistakes that the error lists. The others are only counted. */
const LISTED = 50;

function invalid(file: string, mistakes: readonly Mistake[]): MigrationError {
  const found = [...mistakes].sort((a, b) => a.line - b.line).map(({ line, text }) => `line ${line}: ${text}`);
  const more = found.length > LISTED ? [`and ${found.length - LISTED} more`] : [];
  return new MigrationError("INVENTORY_INVALID", `${file} is not a valid inventory`, {
    fix: FIX,
    details: [...found.slice(0, LISTED), ...more],
  });
}

/** The line of a place. Of a place that is missing: the line of what it belongs to. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const found = length === 0 ? document.contents : keyOrValue(document, path.slice(0, length));
    const start = isNode(found) ? found.range?.[0] : undefined;
    if (start !== undefined) return lines.linePos(start).line;
  }
  return 1;
}

/** The node of a key, if there is one. The value of a key can begin on a later line. */
function keyOrValue(document: Document, path: readonly PropertyKey[]): unknown {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1)!;
  if (!isMap(parent)) return document.getIn(path, true);
  return parent.items.find(({ key }) => isScalar(key) && key.value === last)?.key;
}

function described(issue: z.core.$ZodIssue, values: unknown, at: (path: readonly PropertyKey[]) => number): Mistake[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      line: at([...path, key]),
      text: `${place(values, [...path, key])} is not a key of an inventory${didYouMean(key, fields(path))}`,
    }));
  const value = valueAt(values, path);
  const seen = value === undefined ? "is missing" : `is ${shown(value)}`;
  const near =
    issue.code === "invalid_value" && typeof value === "string" ? didYouMean(value, issue.values.map(String)) : "";
  return [{ line: at(path), text: `${place(values, path)} ${seen}${near}: write ${expected(issue)}` }];
}

function shown(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "object" ? "an object" : JSON.stringify(value);
}

const TYPES: Record<string, string> = {
  string: "a text (in quotes if it looks like a number)",
  number: "a number",
  int: "a whole number",
  array: "a list",
  object: "an object with its keys",
  record: "an object of texts",
};

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      if (issue.origin === "string") return "a text that is not empty";
      return issue.origin === "array" ? "at least one" : `a number, at least ${issue.minimum}`;
    case "invalid_format":
      return "a principal as in ACLs, such as User:billing";
    default:
      return issue.message;
  }
}

/** The place as a person finds it: `users[3] (User:billing).acls[0].host`. */
function place(values: unknown, path: readonly PropertyKey[]): string {
  let text = "";
  path.forEach((key, i) => {
    if (typeof key !== "number") text += `${text === "" ? "" : "."}${String(key)}`;
    else text += `[${key}]${nameOf(valueAt(values, path.slice(0, i + 1)))}`;
  });
  return text === "" ? "the file" : text;
}

function nameOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return "";
  const { principal, name, application, configTopic, topic } = value as Record<string, unknown>;
  const found = [principal, name, application, configTopic, topic].find((one) => typeof one === "string");
  return found === undefined ? "" : ` (${JSON.stringify(found).slice(1, -1)})`;
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null && Object.hasOwn(at, key) ? at[key as never] : undefined),
    values,
  );
}

/** What the shape cannot say: an entry that lacks its reason, or that is there twice. */
function contradictions(file: Inventory, at: (path: readonly PropertyKey[]) => number): Mistake[] {
  const mistakes: Mistake[] = [];
  const lists = { ...file } as unknown as Record<string, unknown>;
  for (const [list, keyOf] of Object.entries(KEYS)) {
    const seen = new Map<string, number>();
    for (const [i, one] of ((lists[list] ?? []) as Entry[]).entries()) {
      const path = [list, i];
      const where = place(file, path);
      for (const [moves, field] of NEEDED)
        if (one.moves === moves && one[field] === undefined)
          mistakes.push({ line: at(path), text: `${where} has moves ${moves} and no ${field}: write ${field}` });
      const key = keyOf(one);
      const first = seen.get(key);
      if (first === undefined) seen.set(key, i);
      else
        mistakes.push({ line: at(path), text: `${where} is there twice (also ${list}[${first}]): remove one of them` });
    }
  }
  return mistakes;
}

type Entry = Record<string, unknown>;

const NEEDED = [
  ["if", "when"],
  ["no", "why"],
] as const;

const keys =
  (...names: string[]) =>
  (one: Entry): string =>
    JSON.stringify(names.map((name) => one[name] ?? null));

/** What no two entries of a list have in common. */
const KEYS: Record<string, (one: Entry) => string> = {
  users: keys("principal"),
  quotas: keys("user", "clientId", "ip"),
  topics: keys("name"),
  groups: keys("name"),
  streams: keys("application"),
  topicResources: keys("namespace", "name"),
  deployments: keys("kind", "apiVersion", "namespace", "name"),
  connect: keys("configTopic"),
  registries: keys("topic"),
  mirrors: keys("kind", "from", "to", "topics"),
};

/** Absent fields stay absent. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, withoutUndefined(inner)] as const);
  return defined(Object.fromEntries(entries));
}
