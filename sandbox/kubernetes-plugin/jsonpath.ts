/**
 * The JSONPath of `pulumi.com/waitFor`: `jsonpath={.status.secret}` or `jsonpath={.status.phase}=Running`. Supports
 * names, indexes, wildcards and filters by equality (`[?(@.type=="Ready")]`). Rejects the rest of RFC 9535.
 */
import { NotSupported } from "./kubeconfig";
import { isObject, type Plain, type PlainObject } from "./values";

type Step =
  | { type: "name"; name: string }
  | { type: "index"; index: number }
  | { type: "wildcard" }
  | { type: "filter"; steps: Step[]; equals: string | number | boolean };

export interface JsonPath {
  /** The path as written, e.g. `{.status.secret}`. */
  path: string;
  /** Required value of the first selected node. Absent: any value. */
  value?: string;
  steps: Step[];
}

/**
 * @throws Error when the expression is malformed; NotSupported when the real plugin accepts it but this one does not
 */
export function parseJsonPath(expression: string): JsonPath {
  const raw = expression.replace(/^jsonpath=/, "");
  const split = /^(?<path>(?:[^=]|==)*)(?:=(?<value>(?:[^=]|==)*))?$/.exec(raw);
  if (!split?.groups) throw new Error(`format should be {.path}=value or {.path}, got "${raw}"`);
  const path = split.groups["path"] ?? "";
  const value = split.groups["value"];
  if (value === "") throw new Error(`${path}= requires a value`);
  if (path.startsWith("'") && path.endsWith("'")) throw new Error(`${path} should omit shell quotes`);
  const braces = /\{\s*(.*?)\s*\}/.exec(path);
  if (!braces) throw new Error(`${path} should be wrapped in brackets { ... }`);
  const inner = braces[1] ?? "";
  const steps = new Parser(inner.startsWith("$") ? inner.slice(1) : inner, path).steps();
  return value === undefined ? { path, steps } : { path, steps, value };
}

class Parser {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly whole: string,
  ) {}

  steps(): Step[] {
    const steps: Step[] = [];
    while (this.at < this.text.length) steps.push(this.step());
    return steps;
  }

  private step(): Step {
    if (this.text.startsWith("..", this.at)) this.refuse("the descendant segment '..'");
    if (this.take(/\.\*/y) || this.take(/\[\s*\*\s*\]/y)) return { type: "wildcard" };
    const name =
      this.take(/\.([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)/y) ??
      this.take(/\[\s*'([^'\\]*)'\s*\]/y) ??
      this.take(/\[\s*"([^"\\]*)"\s*\]/y);
    if (name) return { type: "name", name: name[1] ?? "" };
    const index = this.take(/\[\s*(-?\d+)\s*\]/y);
    if (index) return { type: "index", index: Number(index[1]) };
    const filter =
      this.take(/\[\s*\?\s*\(\s*@([^=<>!&|()]+?)\s*==\s*('[^'\\]*'|"[^"\\]*"|-?\d+(?:\.\d+)?|true|false)\s*\)\s*\]/y) ??
      this.take(/\[\s*\?\s*@([^=<>!&|()]+?)\s*==\s*('[^'\\]*'|"[^"\\]*"|-?\d+(?:\.\d+)?|true|false)\s*\]/y);
    if (filter)
      return {
        type: "filter",
        steps: new Parser(filter[1] ?? "", this.whole).steps(),
        equals: literal(filter[2] ?? ""),
      };
    if (/^\[\s*(\?|-?\d*\s*:|[^\]]*,)/.test(this.text.slice(this.at))) this.refuse(`'${this.text.slice(this.at)}'`);
    throw new Error(`parsing "${this.whole}": unexpected '${this.text.slice(this.at)}'`);
  }

  private take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match) this.at = pattern.lastIndex;
    return match;
  }

  private refuse(what: string): never {
    throw new NotSupported(`${this.whole}: ${what} is not supported by this stand-in for the kubernetes plugin`);
  }
}

function literal(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return text.startsWith("'") || text.startsWith('"') ? text.slice(1, -1) : Number(text);
}

function select(root: Plain, steps: Step[]): Plain[] {
  let values: Plain[] = [root];
  for (const step of steps) values = values.flatMap((value) => take(value, step));
  return values;
}

function take(value: Plain, step: Step): Plain[] {
  const children = Array.isArray(value) ? value : isObject(value) ? Object.values(value as PlainObject) : [];
  switch (step.type) {
    case "name": {
      const field = isObject(value) ? (value as PlainObject)[step.name] : undefined;
      return field === undefined ? [] : [field];
    }
    case "index": {
      const element = Array.isArray(value) ? value.at(step.index) : undefined;
      return element === undefined ? [] : [element];
    }
    case "wildcard":
      return children;
    case "filter":
      return children.filter((child) => select(child, step.steps)[0] === step.equals);
  }
}

/** @throws Error when a value is required and the selected node is an object or a list */
export function matches(jsonPath: JsonPath, object: PlainObject): { matched: boolean; message: string } {
  const [first] = select(object, jsonPath.steps);
  if (first === undefined) return { matched: false, message: `${jsonPath.path} selected nothing` };
  if (typeof first === "object" && first !== null) {
    if (jsonPath.value === undefined) return { matched: true, message: "" };
    throw new Error(`"${jsonPath.path}" has a non-primitive value`);
  }
  const found = first === null ? "<nil>" : String(first);
  const matched = jsonPath.value === undefined || jsonPath.value === found;
  return { matched, message: `waiting for ${jsonPath.path}=${jsonPath.value ?? ""} (found "${found}")` };
}
