/** Reads a kubeconfig: the server, the credentials and the namespace. */
import { readFileSync, existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";

export interface Kubeconfig {
  currentContext: string;
  clusters: Map<string, Fields>;
  contexts: Map<string, Fields>;
  users: Map<string, Fields>;
}

type Fields = Record<string, unknown>;

export interface Overrides {
  context?: string | undefined;
  cluster?: string | undefined;
  namespace?: string | undefined;
}

/** Everything that an HTTPS client needs to connect. */
export interface Connection {
  /** `https://host:port`, without a trailing slash. */
  server: string;
  namespace: string;
  ca?: string;
  cert?: string;
  key?: string;
  token?: string;
  insecure: boolean;
  serverName?: string;
}

/** Thrown for features that the real plugin may support and this stand-in does not. They are never ignored silently. */
export class NotSupported extends Error {}

/**
 * Parses a kubeconfig. `value` is a path or the content itself, in YAML or JSON.
 * @throws Error when it is neither; the message never repeats the content
 */
export function parseKubeconfig(value: string): Kubeconfig {
  const path = value === "~" ? homedir() : value.startsWith("~/") ? join(homedir(), value.slice(2)) : value;
  // Content is far longer than a path may be. `existsSync` returns false for it.
  const content = existsSync(path) ? readFileSync(path, "utf8") : value;
  let document: unknown;
  try {
    document = content.trimStart().startsWith("{") ? JSON.parse(content) : parseYaml(content);
  } catch {
    throw new Error("neither a file nor YAML or JSON");
  }
  if (!isFields(document)) throw new Error("no such file, and the text itself is not a kubeconfig");
  return {
    currentContext: stringOf(document["current-context"]) ?? "",
    clusters: named(document["clusters"], "cluster"),
    contexts: named(document["contexts"], "context"),
    users: named(document["users"], "user"),
  };
}

/** The kubeconfig for a provider that has none: `$KUBECONFIG`, else `~/.kube/config`. */
export function ambientKubeconfig(env: NodeJS.ProcessEnv = process.env): string {
  const value = env.KUBECONFIG;
  if (value?.includes(":"))
    throw new NotSupported("KUBECONFIG with more than one file is not supported by this stand-in: give one");
  const path = value || join(homedir(), ".kube", "config");
  if (!existsSync(path))
    throw new Error(`invalid configuration: no configuration has been provided (${path} does not exist)`);
  return path;
}

/** The cluster in use, for a comparison of two provider configurations. Undefined if there is none. */
export function activeCluster(config: Kubeconfig, overrides: Overrides): Fields | undefined {
  const context = config.contexts.get(overrides.context || config.currentContext);
  if (!context) return undefined;
  return config.clusters.get(overrides.cluster || (stringOf(context["cluster"]) ?? ""));
}

/**
 * @throws Error for a kubeconfig that names something that does not exist, {@link NotSupported} for an unsupported
 * feature
 */
export function connectionOf(config: Kubeconfig, overrides: Overrides): Connection {
  const name = overrides.context || config.currentContext;
  const context = config.contexts.get(name);
  if (!context)
    throw new Error(name === "" ? "the kubeconfig has no current-context" : `context "${name}" does not exist`);
  const clusterName = overrides.cluster || (stringOf(context["cluster"]) ?? "");
  const cluster = config.clusters.get(clusterName);
  if (!cluster) throw new Error(`cluster "${clusterName}" does not exist`);
  const server = stringOf(cluster["server"]);
  if (server === undefined || !URL.canParse(server)) throw new Error(`cluster "${clusterName}" has no usable server`);
  if (cluster["proxy-url"] !== undefined) refuse("clusters[].cluster.proxy-url");
  const userName = stringOf(context["user"]) ?? "";
  const user = config.users.get(userName) ?? {};
  for (const field of ["exec", "auth-provider", "username", "password", "as", "as-groups"]) {
    if (user[field] !== undefined) refuse(`users[].user.${field}`);
  }
  const connection: Connection = {
    server: server.replace(/\/+$/, ""),
    namespace: overrides.namespace || (stringOf(context["namespace"]) ?? "default"),
    insecure: cluster["insecure-skip-tls-verify"] === true,
  };
  assign(connection, "ca", material(cluster, "certificate-authority"));
  assign(connection, "cert", material(user, "client-certificate"));
  assign(connection, "key", material(user, "client-key"));
  const tokenFile = stringOf(user["tokenFile"]);
  assign(
    connection,
    "token",
    stringOf(user["token"]) ?? (tokenFile === undefined ? undefined : readFileSync(tokenFile, "utf8").trim()),
  );
  assign(connection, "serverName", stringOf(cluster["tls-server-name"]));
  return connection;
}

function assign<K extends keyof Connection>(connection: Connection, key: K, value: Connection[K] | undefined): void {
  if (value !== undefined) connection[key] = value;
}

/** PEM from `<field>-data` (base64) or from the file that `<field>` names. */
function material(fields: Fields, field: string): string | undefined {
  const data = stringOf(fields[`${field}-data`]);
  if (data !== undefined) return Buffer.from(data, "base64").toString("utf8");
  const path = stringOf(fields[field]);
  return path === undefined ? undefined : readFileSync(path, "utf8");
}

function named(list: unknown, field: string): Map<string, Fields> {
  const result = new Map<string, Fields>();
  for (const entry of Array.isArray(list) ? list : []) {
    if (isFields(entry) && typeof entry["name"] === "string" && isFields(entry[field]))
      result.set(entry["name"], entry[field]);
  }
  return result;
}

function refuse(field: string): never {
  throw new NotSupported(
    `the kubeconfig's ${field} is not supported by this stand-in for the kubernetes plugin: use a token or a client certificate`,
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function stringOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
