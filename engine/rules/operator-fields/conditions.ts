import { type Json, number, object, text } from "../../plain";
import { attempt } from "../unknown";
import type { RefusedField } from "../view";

type Found = Pick<RefusedField, "path" | "seen" | "instead" | "missing">;

const missing = (path: string, name: string): Found => ({
  path: `${path}.${name}`,
  seen: "is missing",
  instead: `write ${name}`,
  missing: name,
});

/** Requirements of one field that depend on the value of another (validations of the CRDs, Strimzi 1.1 and later). */
export function brokenConditions(kind: string, spec: Json): Found[] {
  return attempt(() => (kind === "KafkaUser" ? ofCertificate(object(spec.authentication)) : ofPods(spec))) ?? [];
}

function ofCertificate({ type, ...rest }: Json): Found[] {
  const path = "spec.authentication";
  const set = ["validityDays", "renewalDays"].filter((name) => rest[name] !== undefined);
  if (set.length === 0) return [];
  if (type !== "tls")
    return set.map((name) => ({
      path: `${path}.${name}`,
      seen: "is only for authentication of type tls",
      instead: "remove it",
    }));
  if (set.length === 1) return [missing(path, set[0] === "validityDays" ? "renewalDays" : "validityDays")];
  const [validity, renewal] = [number(rest.validityDays), number(rest.renewalDays)];
  if (validity === undefined || renewal === undefined || renewal < validity) return [];
  return [
    {
      path: `${path}.renewalDays`,
      seen: `is ${renewal}, not less than validityDays (${validity})`,
      instead: `write less than ${validity}`,
    },
  ];
}

function ofPods(spec: Json): Found[] {
  const [metrics, rack] = [object(spec.metricsConfig), object(spec.rack)];
  const found: Found[] = [];
  if (text(metrics.type) === "jmxPrometheusExporter" && metrics.valueFrom === undefined)
    found.push(missing("spec.metricsConfig", "valueFrom"));
  if (spec.rack === undefined) return found;
  const name = text(rack.type) === "environment-variable" ? "envVarName" : "topologyKey";
  if ((rack[name] ?? "") === "") found.push(missing("spec.rack", name));
  return found;
}
