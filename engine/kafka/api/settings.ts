import type { Acl, ConfigEntry, ConfigSource } from "../port";
import type { Api, In, Out } from "../wire";
import { operationCode, operationName } from "./cluster";
import type { Outcome } from "./topics";

const TOPIC = 2;
const BROKER = 4;

function resourceType(type: "topic" | "broker"): number {
  return type === "topic" ? TOPIC : BROKER;
}

/** `ConfigSource` codes (KIP-226 and later). */
const SOURCES: Record<number, ConfigSource> = {
  1: "dynamic-topic",
  2: "dynamic-broker",
  3: "dynamic-default-broker",
  4: "static-broker",
  5: "default",
};

export interface ConfigsRequest {
  type: "topic" | "broker";
  names: readonly string[];
}

/** DescribeConfigs v2 (Kafka 2.0 and later), without synonyms. */
export const describeConfigs: Api<ConfigsRequest, (Outcome & { name: string; entries: Map<string, ConfigEntry> })[]> = {
  name: "DescribeConfigs",
  key: 32,
  version: 2,
  flexible: false,
  write(out, { type, names }) {
    out.list(names, (name) =>
      out
        .int8(resourceType(type))
        .string(name)
        .values(null, () => {}),
    );
    out.boolean(false);
  },
  read(body) {
    body.throttleTime();
    return body.list(() => {
      const errorCode = body.int16();
      const message = body.nullableString();
      body.int8();
      const name = body.string();
      const entries = new Map<string, ConfigEntry>();
      body.list(() => {
        const key = body.string();
        const value = body.nullableString();
        body.boolean();
        const source = SOURCES[body.int8()] ?? "other";
        const sensitive = body.boolean();
        body.list(() => {
          body.string();
          body.nullableString();
          body.int8();
        });
        entries.set(key, { value, source, sensitive });
      });
      return { errorCode, message, name, entries };
    });
  },
};

export interface AlterConfigsRequest {
  type: "topic" | "broker";
  name: string;
  set: readonly (readonly [string, string | null])[];
}

/** IncrementalAlterConfigs v0 (KIP-339, Kafka 2.3 and later). */
export const incrementalAlterConfigs: Api<readonly AlterConfigsRequest[], (Outcome & { name: string })[]> = {
  name: "IncrementalAlterConfigs",
  key: 44,
  version: 0,
  flexible: false,
  write(out, changes) {
    out.list(changes, ({ type, name, set }) => {
      out.int8(resourceType(type)).string(name);
      // Operation code: 0 sets, 1 removes.
      out.list(set, ([key, value]) =>
        out
          .string(key)
          .int8(value === null ? 1 : 0)
          .string(value),
      );
    });
    out.boolean(false);
  },
  read(body) {
    body.throttleTime();
    return body.list(() => {
      const outcome = { errorCode: body.int16(), message: body.nullableString() };
      body.int8();
      return { ...outcome, name: body.string() };
    });
  },
};

const RESOURCES = ["unknown", "any", "topic", "group", "cluster", "transactionalId"] as const;
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
