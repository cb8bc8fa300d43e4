import type { z } from "zod";
import type { Setting } from "../../engine/setting";
import { checkOf } from "../../engine/setting-check";
import { didYouMean } from "../../engine/near-miss";
import { isLater } from "./types";

/** One fault in the shape of settings. There is one fault per place. */
export interface Fault {
  path: readonly PropertyKey[];
  /** The path as a user writes it: `origin.brokers`. */
  where: string;
  kind: "unknown" | "missing" | "wrong";
  /** ` (did you mean "..."?)`, or empty. */
  near: string;
  /** The value. Its type only, if the value may be a secret. */
  seen: string;
  /** What the value must be: `a whole number, at least 1`. */
  expected: string;
}

/**
 * Checks values against a schema.
 * @param hidden returns true for a path whose value may be a secret and must not be shown
 */
export function faultsOf(
  schema: Setting<any, any>,
  values: unknown,
  hidden: (path: readonly PropertyKey[]) => boolean = () => false,
): Fault[] {
  const parsed = checkOf(schema).safeParse(values);
  return parsed.success ? [] : parsed.error.issues.flatMap((issue) => describe(issue, { schema, values, hidden }));
}

interface Input {
  schema: Setting<any, any>;
  values: unknown;
  hidden: (path: readonly PropertyKey[]) => boolean;
}

function describe(issue: z.core.$ZodIssue, input: Input): Fault[] {
  const { path } = issue;
  const where = path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(input.schema, path);
    return issue.keys.map((key) => ({
      path: [...path, key],
      where: where === "" ? key : `${where}.${key}`,
      kind: "unknown",
      near: didYouMean(key, known),
      seen: "",
      expected: "",
    }));
  }
  const value = valueAt(input.values, path);
  if (issue.code === "invalid_union" && isObject(value)) {
    // `false` or an object. If the user wrote an object, report the object's errors, not the union's.
    const meant = issue.errors
      .filter((errors) => errors.every((e) => e.path.length > 0 || e.code === "unrecognized_keys"))
      .flat();
    if (meant.length > 0)
      return meant.flatMap((inner) => describe({ ...inner, path: [...path, ...inner.path] }, input));
  }
  if (value === undefined) return [{ path, where, kind: "missing", near: "", seen: "", expected: expectedOf(issue) }];
  const enumerated = issue.code === "invalid_value" && typeof value === "string" && !input.hidden(path);
  const near = enumerated ? didYouMean(value, issue.values.map(String)) : "";
  return [
    { path, where, kind: "wrong", near, seen: shown(value, issue, input.hidden(path)), expected: expectedOf(issue) },
  ];
}

/** A text in place of an object may be a secret at the wrong key. Anything inside an object may be a secret, too. */
function shown(value: unknown, issue: z.core.$ZodIssue, hidden: boolean): string {
  const wantsMore = issue.code === "invalid_type" && ["object", "record", "array"].includes(issue.expected);
  if (value === null || typeof value === "boolean") return String(value);
  if (isLater(value)) return "a value that Pulumi knows only later";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "function") return "a function";
  if (hidden || (wantsMore && typeof value === "string"))
    return typeof value === "string" ? "a text" : `a ${typeof value}`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

const TYPES: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object with its keys",
  record: "an object",
  null: "null",
};

function expectedOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? issue.expected;
    case "invalid_value":
      return `${issue.values.length === 1 ? "" : "one of "}${issue.values.map(String).join(", ")}`;
    case "too_small":
      if (issue.origin === "string") return "a text that is not empty";
      return (
        `a ${issue.origin === "int" ? "whole " : ""}number, ${issue.inclusive ? "at least" : "more than"} ` +
        `${issue.minimum}`
      );
    case "too_big":
      return `${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
    case "invalid_format":
      return issue.message;
    case "invalid_union": {
      const choices = issue.errors.map((errors) => expectedOf(errors[0]!));
      return `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
    }
    default:
      return issue.message;
  }
}

/** Returns a fault in the words of the components. Their arguments come from a program. */
export function sayFault({ where, kind, near, seen, expected }: Fault): string {
  if (kind === "unknown") return `${where} is not a setting${near}`;
  if (kind === "missing") return `${where} is missing: it has to be ${expected}`;
  return `${where} is ${seen}${near}: it has to be ${expected}`;
}

export const isObject = (value: unknown): value is Record<PropertyKey, unknown> =>
  typeof value === "object" && value !== null;

export function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), values);
}

/** Returns the keys that a schema knows at a path. Empty if any key is allowed. */
export function keysAt(schema: Setting<any, any>, path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const key of path) {
    // An array unwraps to its element, so an index needs no further step.
    at = objectOf(unwrap(at));
    if (typeof key !== "number") at = (at as { shape?: Record<PropertyKey, unknown> }).shape?.[key];
  }
  return Object.keys((objectOf(unwrap(at)) as { shape?: object } | undefined)?.shape ?? {});
}

/** Returns the object of a union. The other choice is `false`. */
function objectOf(type: unknown): unknown {
  const { options } = (type ?? {}) as { options?: { shape?: object }[] };
  return options?.find?.((option) => option.shape !== undefined) ?? type;
}

function unwrap(type: unknown): unknown {
  let at = type as { unwrap?: () => unknown; shape?: unknown } | undefined;
  while (at !== undefined && at.shape === undefined && typeof at.unwrap === "function") at = at.unwrap() as typeof at;
  return at;
}
