import type { ConfigEntry, ConfigSource } from "../port";
import type { Api } from "../wire";
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
  /** null: all settings. */
  keys: readonly string[] | null;
}

/** DescribeConfigs v2 (Kafka 2.0 and later), without synonyms. */
export const describeConfigs: Api<ConfigsRequest, (Outcome & { name: string; entries: Map<string, ConfigEntry> })[]> = {
  name: "DescribeConfigs",
  key: 32,
  version: 2,
  flexible: false,
  write(out, { type, names, keys }) {
    out.list(names, (name) =>
      out
        .int8(resourceType(type))
        .string(name)
        .values(keys, (key) => out.string(key)),
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
export const incrementalAlterConfigs: Api<
  { changes: readonly AlterConfigsRequest[]; validateOnly?: boolean },
  (Outcome & { name: string })[]
> = {
  name: "IncrementalAlterConfigs",
  key: 44,
  version: 0,
  flexible: false,
  write(out, { changes, validateOnly = false }) {
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
    out.boolean(validateOnly);
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
