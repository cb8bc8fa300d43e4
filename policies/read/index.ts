import {
  attempt,
  type ClientView,
  fields,
  type MirrorView,
  type OwnerView,
  type SecretView,
  type Settings,
  type StepView,
  type TopicView,
  type UserView,
  type View,
} from "../../engine/rules";
import type { Config } from "../../engine/mirror-configuration";
import { tellCertificates } from "./certificates";
import { clientsOf, isSuperUser, readConnects, readSinks } from "./clients";
import { clusterOf, homeOf, partsOf, withoutLabel } from "./home";
import { idleOf, readMirrors } from "./mirror";
import { readsSingular } from "./operators";
import { type AnyResource, known, number, object, text } from "./plain";
import { refusedFieldsOf } from "./refused-values";
import { type Hints, isOf, placesIn } from "./side";
import { tellTargets } from "./target";
import { unknownFieldsOf } from "./unknown-fields";
import { namesakes, readKafkaPrincipals, readKafkaUser, serversOf } from "./users";

export type { AnyResource } from "./plain";

/** Types of the operators' resources. */
const CUSTOM = /^kubernetes:[^:]*(strimzi\.io|eventstreams\.ibm\.com)\//;
const STEP = "pulumi-nodejs:dynamic/kafka-migration:";

/**
 * The view of a set of resources. It does not matter who declared them. Types that the rules do not use are ignored.
 * @param settings `kafkaVersion`: the version of mirrors that do not set one
 */
export function readView(resources: readonly AnyResource[], settings: Settings = {}): View {
  const kind = (resource: AnyResource) => resource.type.split(":").pop()!;
  const custom = (name: string) => resources.filter((r) => CUSTOM.test(r.type) && kind(r) === name);
  const kafka = (name: string) => resources.filter((r) => r.type.startsWith("kafka:") && kind(r) === name);

  const mirrors = custom("KafkaMirrorMaker2").flatMap((r) => readMirrors(r, text(settings.kafkaVersion)));
  const secrets = resources.filter((r) => r.type === "kubernetes:core/v1:Secret");
  tellCertificates(mirrors, custom("KafkaUser"), secrets);
  const clusters = [...custom("Kafka"), ...custom("EventStreams")];
  tellTargets(mirrors, custom("KafkaNodePool"), clusters);
  const kafkas = clusters.filter(
    (r) => attempt(() => object(partsOf(r).spec.entityOperator).userOperator !== undefined) === true,
  );
  const homes = [...custom("KafkaUser"), ...kafkas].flatMap(homeOf);
  const singular = readsSingular(resources, text(settings.kafkaVersion));
  const others = namesakes(custom("KafkaUser"), mirrors);
  const users = [
    ...custom("KafkaUser").map((user) =>
      readKafkaUser(user, mirrors, {
        alsoFor: clientsOf(user, resources),
        superUser: isSuperUser(user, custom("Kafka")),
        elsewhere: others.has(user),
        readsSingular: singular,
      }),
    ),
    ...readKafkaPrincipals([...kafka("UserScramCredential"), ...kafka("Acl")], mirrors, (servers) =>
      homes.some(({ cluster, namespace }) => isOf(servers, cluster, namespace)),
    ),
  ];
  return {
    mirrors,
    users: mirrors.length === 1 ? withTheOther(users, mirrors[0]!) : users,
    topics: [
      ...custom("KafkaTopic").map((r) => customTopic(r, mirrors)),
      ...kafka("Topic").map((r) => kafkaTopic(r, mirrors)),
    ],
    secrets: secrets.map(secretOf),
    steps: resources.filter((r) => r.type.startsWith(STEP)).map(stepOf),
    owners: kafkas.map((r) => ({
      ...placesIn({ names: [r.name], ...homeOf(r)[0] }, mirrors),
      ...(withoutAuthorizer(r) ? { authorizes: false } : {}),
    })),
    unknownFields: [...custom("KafkaMirrorMaker2"), ...custom("KafkaUser")].flatMap(unknownFieldsOf),
    refusedFields: resources.filter((r) => CUSTOM.test(r.type)).flatMap(refusedFieldsOf),
    withoutCluster: ["KafkaUser", "KafkaTopic", "KafkaConnector"].flatMap((name) => custom(name).flatMap(withoutLabel)),
    idle: custom("KafkaMirrorMaker2").flatMap(idleOf),
    clients: resources.filter((r) => r.type === "pulumi:providers:kafka").map(clientOf),
    sinks: attempt(() => readSinks(custom("KafkaConnector"), custom("KafkaConnect"))) ?? [],
    connects: readConnects(custom("KafkaConnect")),
  };
}

