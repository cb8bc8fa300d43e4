import type { ClientView, MirrorView, SecretView, StepView, TopicView, UserView, View } from "../../engine/rules";
import type { Config } from "../../engine/mirror-configuration";
import { optional, readMirrors } from "./mirror";
import { type AnyResource, attempt, type Json, known, number, object, text } from "./plain";
import { sideOf } from "./side";
import { readKafkaPrincipals, readKafkaUser, serversOf } from "./users";

export type { AnyResource } from "./plain";

const STEP = "pulumi-nodejs:dynamic/kafka-migration:";

/** The view of a set of resources, whoever declared them. Types that mean nothing here are passed over. */
export function readView(resources: readonly AnyResource[]): View {
  const kind = (resource: AnyResource) => resource.type.split(":").pop()!;
  const custom = (name: string) => resources.filter((r) => /^kubernetes:[^:]*(strimzi\.io|eventstreams\.ibm\.com)\//.test(r.type) && kind(r) === name);
  const kafka = (name: string) => resources.filter((r) => r.type.startsWith("kafka:") && kind(r) === name);

  const mirrors = custom("KafkaMirrorMaker2").flatMap(readMirrors);
  const [mirror] = mirrors;
  const users = [
    ...custom("KafkaUser").map((user) => readKafkaUser(user, mirror)),
    ...readKafkaPrincipals([...kafka("UserScramCredential"), ...kafka("Acl")], mirror),
  ];
  const brokers = [...custom("Kafka"), ...custom("KafkaNodePool")].reduce((sum, r) => sum + brokersOf(r, mirror), 0);
  return {
    mirrors,
    users: withTheOther(users),
    topics: [...custom("KafkaTopic").map((r) => customTopic(r, mirror)), ...kafka("Topic").map((r) => kafkaTopic(r, mirror))],
    secrets: resources.filter((r) => r.type === "kubernetes:core/v1:Secret").map(secretOf),
    steps: resources.filter((r) => r.type.startsWith(STEP)).map(stepOf),
    clients: resources.filter((r) => r.type === "pulumi:providers:kafka").map(clientOf),
    ...(brokers > 0 ? { targetBrokers: brokers } : {}),
  };
}

/** Of two users of a mirror, one of known place: the other one is on the other cluster. */
function withTheOther(users: readonly UserView[]): UserView[] {
  const mirrors = users.filter((u) => u.ofMirror);
  const placed = mirrors.filter((u) => u.side !== undefined);
  if (mirrors.length !== 2 || placed.length !== 1) return [...users];
  return users.map((u) => (u.ofMirror && u.side === undefined ? { ...u, side: placed[0]!.side === "origin" ? "target" : "origin" } : u));
}

function brokersOf(resource: AnyResource, mirror: MirrorView | undefined): number {
  const { metadata, spec } = object(known(resource.props)) as { metadata?: Json; spec?: Json };
  const cluster = text(object(object(metadata).labels)["strimzi.io/cluster"]) ?? text(object(metadata).name);
  const roles = object(spec).roles;
  if (sideOf({ names: [resource.name], ...optional("cluster", cluster) }, mirror) !== "target") return 0;
  if (Array.isArray(roles) && !roles.includes("broker")) return 0;
  return number(object(object(spec).kafka).replicas) ?? number(object(spec).replicas) ?? 0;
}

function customTopic(resource: AnyResource, mirror: MirrorView | undefined): TopicView {
  const { metadata, spec } = object(known(resource.props)) as { metadata?: Json; spec?: Json };
  const labels = object(object(metadata).labels);
  const cluster = text(labels["strimzi.io/cluster"]) ?? text(labels["eventstreams.ibm.com/cluster"]);
  const name = text(object(spec).topicName) ?? text(object(metadata).name) ?? resource.name;
  const side = sideOf({ names: [resource.name], ...optional("cluster", cluster), ...optional("namespace", text(object(metadata).namespace)) }, mirror);
  return {
    resource: resource.urn,
    label: `KafkaTopic ${name}`,
    name,
    ...optional("side", side),
    ...optional("partitions", number(object(spec).partitions)),
    ...optional("replicationFactor", number(object(spec).replicas)),
    config: object(object(spec).config) as Config,
  };
}

function kafkaTopic(resource: AnyResource, mirror: MirrorView | undefined): TopicView {
  const props = object(known(resource.props));
  const provider = object(known(resource.provider?.props));
  const name = text(props.name) ?? resource.name;
  const side = sideOf({ names: [resource.name, resource.provider?.name ?? ""], ...optional("bootstrapServers", serversOf(provider)) }, mirror);
  return {
    resource: resource.urn,
    label: `Topic ${name}`,
    name,
    ...optional("side", side),
    ...optional("partitions", number(props.partitions)),
    ...optional("replicationFactor", number(props.replicationFactor)),
    config: object(props.config) as Config,
  };
}

/** The keys only: no value of a Secret is looked at. */
function secretOf(resource: AnyResource): SecretView {
  const metadata = object(attempt(() => known(resource.props.metadata)));
  const keys = (["data", "stringData"] as const).flatMap((field) => Object.keys(object(attempt(() => resource.props[field]))));
  const [namespace, name] = [text(metadata.namespace), text(metadata.name) ?? resource.name];
  return { resource: resource.urn, label: `Secret ${[namespace, name].filter(Boolean).join("/")}`, name, ...optional("namespace", namespace), keys };
}

function stepOf(resource: AnyResource): StepView {
  const read = (key: string) => attempt(() => resource.props[key]);
  const kind = resource.type.slice(STEP.length);
  const abandon = read("abandon");
  return {
    resource: resource.urn,
    label: `${kind} ${resource.name}`,
    kind,
    ...optional("phase", text(read("phase"))),
    ...optional("mode", text(read("mode"))),
    ...optional("when", text(read("when"))),
    ...(typeof abandon === "boolean" ? { abandon } : {}),
  };
}

function clientOf(resource: AnyResource): ClientView {
  const props = object(known(resource.props));
  const flag = (value: unknown) => (value === undefined ? undefined : String(value) === "true");
  return {
    resource: resource.urn,
    label: `Kafka provider ${resource.name}`,
    verifies: flag(props.skipTlsVerify) !== true,
    ...optional("tls", flag(props.tlsEnabled)),
    ...optional("mechanism", text(props.saslMechanism)?.toLowerCase()),
  };
}
