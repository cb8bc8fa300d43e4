import type { Acl } from "./port";

/** `ACL allow User:billing Read on topic "orders" (prefixed) from 10.0.0.1`. */
export function aclText({
  permission,
  principal,
  operation,
  resourceType,
  resourceName,
  patternType,
  host,
}: Acl): string {
  const prefix = patternType === "prefixed" ? " (prefixed)" : "";
  const from = host === "*" ? "" : ` from ${host}`;
  return `ACL ${permission} ${principal} ${operation} on ${resourceType} "${resourceName}"${prefix}${from}`;
}
