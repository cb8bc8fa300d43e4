import { items, type Json, object } from "../../plain";
import { isPlaceholder } from "../placeholder";
import { attempt } from "../unknown";
import type { RefusedField } from "../view";
import { jvmBytes, QUANTITY, quantityOf } from "./quantity";

type Found = Pick<RefusedField, "path" | "seen" | "instead" | "byOperator">;

/** What people write for a quantity, in the spelling of Kubernetes. */
const UNITS: Readonly<Record<string, string>> = {
  kb: "k",
  mb: "M",
  gb: "G",
  kib: "Ki",
  mib: "Mi",
  gib: "Gi",
  mi: "Mi",
  gi: "Gi",
  g: "G",
};

/**
 * Values of a KafkaMirrorMaker2 that the API server of some operators takes, and nothing behind it: a list or mapping
 * where Kafka's configuration has one value, and an amount of memory or CPU in another notation or above its limit.
 */
export function unusableValues(spec: Json): Found[] {
  return [...configsOf(spec).flatMap(([path, config]) => nested(path, config)), ...quantities(spec), ...reversed(spec)];
}

/** Every `config` of the resource. */
function configsOf(spec: Json): [string, Json][] {
  const entries = (key: string) => (attempt(() => items(spec[key])) ?? []).map((one) => object(one));
  const config = (path: string, parent: unknown): [string, Json][] => {
    const own = object(attempt(() => object(parent).config));
    return Object.keys(own).length === 0 ? [] : [[`${path}.config`, own]];
  };
  return [
    ...config(
      "spec.target",
      attempt(() => spec.target),
    ),
    ...entries("clusters").flatMap((one, i) => config(`spec.clusters[${i}]`, one)),
    ...entries("mirrors").flatMap((one, i) =>
      ["source", "sourceConnector", "checkpointConnector", "heartbeatConnector"].flatMap((block) =>
        config(
          `spec.mirrors[${i}].${block}`,
          attempt(() => one[block]),
        ),
      ),
    ),
  ];
}

function nested(path: string, config: Json): Found[] {
  return Object.keys(config).flatMap((key): Found[] => {
    const value = attempt(() => config[key]);
    if (typeof value !== "object" || value === null) return [];
    const own = `${path} "${key}"`;
    if (Array.isArray(value))
      return [
        {
          path: own,
          seen: "is a list, not one value",
          instead: "write one text with commas between the entries",
          byOperator: true,
        },
      ];
    const inner = Object.keys(value);
    // A placeholder without quotes: `{{ name }}` is a mapping in YAML, and its only value is null.
    if (inner.length === 0 || inner.every((one) => attempt(() => (value as Json)[one] ?? null) === null)) return [];
    return [
      {
        path: own,
        seen: "is a mapping, not one value",
        instead: `write keys with dots, such as "${key}.${inner[0]!}"`,
        byOperator: true,
      },
    ];
  });
}

function quantities(spec: Json): Found[] {
  const resources = object(attempt(() => spec.resources));
  return ["limits", "requests"].flatMap((kind) => {
    const own = object(attempt(() => resources[kind]));
    return ["memory", "cpu"].flatMap((name): Found[] => {
      const value = attempt(() => own[name]);
      // The CRDs take a whole number or a text.
      if (typeof value === "number" && !Number.isInteger(value)) {
        const path = `spec.resources.${kind}.${name}`;
        return [{ path, seen: `is ${value}, a number with a fraction`, instead: `write it in quotes: "${value}"` }];
      }
      if (typeof value !== "string" || isPlaceholder(value) || QUANTITY.test(value)) return [];
      const [, number = "", unit = ""] = /^\s*([\d.]+)\s*([A-Za-z]*)\s*$/.exec(value) ?? [];
      const meant = UNITS[unit.toLowerCase()];
      const instead =
        meant === undefined || name === "cpu"
          ? "write a quantity of Kubernetes, such as 512Mi or 500m"
          : `write ${number}${meant}`;
      return [
        {
          path: `spec.resources.${kind}.${name}`,
          seen: `is "${value}", which is not a Kubernetes quantity`,
          instead,
          byOperator: true,
        },
      ];
    });
  });
}

/** Requests above their limits, and a heap that starts above its maximum. Neither Kubernetes nor Java takes them. */
function reversed(spec: Json): Found[] {
  const { limits, requests } = object(attempt(() => spec.resources));
  const jvm = object(attempt(() => spec.jvmOptions));
  const pairs = [
    ...["memory", "cpu"].map((name) => ({
      ...{ path: `spec.resources.requests.${name}`, limit: `resources.limits.${name}`, amount: quantityOf },
      low: attempt(() => object(requests)[name]),
      high: attempt(() => object(limits)[name]),
    })),
    {
      ...{ path: "spec.jvmOptions.-Xms", limit: "-Xmx", amount: jvmBytes },
      low: attempt(() => jvm["-Xms"]),
      high: attempt(() => jvm["-Xmx"]),
    },
  ];
  return pairs.flatMap(({ path, limit, amount, low, high }): Found[] => {
    const [least, most] = [low, high].map((value) =>
      typeof value === "string" || typeof value === "number" ? amount(String(value)) : undefined,
    );
    if (least === undefined || most === undefined || least <= most) return [];
    const seen = `is "${String(low)}", more than ${limit}, which is "${String(high)}"`;
    return [{ path, seen, instead: `write at most ${String(high)}`, byOperator: true }];
  });
}
