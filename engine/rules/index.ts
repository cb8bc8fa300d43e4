import { aclRules } from "./acls";
import { configurationRules } from "./configuration";
import { cutoverRules } from "./cutover";
import { nameRules } from "./names";
import { replicaRules } from "./replicas";
import type { Finding, Rule } from "./rule";
import { securityRules } from "./security";
import { nothing, type View } from "./view";

export type { Finding, Level, Rule, Setting, Settings } from "./rule";
export { attempt, fields, inEach, later } from "./unknown";
export * from "./view";

/** Every rule, in the order of docs/policies.md. The policy pack and the components take them from here. */
export const rules: readonly Rule[] = [...aclRules, ...configurationRules, ...nameRules, ...replicaRules, ...securityRules, ...cutoverRules];

/** Every finding of every rule with its default settings. */
export function findings(view: View): Finding[] {
  return rules.flatMap((rule) => rule.check(view));
}

/** What mandatory rules say about a part of a stack: a component refuses it before anything is declared. */
export function refusals(part: Partial<View>): string[] {
  const asked = rules.filter((rule) => rule.level === "mandatory" && !rule.whole);
  return asked.flatMap((rule) => rule.check({ ...nothing, ...part })).map((finding) => finding.message);
}
