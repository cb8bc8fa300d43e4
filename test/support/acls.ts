import type { Acl } from "../../engine/kafka/port";

/** An ACL that lets `User:billing` read topic `orders`, with what a test changes. */
export const testAcl = (changes: Partial<Acl> = {}): Acl => ({
  resourceType: "topic",
  resourceName: "orders",
  patternType: "literal",
  principal: "User:billing",
  host: "*",
  operation: "Read",
  permission: "allow",
  ...changes,
});
