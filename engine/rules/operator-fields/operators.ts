import { items, type Json, object } from "../../plain";
import { OLDEST_OF_V1, versionAtLeast } from "../../version";
import { attempt } from "../unknown";
import type { RefusedField } from "../view";

type Found = Pick<RefusedField, "path" | "seen" | "instead" | "missing" | "byOperator">;

/** A mirror whose entries name clusters by their aliases, without any cluster. */
export function missingClusters(version: string, spec: Json): Found[] {
  if (version === "v1" || ["target", "clusters"].some((name) => Object.hasOwn(spec, name))) return [];
  const entries = attempt(() => items(spec.mirrors)) ?? [];
  const byAlias = entries.some((one) => attempt(() => Object.hasOwn(object(one), "sourceCluster")) === true);
  const path = "spec.clusters";
  return byAlias
    ? [{ path, missing: "clusters", seen: "is missing", instead: "write clusters", byOperator: true }]
    : [];
}

/**
 * A version of Kafka that no operator of this API version runs. An operator compares it with its list as a text
 * (Strimzi, KafkaVersion.Lookup): `3.9` is not `3.9.0`. Operators of v1 (Strimzi 0.49) run Kafka 4.0 and later.
 */
export function unknownVersion(kind: string, version: string, spec: Json): Found[] {
  const [path, parent] = kind === "Kafka" ? ["spec.kafka.version", attempt(() => spec.kafka)] : ["spec.version", spec];
  const written = attempt(() => object(parent).version);
  if (typeof written !== "string" || !/^\d+(\.\d+){1,2}$/.test(written)) return [];
  const old = version === "v1" && !versionAtLeast(written, OLDEST_OF_V1);
  if (old) {
    const seen = `is "${written}", and operators of v1 run Kafka ${OLDEST_OF_V1} and later`;
    return [{ path, seen, instead: "write a version that the operator runs, or leave it out", byOperator: true }];
  }
  if (written.split(".").length === 3) return [];
  const seen = `is "${written}", and operators know versions with three numbers only`;
  return [{ path, seen, instead: `write all three, such as "${written}.0", or leave it out`, byOperator: true }];
}
