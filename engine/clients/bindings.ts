import { aclKey } from "../acls/rules";
import type { Acl } from "../kafka/port";
import type { PlannedUser } from "./types";

/** Returns the Kafka ACLs of a user: one per rule and operation, without duplicates. */
export function clientBindings({ principal, acls }: Pick<PlannedUser, "principal" | "acls">): Acl[] {
  const bindings = acls.flatMap(({ resource, name, pattern, host, permission, operations }) =>
    operations.map(
      (operation): Acl => ({
        resourceType: resource,
        resourceName: name,
        patternType: pattern,
        principal,
        host,
        operation,
        permission,
      }),
    ),
  );
  return [...new Map(bindings.map((binding) => [aclKey(binding), binding])).values()];
}