/** Returns true if the text of a cluster is complete and has no `authorization`. A text without listeners is a part. */
function withoutAuthorizer(cluster: AnyResource): boolean {
  const { listeners, authorization } = object(attempt(() => partsOf(cluster).spec.kafka));
  return attempt(() => listeners !== undefined && authorization === undefined) === true;
}

/** If a mirror has two KafkaUsers and the cluster of one is known, the other user is on the other cluster. */
function withTheOther(users: readonly UserView[], mirror: MirrorView): UserView[] {
  const mirrors = users.filter((u) => u.ofMirror && u.maker === "operator");
  const placed = mirrors.filter((u) => u.side !== undefined);
  if (mirrors.length !== 2 || placed.length !== 1) return [...users];
  const side = placed[0]!.side === "origin" ? "target" : "origin";
  return users.map((u) =>
    mirrors.includes(u) && u.side === undefined ? { ...u, side, places: [{ mirror, side }] } : u,
  );
}

const placeReaders = ({ side, places }: OwnerView) => ({ side: () => side, places: () => places });

function customTopic(resource: AnyResource, mirrors: readonly MirrorView[]): TopicView {
  const { metadata, spec } = partsOf(resource);
  const hints = fields<Hints>({
    names: () => [resource.name],
    cluster: () => clusterOf(metadata),
    namespace: () => text(attempt(() => metadata.namespace)),
    username: () => undefined,
    bootstrapServers: () => undefined,
  });
  const name = () => text(spec.topicName) ?? text(metadata.name) ?? resource.name;
  return fields<TopicView>({
    resource: () => resource.urn,
    label: () => `KafkaTopic ${attempt(name) ?? resource.name}`,
    name,
    ...placeReaders(placesIn(hints, mirrors)),
    partitions: () => number(spec.partitions),
    replicationFactor: () => number(spec.replicas),
    config: () => object(spec.config) as Config,
  });
}

function kafkaTopic(resource: AnyResource, mirrors: readonly MirrorView[]): TopicView {
  const props = object(known(resource.props));
  const bootstrapServers = serversOf(object(known(resource.provider?.props)));
  const name = () => text(props.name) ?? resource.name;
  return fields<TopicView>({
    resource: () => resource.urn,
    label: () => `Topic ${attempt(name) ?? resource.name}`,
    name,
    ...placeReaders(
      placesIn(
        {
          names: [resource.name, resource.provider?.name ?? ""],
          ...(bootstrapServers === undefined ? {} : { bootstrapServers }),
        },
        mirrors,
      ),
    ),
    partitions: () => number(props.partitions),
    replicationFactor: () => number(props.replicationFactor),
    config: () => object(props.config) as Config,
  });
}

/** Reads only the keys of a Secret, never a value. */
function secretOf(resource: AnyResource): SecretView {
  const metadata = object(attempt(() => known(resource.props.metadata)));
  const keys = (["data", "stringData"] as const).flatMap((field) =>
    Object.keys(object(attempt(() => resource.props[field]))),
  );
  const namespace = text(attempt(() => metadata.namespace));
  const name = text(attempt(() => metadata.name)) ?? resource.name;
  return {
    resource: resource.urn,
    label: `Secret ${[namespace, name].filter(Boolean).join("/")}`,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    keys,
  };
}

function stepOf(resource: AnyResource): StepView {
  const read = (key: string) => attempt(() => resource.props[key]);
  const kind = resource.type.slice(STEP.length);
  return fields<StepView>({
    resource: () => resource.urn,
    label: () => `${kind} ${resource.name}`,
    kind: () => kind,
    of: () => {
      const { originAlias, targetAlias, groupId } = object(known(resource.props.mirror));
      return typeof originAlias === "string" && typeof targetAlias === "string" && typeof groupId === "string"
        ? { originAlias, targetAlias, groupId }
        : undefined;
    },
    phase: () => text(read("phase")),
    mode: () => text(read("mode")),
    when: () => text(read("when")),
    abandon: () => (read("abandon") === undefined ? undefined : read("abandon") === true),
  });
}

function clientOf(resource: AnyResource): ClientView {
  const props = object(known(resource.props));
  const flag = (key: string) => attempt(() => (props[key] === undefined ? undefined : String(props[key]) === "true"));
  return fields<ClientView>({
    resource: () => resource.urn,
    label: () => `Kafka provider ${resource.name}`,
    trusts: () => ["caCert", "caCertFile"].some((key) => Object.hasOwn(props, key)),
    verifies: () => flag("skipTlsVerify") !== true,
    tls: () => flag("tlsEnabled"),
    mechanism: () => text(attempt(() => props.saslMechanism))?.toLowerCase(),
  });
}
