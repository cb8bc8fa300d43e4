import { addressesIn, formsOf } from "../../engine/addresses";
import { entry } from "../../engine/objects";
import { attempt, type ConnectClusterView, fields, type SinkView } from "../../engine/rules";
import { clusterOf, homeOf, partsOf } from "./home";
import { type AnyResource, items, type Json, object, text } from "./plain";
import { addresses, isOf, isOperators } from "./side";

/**
 * Kinds other than KafkaMirrorMaker2 that log in to a Kafka cluster, with the parts of their spec that configure it.
 */
const CLIENTS: Record<string, readonly string[]> = {
  KafkaConnect: [""],
  KafkaConnectS2I: [""],
  KafkaBridge: [""],
  KafkaMirrorMaker: ["consumer", "producer"],
};

const kindOf = ({ type }: AnyResource) => type.split(":").pop()!;

/** Clients of the stack, except the mirrors, that log in as this KafkaUser. */
export function clientsOf(user: AnyResource, resources: readonly AnyResource[]): string[] {
  const { metadata } = partsOf(user);
  const name = text(attempt(() => metadata.name));
  if (name === undefined) return [];
  const cluster = clusterOf(metadata);
  const namespace = text(attempt(() => metadata.namespace));
  return resources.flatMap((resource) => {
    const { metadata: own, spec } = partsOf(resource);
    const logins = (entry(CLIENTS, kindOf(resource)) ?? []).map((part) =>
      part === "" ? spec : object(attempt(() => spec[part])),
    );
    const is = logins.some(
      (login) =>
        attempt(() => logsInAs(login, name) && mayReach(text(login.bootstrapServers), cluster, namespace)) === true,
    );
    const place = ["namespace", "name"].flatMap((key) => attempt(() => text(own[key])) ?? []);
    return is ? [`${kindOf(resource)} ${place.join("/")}`] : [];
  });
}

function logsInAs(login: Json, name: string): boolean {
  const { username, certificateAndKey } = object(login.authentication);
  // An operator gives the Secret of a user the name of the user.
  return text(username) === name || text(object(certificateAndKey).secretName) === name;
}

/**
 * Returns true if the client may connect to this cluster. An address that is not an operator's service may belong to
 * any cluster.
 */
function mayReach(servers: string | undefined, cluster: string | undefined, namespace: string | undefined): boolean {
  return cluster === undefined || isOf(servers, cluster, namespace) || !addresses(servers).some(isOperators);
}

/** Returns true if the user's Kafka resource lists it in `superUsers`. A super user needs no ACL. */
export function isSuperUser(user: AnyResource, kafkas: readonly AnyResource[]): boolean {
  const { metadata } = partsOf(user);
  const name = text(attempt(() => metadata.name));
  const [home] = homeOf(user);
  return kafkas.some((kafka) => {
    const [its] = homeOf(kafka);
    if (home === undefined || its === undefined || its.cluster !== home.cluster || its.namespace !== home.namespace)
      return false;
    const names =
      attempt(() => items(object(object(partsOf(kafka).spec.kafka).authorization).superUsers).map(String)) ?? [];
    return names.some((one) => one === name || one === `CN=${name}`);
  });
}

/**
 * The sink connectors among the KafkaConnectors. Connect gives a connector a group (`connect-<name>`) only if it reads
 * topics. Some source connectors have a key `topics`, too: the topics to which they write.
 */
export function readSinks(connectors: readonly AnyResource[], connects: readonly AnyResource[]): SinkView[] {
  return connectors.flatMap((resource) => {
    const { metadata, spec } = partsOf(resource);
    const config = object(spec.config);
    if (text(config.topics) === undefined && text(config["topics.regex"]) === undefined) return [];
    if (/Source(Connector)?$/.test(attempt(() => text(spec.class)) ?? "")) return [];
    const home = connects.find((connect) => runs(connect, resource));
    return [
      fields<SinkView>({
        group: () => text(config["consumer.override.group.id"]) ?? `connect-${text(metadata.name) ?? resource.name}`,
        topics: () =>
          text(config.topics)
            ?.split(",")
            .map((topic) => topic.trim()),
        reads: () => (home === undefined ? undefined : addressesOfConnect(home)),
      }),
    ];
  });
}

/** Returns true if this KafkaConnect runs this KafkaConnector. */
function runs(connect: AnyResource, connector: AnyResource): boolean {
  const [its, own] = [partsOf(connect).metadata, partsOf(connector).metadata];
  return (
    attempt(
      () =>
        text(its.name) !== undefined &&
        text(its.name) === clusterOf(own) &&
        text(its.namespace) === text(own.namespace) &&
        connect.provider?.name === connector.provider?.name,
    ) === true
  );
}

function addressesOfConnect(connect: AnyResource): string[] {
  const { metadata, spec } = partsOf(connect);
  return addressesIn(text(spec.bootstrapServers)).flatMap((address) =>
    formsOf(address, text(metadata.namespace), connect.provider?.name),
  );
}

/** The Connect clusters of the stack. Before v1, the group and the storage topics are keys of `config`. */
export function readConnects(resources: readonly AnyResource[]): ConnectClusterView[] {
  return resources.map((resource) => {
    const { metadata, spec } = partsOf(resource);
    const config = () => object(spec.config);
    const name = (field: string, key: string, byDefault: string) =>
      text(spec[field]) ?? text(config()[key]) ?? byDefault;
    const place = ["namespace", "name"].flatMap((key) => attempt(() => text(metadata[key])) ?? []);
    return fields<ConnectClusterView>({
      resource: () => resource.urn,
      label: () => `KafkaConnect ${place.join("/") || resource.name}`,
      namespace: () => text(metadata.namespace),
      kubernetes: () => resource.provider?.name,
      bootstrapServers: () => text(spec.bootstrapServers),
      groupId: () => name("groupId", "group.id", "connect-cluster"),
      storageTopics: () => [
        name("offsetStorageTopic", "offset.storage.topic", "connect-cluster-offsets"),
        name("configStorageTopic", "config.storage.topic", "connect-cluster-configs"),
        name("statusStorageTopic", "status.storage.topic", "connect-cluster-status"),
      ],
    });
  });
}
