/** What is wrong with one address of a list of bootstrap servers. */
export type AddressFault =
  /** Between two commas, or at the end. Reported once for a list. */
  | { kind: "empty" }
  /** No client can use it. `why`: the end of a sentence that begins with the address. */
  | { kind: "wrong"; address: string; why: string }
  /** `SASL_SSL://host:9093`: Kafka's Java clients ignore the part before `://`. */
  | { kind: "scheme"; address: string; plain: string };

const PLACEHOLDER = /\$\{|\{\{|\$\(/;

/** Every fault in a list of addresses, `host:port` separated by commas. */
export function addressFaults(servers: string): AddressFault[] {
  if (PLACEHOLDER.test(servers)) return [];
  const addresses = servers.split(",").map((address) => address.trim());
  return addresses.flatMap((address, i): AddressFault[] => {
    if (address === "") return addresses.indexOf("") === i ? [{ kind: "empty" }] : [];
    const why = faultOf(address.replace(/^[\w-]+:\/\//, ""));
    if (why !== undefined) return [{ kind: "wrong", address, why }];
    const [, plain] = /^[\w-]+:\/\/(.*)$/.exec(address) ?? [];
    return plain === undefined ? [] : [{ kind: "scheme", address, plain }];
  });
}

function faultOf(address: string): string | undefined {
  if (/[;\s]/.test(address)) return "is not one address: a comma separates addresses";
  const [, host, port] = /^(.*?)(?::([^:]*))?$/.exec(address) ?? [];
  if (port === undefined || port === "" || (address.startsWith("[") && address.endsWith("]"))) return "has no port";
  if (!/^\d+$/.test(port)) return `has "${port}" as its port`;
  if (Number(port) < 1 || Number(port) > 65535) return `has port ${port}, which is not from 1 to 65535`;
  return /^(\[[\da-fA-F:.%\w]+\]|[\w.:%-]+)$/.test(host!) ? undefined : `has "${host}" as its host`;
}
