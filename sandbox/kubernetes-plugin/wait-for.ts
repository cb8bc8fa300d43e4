/** `pulumi.com/waitFor`: the condition under which a custom resource counts as ready. */
import { ANNOTATION, annotation, metadataOf } from "./objects";
import { matches, parseJsonPath } from "./jsonpath";
import { isObject, type Plain, type PlainObject } from "./values";

/** Returns whether the object satisfies the condition and, if not, what is missing. */
export type Condition = (object: PlainObject) => { satisfied: boolean; message: string };

/**
 * The condition in the object's own annotation. Undefined if there is nothing to wait for.
 * @throws Error when the annotation is malformed
 */
export function readyCondition(inputs: PlainObject, live: PlainObject): Condition | undefined {
  if (annotation(inputs, ANNOTATION.skipAwait) === "true") return undefined;
  const value = annotation(live, ANNOTATION.waitFor);
  return value === "" ? undefined : parseWaitFor(value);
}

export function parseWaitFor(value: string): Condition {
  const conditions = expressions(value).map((expression): Condition => {
    if (expression.startsWith("jsonpath=")) return jsonPathCondition(expression);
    if (expression.startsWith("condition=")) return statusCondition(expression);
    throw new Error(`expected a "jsonpath=" or "condition=" prefix, got "${expression}"`);
  });
  if (conditions.length === 0) throw new Error("at least one condition must be specified");
  return (object) =>
    conditions.map((condition) => condition(object)).find((answer) => !answer.satisfied) ?? {
      satisfied: true,
      message: "",
    };
}

function expressions(value: string): string[] {
  try {
    const parsed: unknown = JSON.parse(value);
    if (Array.isArray(parsed) && parsed.every((entry) => typeof entry === "string")) return parsed;
  } catch {
    // It is not JSON, so it is one expression.
  }
  return [value];
}

function jsonPathCondition(expression: string): Condition {
  const path = parseJsonPath(expression);
  return (object) => {
    const generation = metadataOf(object)["generation"];
    if (isOlder(statusOf(object)["observedGeneration"], generation)) {
      return { satisfied: false, message: `the status is older than generation ${String(generation)}` };
    }
    const { matched, message } = matches(path, object);
    return { satisfied: matched, message };
  };
}

function statusCondition(expression: string): Condition {
  const rest = expression.slice("condition=".length);
  const equals = rest.indexOf("=");
  const type = equals < 0 ? rest : rest.slice(0, equals);
  const wanted = equals < 0 ? "True" : rest.slice(equals + 1);
  return (object) => {
    const conditions = statusOf(object)["conditions"];
    if (!Array.isArray(conditions)) return { satisfied: false, message: "there are no status.conditions yet" };
    for (const condition of conditions) {
      if (!isObject(condition)) continue;
      const { type: actualType, status, observedGeneration } = condition as PlainObject;
      if (!sameWord(actualType, type) || typeof status !== "string") continue;
      const generation = metadataOf(object)["generation"];
      if (isOlder(observedGeneration ?? statusOf(object)["observedGeneration"], generation)) {
        return { satisfied: false, message: `condition ${type} is older than generation ${String(generation)}` };
      }
      return { satisfied: sameWord(status, wanted), message: `condition ${type} is ${status}, wanted is ${wanted}` };
    }
    return { satisfied: false, message: `there is no condition ${type} yet` };
  };
}

function isOlder(observed: Plain | undefined, generation: Plain | undefined): boolean {
  return typeof observed === "number" && typeof generation === "number" && observed < generation;
}

function sameWord(actual: Plain | undefined, wanted: string): boolean {
  return typeof actual === "string" && actual.toLowerCase() === wanted.toLowerCase();
}

function statusOf(object: PlainObject): PlainObject {
  const status = object["status"];
  return isObject(status) ? status : {};
}
