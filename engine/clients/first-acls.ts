import { covers } from "../acls";
import { withCluster, type OpenKafka } from "../clusters";
import { MigrationError } from "../errors";
import { aclsIfAny, SETTING } from "../fence/everyone";
import { judgeDefault, openText } from "../fence/open-probe";
import type { Acl } from "../kafka/port";
import type { Connection, Side } from "../model";
import { principalOf } from "../preflight/ask";
import { type Progress, silent } from "../progress";
import { countText, someOf } from "../units";

export interface FirstAclsQuestion {
  side: Side;
  /** The administrator's connection. */
  connection: Connection;
  /** The ACLs that are about to be created. */
  acls: readonly Acl[];
  /** The value of `allow.everyone.if.no.acl.found`. Absent: the brokers are asked. */
  everyoneByDefault?: boolean;
}

/**
 * With `allow.everyone.if.no.acl.found=true` the first ACL on a resource locks everybody else out of it: other
 * applications, the brokers' own tools, and a mirror that has no ACLs. Changes nothing.
 * @throws MigrationError CLIENTS_NO_AUTHORIZER if the brokers refuse every ACL; CLUSTER_OPEN, or CLUSTER_OPEN_UNKNOWN
 *   if this cannot be determined, with the resources
 */
export async function requireNobodyLockedOut(
  { side, connection, acls, everyoneByDefault }: FirstAclsQuestion,
  progress: Progress = silent,
  open?: OpenKafka,
): Promise<void> {
  if (everyoneByDefault === false || acls.length === 0) return;
  const found = await withCluster(
    { [side]: connection } as Record<Side, Connection>,
    side,
    async (port) => {
      const listed = await aclsIfAny(port);
      if (listed === undefined) throw noAuthorizer(side, acls);
      const first = resourcesOf(acls.filter((acl) => !listed.some((l) => holds(l, acl))));
      if (first.length === 0) return undefined;
      return { first, verdict: await judgeDefault(port, listed, everyoneByDefault, principalOf(connection)) };
    },
    open,
  );
  if (found === undefined || found.verdict.default === "closed") return;
  const { first, verdict } = found;
  const seen =
    `the ACLs of the applications' users would be the first on ${someOf(first, 5)} of the ${side}, and ` +
    `lock everybody else out of them`;
  const tell =
    `set preflight.everyoneByDefault.${side} to what the brokers have (in the component ClientUsers: ` +
    "`everyoneByDefault`)";
  const own =
    "give everybody else who uses them ACLs of their own first, also the mirror's user, and add CLUSTER_OPEN to " +
    "preflight.accept";
  if (verdict.default === "open") {
    const why = openText(side, verdict.by);
    throw new MigrationError("CLUSTER_OPEN", `${why}: ${seen}`, { fix: `${own}; or leave clients out` });
  }
  if (verdict.setting === "hidden")
    throw new MigrationError(
      "CLUSTER_OPEN_UNKNOWN",
      `the ${side}'s brokers set ${SETTING} and hide its value: if it is true, ${seen}`,
      {
        fix: `${tell}; where it is true, ${own}`,
      },
    );
  progress.warn(
    `CLUSTER_OPEN_UNKNOWN: this login may not read whether the ${side}'s brokers set ${SETTING}: if it is true, ` +
      `${seen}. ${tell}`,
  );
}

const noAuthorizer = (side: Side, acls: readonly Acl[]): MigrationError =>
  new MigrationError(
    "CLIENTS_NO_AUTHORIZER",
    `the ${side}'s brokers have no authorizer, so they refuse the ${countText(acls.length, "ACL")} of ` +
      `${someOf([...new Set(acls.map((acl) => acl.principal))], 5)}; nothing was changed`,
    { fix: `set authorizer.class.name on the ${side}'s brokers, or declare these users without ACLs` },
  );

/** Returns true if the listed ACL already covers everything that the new one covers. */
const holds = (listed: Acl, { resourceType, resourceName, patternType }: Acl): boolean =>
  patternType === "prefixed" && listed.patternType === "literal" && listed.resourceName !== "*"
    ? false
    : covers(listed, resourceType, resourceName);

const resourcesOf = (acls: readonly Acl[]): string[] => [
  ...new Set(
    acls.map(({ resourceType, resourceName, patternType }) =>
      resourceType === "cluster"
        ? "the cluster itself (kafka-cluster)"
        : `${resourceType === "transactionalId" ? "transactional id" : resourceType} ${resourceName}${patternType === "prefixed" ? "*" : ""}`,
    ),
  ),
];
