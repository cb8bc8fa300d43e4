import { attempt, type Unlabelled } from "../../engine/rules";
import { type AnyResource, type Json, known, object, text } from "./plain";

/** The two parts of a custom resource. */
export function partsOf(resource: AnyResource): { metadata: Json; spec: Json } {
  const props = object(known(resource.props));
  const spec = object(attempt(() => props.spec));
  // In an EventStreams resource, the fields of Strimzi's Kafka are one level deeper.
  const own = resource.type.endsWith(":EventStreams") ? object(attempt(() => spec.strimziOverrides)) : spec;
  return { metadata: object(attempt(() => props.metadata)), spec: own };
}

/** The Kafka resource that this resource is, or belongs to. */
export function homeOf(resource: AnyResource): { cluster: string; namespace?: string }[] {
  const { metadata } = partsOf(resource);
  const name = text(attempt(() => metadata.name));
  const cluster = clusterOf(metadata) ?? (/:(Kafka|EventStreams)$/.test(resource.type) ? name : undefined);
  const namespace = text(attempt(() => metadata.namespace));
  return cluster === undefined ? [] : [{ cluster, ...(namespace === undefined ? {} : { namespace }) }];
}

/** The name of the Kafka resource that a resource belongs to. */
export function clusterOf(metadata: Json): string | undefined {
  const label = (key: string) => text(attempt(() => object(metadata.labels)[key]));
  return label("strimzi.io/cluster") ?? label("eventstreams.ibm.com/cluster");
}

/** A resource whose labels are known and do not name its cluster. */
export function withoutLabel(resource: AnyResource): Unlabelled[] {
  const { metadata } = partsOf(resource);
  const kind = resource.type.split(":").pop()!;
  const group = /eventstreams\.ibm\.com/.test(resource.type) ? "eventstreams.ibm.com" : "strimzi.io";
  const found = attempt((): Unlabelled[] => {
    const place = [text(metadata.namespace), text(metadata.name)].filter(Boolean).join("/");
    const labels = object(metadata.labels);
    const wanted = `${group}/cluster`;
    // Operators of Strimzi do not read the label of Event Streams.
    const named = [wanted, "strimzi.io/cluster"].some((key) => (labels[key] ?? "") !== "");
    if (named) return [];
    const near = Object.keys(labels).find((key) => key !== wanted && /^[^/]*\/?clusters?$/i.test(key));
    const own = { resource: resource.urn, label: `${kind} ${place || resource.name}`, kind, wanted };
    return [near === undefined ? own : { ...own, near }];
  });
  return found ?? [];
}
