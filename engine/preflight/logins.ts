import type { MigrationModel } from "../model";
import { isAnonymous } from "./ask";
import { type PreflightFinding, warning } from "./finding";

/** One warning for all clusters that are used without a login. Nothing there limits the rights of a client. */
export function checkLogins(model: MigrationModel): PreflightFinding[] {
  const open = (["origin", "target"] as const).filter((side) => isAnonymous(model[side]));
  if (open.length === 0) return [];
  const plain = open.filter((side) => model[side].tls === undefined);
  const seen = `the ${open.join(" and the ")} ${open.length === 1 ? "is" : "are"} used without a login (User:ANONYMOUS)`;
  const unencrypted = plain.length === 0 ? "" : `, the ${plain.join(" and the ")} in plain text`;
  return [
    warning(
      "NO_AUTHENTICATION",
      `${seen}${unencrypted}: anyone who reaches the brokers can do what this migration does, and the fence ` +
        "can't stop producers there without an authorizer",
      "use a listener with authentication and TLS if the cluster has one, and keep everyone else away from this " +
        "one until the migration is done",
    ),
  ];
}
