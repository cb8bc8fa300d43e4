import { addressesIn, formsOf, hostOf } from "../addresses";
import { attempt } from "./unknown";
import type { ClusterView, MirrorView } from "./view";
import type { Side } from "../model";
import { SIDES } from "../sides";

/** Hosts of services that choose the number of replicas themselves and ignore the number in a request. */
const CHOOSE_REPLICAS = [
  /\.servicebus\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)$/, // Azure Event Hubs
  /\.eventstreams\.cloud\.ibm\.com$/, // IBM Event Streams on IBM Cloud
  /\.confluent\.cloud$/,
  /\.kafka-serverless\.[\w-]+\.amazonaws\.com(\.cn)?$/, // Amazon MSK Serverless
  /\.streaming\.[\w-]+\.oci\.oraclecloud\.com$|^cell-\d+\.streaming\./, // Oracle Cloud Streaming
  /\.kafka\.(rhcloud\.com|devshift\.org)$/, // Red Hat OpenShift Streams
  /\.upstash\.io$/,
  /\.warpstream\.com$/,
];

/** Hosts of services whose certificates are signed by CAs that the system trusts. */
const PUBLIC_CERTIFICATES = [
  ...CHOOSE_REPLICAS,
  /\.amazonaws\.com(\.cn)?$/,
  /\.(cloud\.)?redpanda\.com$/,
  /\.cloud\.goog$/,
  /\.instaclustr\.com$/,
];

/** The user name of every client of Azure Event Hubs. It shows the service behind a placeholder or another name. */
const EVENT_HUBS_USER = "$ConnectionString";

function isOneOf(services: readonly RegExp[], cluster: ClusterView): boolean {
  if (attempt(() => cluster.authentication?.username) === EVENT_HUBS_USER) return true;
  const servers = attempt(() => cluster.bootstrapServers);
  return addressesIn(servers).some((address) => services.some((service) => service.test(hostOf(address))));
}

/** Returns true if this cluster is a service that ignores replication factors or sets its own. */
export const choosesReplicas = (cluster: ClusterView): boolean => isOneOf(CHOOSE_REPLICAS, cluster);

/** Returns true if this cluster is a service whose certificates need no CA of their own. */
export const hasPublicCertificate = (cluster: ClusterView): boolean => isOneOf(PUBLIC_CERTIFICATES, cluster);

/** The forms of the addresses of a mirror's origin, target or workers' cluster. Empty if they are not known. */
export function addressesOf(mirror: MirrorView, of: "origin" | "target" | "workers"): string[] {
  const servers = attempt(() =>
    of === "workers" ? (mirror.workersAt ?? mirror.target.bootstrapServers) : mirror[of].bootstrapServers,
  );
  const namespace = attempt(() => mirror.namespace);
  const kubernetes = attempt(() => mirror.kubernetes);
  return addressesIn(servers).flatMap((address) => formsOf(address, namespace, kubernetes));
}

/** Names a cluster by its addresses. Two lists of addresses with one address in common mean the same cluster. */
export class Clusters {
  private readonly names = new Map<string, string>();

  nameOf(addresses: readonly string[]): string | undefined {
    if (addresses.length === 0) return undefined;
    const name =
      addresses.map((address) => this.names.get(address)).find((known) => known !== undefined) ?? addresses[0]!;
    for (const address of addresses) this.names.set(address, name);
    return name;
  }
}

/**
 * Returns true if the other mirror has the same two aliases in the other order, and the addresses do not contradict it:
 * one mirror reaches a cluster inside Kubernetes, and the other one from outside.
 */
export function isReversed(one: MirrorView, other: MirrorView): boolean {
  return SIDES.every((side) => {
    const itsSide = side === "origin" ? "target" : "origin";
    if (one[side].alias === "" || one[side].alias !== other[itsSide].alias) return false;
    const [inside, itsInside] = [isInside(addressesOf(one, side)), isInside(addressesOf(other, itsSide))];
    const incomparable = inside !== undefined && itsInside !== undefined && inside !== itsInside;
    return incomparable || sameCluster(one, side, other, itsSide);
  });
}

/** Returns true for a service of Kubernetes, and false for a host outside. Undefined if no address is known. */
const isInside = (forms: readonly string[]): boolean | undefined =>
  forms.length === 0 ? undefined : forms.some((form) => form.includes(" in "));

/**
 * Returns true if both sides mean the same cluster. One common address is enough. Without addresses, the aliases are
 * compared.
 */
export function sameCluster(one: MirrorView, a: Side, other: MirrorView, b: Side): boolean {
  const [addresses, others] = [addressesOf(one, a), addressesOf(other, b)];
  // Two empty aliases do not mean the same cluster.
  const alike = one[a].alias !== "" && one[a].alias === other[b].alias;
  if (one.resource === other.resource && alike) return true;
  if (addresses.length === 0 || others.length === 0) return alike;
  return addresses.some((address) => others.includes(address));
}
