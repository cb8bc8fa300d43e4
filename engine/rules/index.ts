import { leastAcls } from "../acls";
import type { MirrorModel, Side } from "../model";
import { aclWordRules } from "./acl-words";
import { aclRules } from "./acls";
import { cannot } from "./users";
import { configurationRules } from "./configuration";
import { SHARED } from "./agreement";
import { contradictionRules } from "./contradictions";
import { copyRules } from "./copies";
import { cutoverRules } from "./cutover";
import { fieldRules } from "./fields";
import { missing, withoutRenamed } from "./grants";
import { loopRules } from "./loop";
import { memoryRules } from "./memory";
import { nameRules } from "./names";
import { recordRules } from "./records";
import { replicaRules } from "./replicas";
import { type RuleFinding, messageOf, type Rule } from "./rule";
import { securityRules } from "./security";
import { sinkRules } from "./sinks";
import { taskRules } from "./tasks";
import { serverRules } from "./servers";
import { settingRules } from "./settings";
import { widePatternRules } from "./wide-patterns";
import { type MirrorView, nothing, type UserView, type View } from "./view";

export { sameCluster } from "./addresses";
export { commonCopies } from "./copies";
export { allExcluded } from "./copies-nothing";
export type { RuleFinding, Level, Rule, Setting, Settings } from "./rule";
export { isUsualLogin, logsInAs, maybeAtOrigin, nameOf, sideFor } from "./sides";
export { attempt, fields, inEach, later, NotKnownYet, type Text, textsOf } from "./unknown";
export * from "./view";

/** Every rule, in the order of docs/policies.md. Both the policy pack and the components use this list. */
export const rules: readonly Rule[] = [
  ...aclRules,
  ...aclWordRules,
  ...fieldRules,
  ...configurationRules,
  ...settingRules,
  ...contradictionRules,
  ...widePatternRules,
  ...nameRules,
  ...loopRules,
  ...copyRules,
  ...replicaRules,
  ...taskRules,
  ...memoryRules,
  ...serverRules,
  ...securityRules,
  ...cutoverRules,
  ...sinkRules,
  ...recordRules,
];

/** Keys that must have the same value for every connector. */
export const SHARED_KEYS: readonly string[] = Object.keys(SHARED);

/** Every finding of every rule with its default settings. */
export function findings(view: View): RuleFinding[] {
  return rules.flatMap((rule) => rule.check(view));
}

/**
 * The messages that make a component refuse its settings before any resource is declared: those of the mandatory rules,
 * and those of the advisory rules that components enforce, too.
 * @param except names of rules to leave out
 */
export function refusals(part: Partial<View>, except: readonly string[] = []): string[] {
  const asked = rules.filter(
    (rule) => (rule.level === "mandatory" || rule.refused === true) && !rule.whole && !except.includes(rule.name),
  );
  return asked.flatMap((rule) => rule.check({ ...nothing, ...part })).map((finding) => finding.message);
}

/** The messages of `endless-loop` for the mirrors of one program. */
export function loopsOf(mirrors: readonly MirrorView[]): string[] {
  return loopRules.flatMap((rule) => rule.check({ ...nothing, mirrors })).map((finding) => finding.message);
}

/**
 * The findings of `acl-missing` for a user whose mirror is known only by its model. The model does not show whether the
 * mirror writes checkpoints or copies settings.
 */
export function missingRights(user: UserView, side: Side, mirror: MirrorModel): string[] {
  const needed = leastAcls(side, mirror, { checkpoints: false, syncTopicConfigs: false });
  const saying = cannot(user, [mirror], missing(user, withoutRenamed(needed, mirror), side, mirror));
  return saying === undefined ? [] : [messageOf("acl-missing", user.label, saying)];
}
