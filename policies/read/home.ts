import { attempt } from "../../engine/rules";
import { type AnyResource, type Json, known, object, text } from "./plain";

/** A custom resource's two parts. */
export function partsOf(resource: AnyResource): { metadata: Json; spec: Json } {
  const props = object(known(resource.props));
  const spec = object(attempt(() => props.spec));
  // Event Streams' cluster resource: what Strimzi's Kafka has lies one level deeper.
  const own = resource.type.endsWith(":EventStreams") ? object(attempt(() => spec.strimziOverrides)) : spec;
  return { metadata: object(attempt(() => props.metadata)), spec: own };
}

/** Which Kafka resource it is, or belongs to. */
export function homeOf(resource: AnyResource): { cluster: string; namespace?: string }[] {
  const { metadata } = partsOf(resource);
  const name = text(attempt(() => metadata.name));
  const cluster = clusterOf(metadata) ?? (/:(Kafka|EventStreams)$/.test(resource.type) ? name : undefined);
  const namespace = text(attempt(() => metadata.namespace));
  return cluster === undefined ? [] : [{ cluster, ...(namespace === undefined ? {} : { namespace }) }];
}

/** The name of the Kafka resource that something belongs to. */
export function clusterOf(metadata: Json): string | undefined {
  const label = (key: string) => text(attempt(() => object(metadata.labels)[key]));
  return label("strimzi.io/cluster") ?? label("eventstreams.ibm.com/cluster");
}
