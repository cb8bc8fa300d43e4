import { EVERYONE } from "../acls";
import { aclText } from "../kafka/acl-text";
import type { Acl } from "../kafka/port";
import type { MirrorModel, Side } from "../model";
import { SIDES } from "../sides";
import { withoutFences } from "../fence";
import { onlyOn } from "./causes";
import { TypeComparison } from "./compare";
import { counterpartsOn, type Existing, namesToCompare } from "./names";
import { compareLogins, compareQuotas } from "./quotas";
import type {
  AccessDifference,
  AccessOptions,
  AccessResource,
  AccessResult,
  ClusterAccess,
  ClusterRules,
  ComparedNames,
} from "./types";

const RESOURCES: readonly AccessResource[] = ["topic", "group", "transactionalId", "cluster"];

/**
 * Compares who may do what on the resources that migrate. Fences, and the users of the mirror and of administrators,
 * are left out on both clusters.
 * @param existing names on the origin
 */
export function compareAccess(
  clusters: Record<Side, ClusterAccess>,
  existing: Existing,
  mirror: MirrorModel,
  options: AccessOptions = {},
): Omit<AccessResult, "unknown" | "equal"> {
  const ignore = new Set(options.ignore);
  const rules = {
    origin: rulesOf(clusters.origin, ignore),
    target: rulesOf(clusters.target, ignore),
  };
  const acls = { origin: rules.origin.acls, target: rules.target.acls };
  const names = namesToCompare(mirror, existing, acls, options);
  const found = compareAcls(rules, names, counterpartsOn(mirror));
  const differences = [...found.differences];
  const { origin, target } = clusters;
  if (origin.users !== undefined && target.users !== undefined)
    differences.push(...compareLogins({ origin: origin.users, target: target.users }, ignore));
  if (origin.quotas !== undefined && target.quotas !== undefined)
    differences.push(...compareQuotas({ origin: origin.quotas, target: target.quotas }, ignore));
  const users = [...(origin.users ?? []), ...(target.users ?? [])].map(({ name }) => `User:${name}`);
  const principals = new Set([...users.filter((user) => !ignore.has(user)), ...principalsOf(rules)]);
  return {
    differences,
    notes: found.notes,
    counts: {
      acls: { origin: acls.origin.length, target: acls.target.length },
      principals: principals.size,
      names: Object.fromEntries(RESOURCES.map((r) => [r, names[r].length])) as Record<AccessResource, number>,
    },
  };
}

/**
 * Compares what the ACLs of both clusters allow.
 * @param counterparts returns the ACLs on the target that say the same as one of the origin
 */
export function compareAcls(
  rules: Record<Side, ClusterRules>,
  names: ComparedNames,
  counterparts: (acl: Acl) => readonly Acl[] = (acl) => [acl],
): { differences: AccessDifference[]; notes: string[] } {
  const only = onlyOn(rules, counterparts);
  const principals = principalsOf(rules);
  const differences: AccessDifference[] = [];
  const comparisons = RESOURCES.map((resource) => new TypeComparison(resource, names[resource], rules, only));
  for (const comparison of comparisons) differences.push(...comparison.compare(principals));
  const named = new Set(
    differences.flatMap(({ causes = [] }) => causes.flatMap((cause) => ("acl" in cause ? [cause.acl] : []))),
  );
  const notes = SIDES.flatMap((side) =>
    rules[side].acls
      .filter((acl) => !named.has(acl) && only(side, acl) === side)
      .filter((acl) => comparisons.some((comparison) => comparison.concerns(side, acl)))
      .map((acl) => `${aclText(acl)} is only on the ${side}, and changes nothing there: other ACLs decide`),
  );
  return { differences: differences.sort(byPrincipal), notes };
}

/** What an authorizer decides by when the migration is over. */
function rulesOf(cluster: ClusterAccess, ignore: ReadonlySet<string>): ClusterRules {
  const acls = withoutFences(cluster.acls).filter((acl) => !ignore.has(acl.principal));
  return { ...cluster, acls };
}

function principalsOf(rules: Record<Side, ClusterRules>): Set<string> {
  const all = SIDES.flatMap((side) => [
    ...rules[side].acls.map((acl) => acl.principal),
    ...(rules[side].superUsers ?? []),
  ]);
  return new Set(all.filter((principal) => principal !== EVERYONE));
}

/** What applies to everybody comes first. */
function byPrincipal(a: AccessDifference, b: AccessDifference): number {
  const rank = ({ principal }: AccessDifference) => (principal === EVERYONE ? "" : principal);
  return rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0;
}
