/** The addresses of a list of bootstrap servers: lower case, without a protocol. */
export const addressesIn = (servers: string | undefined): string[] =>
  (servers ?? "").split(",").flatMap(
    (address) =>
      address
        .trim()
        .replace(/^[\w-]+:\/\//, "")
        .toLowerCase() || [],
  );

export const hostOf = (address: string): string => address.replace(/:\d+$/, "");

/** The Kubernetes service of a Kafka resource, for any of its listeners. */
const OPERATORS_SERVICE = /^(.+)-kafka-(?:[\w-]*-)?(?:bootstrap|brokers)$/;

/**
 * The forms of an address in which it can be compared with addresses from other places. Two addresses that have a form
 * in common mean the same cluster.
 *
 * - `service.namespace.svc`, with any domain after it and with a pod's name before it, is a Kubernetes service. Its
 *   ports can lead to different clusters, for example behind a proxy. All ports of all services of one Kafka resource
 *   of an operator lead to one cluster.
 * - A host without a dot is a service of `namespace`.
 * - `a.b` may be service `a` in namespace `b`, or a host of another network.
 * @param address `host:port`, in lower case
 * @param namespace where a service without a namespace is looked up
 * @param kubernetes the Kubernetes cluster of the client
 */
export function formsOf(address: string, namespace = "", kubernetes = ""): string[] {
  const host = hostOf(address);
  const port = address.slice(host.length);
  const labels = host.split(".");
  const svc = labels.indexOf("svc");
  if (host === "localhost" || /^[\d.]+$/.test(host) || host.includes(":")) return [address];
  if (svc < 2 && labels.length > 2) return [address];
  const [service, where] = svc >= 2 ? [labels[svc - 2]!, labels[svc - 1]!] : [labels[0]!, labels[1] ?? namespace];
  const place = `in ${where} ${kubernetes}`;
  const kafka = OPERATORS_SERVICE.exec(service)?.[1];
  if (kafka !== undefined) return [`kafka ${kafka} ${place}`];
  return [...(labels.length === 2 ? [address] : []), `service ${service}${port} ${place}`];
}

/** Returns true if two lists of bootstrap servers have an address in common. */
export function meet(one: readonly string[], other: readonly string[]): boolean {
  const forms = new Set(one.flatMap((address) => formsOf(address)));
  return other.some((address) => formsOf(address).some((form) => forms.has(form)));
}
