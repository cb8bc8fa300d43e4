import type { Acl } from "../port";
import type { Api, In, Out } from "../wire";
import { operationCode, operationName } from "./cluster";
import type { Outcome } from "./topics";

/** By code (Kafka 4.3, `ResourceType.java`). */
const RESOURCES = [
  "unknown",
  "any",
  "topic",
  "group",
  "cluster",
  "transactionalId",
  "delegationToken",
  "user",
] as const;
const ANY = 1;

function pattern(type: Acl["patternType"]): number {
  return type === "literal" ? 3 : 4;
}

function permission(type: Acl["permission"]): number {
  return type === "deny" ? 2 : 3;
}

/** A field that is undefined in the filter matches any value. */
function writeFilter(out: Out, filter: Partial<Acl>): void {
  out
    .int8(filter.resourceType === undefined ? ANY : RESOURCES.indexOf(filter.resourceType))
    .string(filter.resourceName ?? null)
    .int8(filter.patternType === undefined ? ANY : pattern(filter.patternType))
    .string(filter.principal ?? null)
    .string(filter.host ?? null)
    .int8(filter.operation === undefined ? ANY : operationCode(filter.operation))
    .int8(filter.permission === undefined ? ANY : permission(filter.permission));
}

function readAcl(body: In, resource: Pick<Acl, "resourceType" | "resourceName" | "patternType">): Acl {
  return {
    ...resource,
    principal: body.string(),
    host: body.string(),
    operation: operationName(body.int8()),
    permission: body.int8() === 2 ? "deny" : "allow",
  };
}

function readResource(body: In): Pick<Acl, "resourceType" | "resourceName" | "patternType"> {
  return {
    resourceType: (RESOURCES[body.int8()] ?? "unknown") as Acl["resourceType"],
    resourceName: body.string(),
    patternType: body.int8() === 4 ? "prefixed" : "literal",
  };
}

/** DescribeAcls, CreateAcls and DeleteAcls v2 (Kafka 2.4 and later). */
export const describeAcls: Api<Partial<Acl>, Outcome & { acls: Acl[] }> = {
  name: "DescribeAcls",
  key: 29,
  version: 2,
  flexible: true,
  write(out, filter) {
    writeFilter(out, filter);
    out.tags();
  },
  read(body) {
    body.throttleTime();
    const errorCode = body.int16();
    const message = body.nullableString();
    const acls = body
      .list(() => {
        const resource = readResource(body);
        return body.list(() => readAcl(body, resource));
      })
      .flat();
    return { errorCode, message, acls };
  },
};

export const createAcls: Api<readonly Acl[], Outcome[]> = {
  name: "CreateAcls",
  key: 30,
  version: 2,
  flexible: true,
  write: (out, acls) => out.list(acls, (acl) => writeFilter(out, acl)).tags(),
  read(body) {
    body.throttleTime();
    return body.list(() => ({ errorCode: body.int16(), message: body.nullableString() }));
  },
};

export const deleteAcls: Api<readonly Acl[], (Outcome & { deleted: Acl[] })[]> = {
  name: "DeleteAcls",
  key: 31,
  version: 2,
  flexible: true,
  write: (out, acls) => out.list(acls, (acl) => writeFilter(out, acl)).tags(),
  read(body) {
    body.throttleTime();
    return body.list(() => {
      const errorCode = body.int16();
      const message = body.nullableString();
      const deleted = body.list(() => {
        body.int16();
        body.nullableString();
        return readAcl(body, readResource(body));
      });
      return { errorCode, message, deleted };
    });
  },
};
