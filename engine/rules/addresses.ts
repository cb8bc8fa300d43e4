import { attempt } from "./unknown";
import type { MirrorView } from "./view";

/** Hosts of services that choose the number of replicas themselves, whatever a client asks for. */
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

/** Hosts of services whose certificates the system's CAs sign. */
const PUBLIC_CERTIFICATES = [
  ...CHOOSE_REPLICAS,
  /\.amazonaws\.com(\.cn)?$/,
  /\.(cloud\.)?redpanda\.com$/,
  /\.cloud\.goog$/,
  /\.instaclustr\.com$/,
];

/** The addresses of a list of bootstrap servers. */
export const addressesIn = (servers: string | undefined): string[] =>
  (servers ?? "").split(",").flatMap(
    (address) =>
      address
        .trim()
        .replace(/^[\w-]+:\/\//, "")
        .toLowerCase() || [],
  );

const hostOf = (address: string) => address.replace(/:\d+$/, "");

/** Is this cluster a service that ignores or fixes replication factors? */
export function choosesReplicas(servers: string | undefined): boolean {
  return addressesIn(servers).some((address) => CHOOSE_REPLICAS.some((service) => service.test(hostOf(address))));
}

/** Is this cluster a service that needs no CA of its own? */
export function hasPublicCertificate(servers: string | undefined): boolean {
  return addressesIn(servers).some((address) => PUBLIC_CERTIFICATES.some((service) => service.test(hostOf(address))));
}

/** The service of a Kafka resource, whichever listener it is of. */
const OPERATORS_SERVICE = /^(.+)-kafka-(?:[\w-]*-)?(?:bootstrap|brokers)$/;

/**
 * An address as everybody could write it. A service name is completed by the namespace and the Kubernetes cluster in
 * which it is looked up, and the listeners of one Kafka resource count as one address.
 */
export function wholeAddress(address: string, namespace = "", kubernetes = ""): string {
  const [host, port = ""] = [hostOf(address), /:\d+$/.exec(address)?.[0]];
  const [service = "", where, domain] = host.split(".");
  const inCluster = where === undefined || domain === "svc" || OPERATORS_SERVICE.test(service);
  if (!inCluster || host === "localhost" || (domain !== undefined && domain !== "svc")) return address;
  const kafka = OPERATORS_SERVICE.exec(service)?.[1];
  return `${kafka === undefined ? service + port : `kafka ${kafka}`} in ${where ?? namespace} ${kubernetes}`;
}

/** The addresses of a mirror's origin, target or workers' cluster, empty where they are not known. */
export function addressesOf(mirror: MirrorView, of: "origin" | "target" | "workers"): string[] {
  const servers = attempt(() =>
    of === "workers" ? (mirror.workersAt ?? mirror.target.bootstrapServers) : mirror[of].bootstrapServers,
  );
  return addressesIn(servers).map((address) =>
    wholeAddress(
      address,
      attempt(() => mirror.namespace),
      attempt(() => mirror.kubernetes),
    ),
  );
}

/** Names a cluster by the addresses that were seen of it: lists with one address in common are of one cluster. */
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
