import { didYouMean } from "../../near-miss";
import { isPlaceholder } from "../placeholder";
import { listed } from "../rule";
import type { ValueFact } from "./values";

export interface Refusal {
  /** The end of the sentence that starts with the path: `is "stoped"; did you mean "stopped"?` */
  seen: string;
  instead: string;
}

/**
 * Why the API server refuses a value. Undefined if it takes the value, or if the value is a placeholder that is filled
 * in elsewhere.
 */
export function refusedValue({ takes }: ValueFact, value: unknown): Refusal | undefined {
  if (typeof value === "string" && isPlaceholder(value)) return undefined;
  if (takes.is === "mapping" && isMapping(value)) return undefined;
  // A placeholder without quotes: `{{ name }}` is a mapping in YAML, and its only value is null.
  if (isMapping(value) && (takes.is === "any" || Object.values(value).every((one) => one === null))) return undefined;
  const said = sayValue(value);
  switch (takes.is) {
    case "any":
      return undefined;
    case "mapping":
      // Pulumi and kubectl leave out an empty field.
      if (value === null) return undefined;
      return {
        seen: `${said}, not a mapping`,
        instead: takes.of.length === 0 ? "write a mapping" : `write its fields below it: ${listed(takes.of)}`,
      };
    case "list":
      return Array.isArray(value) ? undefined : { seen: `${said}, not a list`, instead: "write a list" };
    case "boolean":
      return typeof value === "boolean"
        ? undefined
        : { seen: `${said}, not true or false`, instead: "write true or false, without quotes" };
    case "text":
      if (typeof value === "string") return undefined;
      return Array.isArray(value)
        ? { seen: "is a list, not a text", instead: "write one text with commas between the entries" }
        : { seen: `${said}, not a text`, instead: isMapping(value) ? "write one text" : "put the value in quotes" };
    case "integer":
    case "number":
      return refusedNumber(takes, value, said);
    case "words": {
      if (typeof value === "string" && takes.words.includes(value)) return undefined;
      const meant = typeof value === "string" ? didYouMean(value, takes.words) : "";
      return { seen: `${said}${meant}`, instead: `write ${oneOf(takes.words)}` };
    }
    case "form": {
      if (typeof value === "string" && takes.form.test(value)) return undefined;
      return { seen: `${said}, which does not fit ${takes.form.source}`, instead: `write it like "${takes.example}"` };
    }
  }
}

const isMapping = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function sayValue(value: unknown): string {
  // YAML writes an absent item as `null`.
  if (value === null || value === "") return "is empty";
  if (Array.isArray(value)) return "is a list";
  if (isMapping(value)) return "is a mapping";
  return typeof value === "string" ? `is "${value}"` : `is ${String(value)}`;
}

const oneOf = (words: readonly string[]) => (words.length === 1 ? words[0]! : `one of ${words.join(", ")}`);

function refusedNumber(
  { is, least, most }: { is: "integer" | "number"; least: number; most: number },
  value: unknown,
  said: string,
): Refusal | undefined {
  const bounds = [
    ...(least === -Infinity ? [] : [`at least ${least}`]),
    ...(most === Infinity ? [] : [`at most ${most}`]),
  ];
  const number = is === "integer" ? "a whole number" : "a number";
  const instead = `write ${number}${bounds.length === 0 ? "" : ` of ${bounds.join(" and ")}`}, without quotes`;
  if (typeof value !== "number" || (is === "integer" && !Number.isInteger(value)))
    return { seen: `${said}, not ${number}`, instead };
  if (value < least) return { seen: `${said}, less than ${least}`, instead };
  return value > most ? { seen: `${said}, more than ${most}`, instead } : undefined;
}
