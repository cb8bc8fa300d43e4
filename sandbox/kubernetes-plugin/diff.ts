/**
 * The changes from the live object (reduced to the fields of the old inputs) to the new inputs, and whether they force
 * a replacement.
 */
import { isObject, Unknown, type Plain, type PlainObject } from "./values";
import { gvkOf, isCore } from "./objects";

export type ChangeKind = "add" | "delete" | "update";

export interface Change {
  path: Path;
  kind: ChangeKind;
  /** True if the change removes an input. The old value is then an input as well. */
  inputDiff: boolean;
  replace: boolean;
}

export type Path = (string | number)[];

/** Returns the fields whose change forces a replacement of the object. */
export function forceNewFields(
  inputs: PlainObject,
  options: { secretMutable: boolean; configMapMutable: boolean },
): string[][] {
  const fields = [
    ["metadata", "name"],
    ["metadata", "namespace"],
  ];
  if (gvkOf(inputs).version !== "v1") return fields;
  const immutable = inputs["immutable"] === true;
  if (isCore(inputs, "Secret")) {
    fields.push(["type"]);
    if (!options.secretMutable || immutable) fields.push(["stringData"], ["data"]);
  } else if (isCore(inputs, "ConfigMap") && (!options.configMapMutable || immutable)) {
    fields.push(["binaryData"], ["data"]);
  }
  return fields;
}

export function changesOf(live: PlainObject, inputs: PlainObject, forceNew: string[][]): Change[] {
  const changes: Change[] = [];
  compareObjects([], live, inputs, forceNew, changes);
  return changes;
}

function compareObjects(
  path: Path,
  old: PlainObject,
  input: PlainObject,
  forceNew: string[][],
  changes: Change[],
): void {
  for (const key of new Set([...Object.keys(old), ...Object.keys(input)])) {
    compare([...path, key], old[key], input[key], forceNew, changes);
  }
}

function compare(
  path: Path,
  old: Plain | undefined,
  input: Plain | undefined,
  forceNew: string[][],
  changes: Change[],
): void {
  const push = (kind: ChangeKind, inputDiff = false) =>
    changes.push({ path, kind, inputDiff, replace: forceNew.some((field) => touches(path, input ?? null, field)) });
  if (input instanceof Unknown) return void push(old === undefined ? "add" : "update");
  if (old === input) return;
  if (input === undefined || input === null) return void push("delete", true);
  if (old === undefined) return void push("add");
  if (isObject(old) && isObject(input)) return compareObjects(path, old, input, forceNew, changes);
  if (Array.isArray(old) && Array.isArray(input)) {
    for (let index = 0; index < Math.max(old.length, input.length); index++) {
      compare([...path, index], old[index], input[index], forceNew, changes);
    }
    return;
  }
  push("update");
}

/**
 * Returns true if a change at `path` to `value` changes `field`. Either the path is at or below the field, or it is
 * above the field and `value` contains the field.
 */
function touches(path: Path, value: Plain, field: string[]): boolean {
  const common = Math.min(path.length, field.length);
  for (let index = 0; index < common; index++) if (path[index] !== field[index]) return false;
  let rest: Plain | undefined = value;
  for (const key of field.slice(common)) {
    if (!isObject(rest)) return false;
    rest = (rest as PlainObject)[key];
    if (rest === undefined) return false;
  }
  return true;
}

/** A property path in Pulumi's notation: `spec.acls[0]["a.b"]`. */
export function renderPath(path: Path): string {
  let rendered = "";
  for (const part of path) {
    if (typeof part === "number") rendered += `[${part}]`;
    else if (/[."[\]]/.test(part)) rendered += `["${part.replaceAll('"', '\\"')}"]`;
    else rendered += rendered === "" ? part : `.${part}`;
  }
  return rendered;
}

/** The reverse of {@link renderPath}. `*` and `[*]` become `*`. @throws Error with the path when it is malformed */
export function parsePath(rendered: string): Path {
  const path: Path = [];
  const token = /\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|\.?([^.[\]"]+)/gy;
  while (token.lastIndex < rendered.length) {
    const at = token.lastIndex;
    const match = token.exec(rendered);
    if (!match || (at > 0 && match[3] !== undefined && !match[0].startsWith(".")))
      throw new Error(`"${rendered}" is not a property path`);
    if (match[1] !== undefined) path.push(match[1].replaceAll('\\"', '"'));
    else if (match[2] !== undefined) path.push(match[2] === "*" ? "*" : Number(match[2]));
    else path.push(match[3] ?? "");
  }
  return path;
}

/** Removes the changes at or below an ignored path. */
export function withoutIgnored(changes: Change[], ignored: string[]): Change[] {
  const paths = ignored.map(parsePath);
  const contains = (outer: Path, inner: Path) =>
    outer.length <= inner.length && outer.every((part, index) => part === "*" || part === inner[index]);
  return changes.filter((change) => !paths.some((path) => contains(path, change.path)));
}
