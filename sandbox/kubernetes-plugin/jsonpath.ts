/**
 * The JSONPath of `pulumi.com/waitFor`: `jsonpath={.status.secret}` or `jsonpath={.status.phase}=Running`. The path in
 * the braces is RFC 9535, as in the real plugin. Braces and value are the plugin's own, so they are read here.
 */
import { jsonpath } from "json-p3";
import type { Plain, PlainObject } from "./values";

export interface JsonPath {
  /** The path as written, e.g. `{.status.secret}`. */
  path: string;
  /** Required value of the first selected node. Absent: any value. */
  value?: string;
  query: { query(value: PlainObject): { values(): unknown[] } };
}

/** @throws Error when the expression is malformed */
export function parseJsonPath(expression: string): JsonPath {
  const raw = expression.replace(/^jsonpath=/, "");
  const split = /^(?<path>(?:[^=]|==)*)(?:=(?<value>(?:[^=]|==)*))?$/.exec(raw);
  if (!split?.groups) throw new Error(`format should be {.path}=value or {.path}, got "${raw}"`);
  const path = split.groups["path"] ?? "";
  const value = split.groups["value"];
  if (value === "") throw new Error(`${path}= requires a value`);
  if (path.startsWith("'") && path.endsWith("'")) throw new Error(`${path} should omit shell quotes`);
  const inner = /\{\s*(.*?)\s*\}/.exec(path)?.[1];
  if (inner === undefined) throw new Error(`${path} should be wrapped in brackets { ... }`);
  const query = compiled(inner.startsWith("$") ? inner : `$${inner}`, path);
  return value === undefined ? { path, query } : { path, query, value };
}

function compiled(text: string, path: string): JsonPath["query"] {
  try {
    return jsonpath.compile(text) as JsonPath["query"];
  } catch (error) {
    throw new Error(`parsing "${path}": ${(error as Error).message}`);
  }
}

/** @throws Error when a value is required and the selected node is an object or a list */
export function matches(jsonPath: JsonPath, object: PlainObject): { matched: boolean; message: string } {
  const [first] = jsonPath.query.query(object).values() as Plain[];
  if (first === undefined) return { matched: false, message: `${jsonPath.path} selected nothing` };
  if (typeof first === "object" && first !== null) {
    if (jsonPath.value === undefined) return { matched: true, message: "" };
    throw new Error(`"${jsonPath.path}" has a non-primitive value`);
  }
  const found = first === null ? "<nil>" : String(first);
  const matched = jsonPath.value === undefined || jsonPath.value === found;
  return { matched, message: `waiting for ${jsonPath.path}=${jsonPath.value ?? ""} (found "${found}")` };
}
