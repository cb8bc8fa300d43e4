/**
 * Finds the kubeconfig and chooses its context as kubectl does. `@kubernetes/client-node` reads the parts, but it stops
 * at a file of `KUBECONFIG` that does not exist, and it does not know `tokenFile`.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Cluster, KubeConfig } from "@kubernetes/client-node";
import { parse } from "yaml";
import { kubernetesClient } from "../kube/http";

export interface Overrides {
  context?: string | undefined;
  cluster?: string | undefined;
  namespace?: string | undefined;
}

/** The chosen context. */
export interface Connection {
  config: KubeConfig;
  /** Namespace of objects that do not name one. */
  namespace: string;
}

type Fields = Record<string, unknown>;

/** Thrown for features that the real plugin may support and this stand-in does not. They are never ignored silently. */
export class NotSupported extends Error {}

/** Fields of a user that the library would ignore. */
const IGNORED = ["as-groups", "as-uid", "as-user-extra"];

/**
 * Parses a kubeconfig. `value` is a path or the content itself, in YAML or JSON.
 * @throws Error when it is neither; the message never repeats the content
 */
export async function parseKubeconfig(value: string): Promise<KubeConfig> {
  const path = value === "~" ? homedir() : value.startsWith("~/") ? join(homedir(), value.slice(2)) : value;
  // Content is far longer than a path may be. `existsSync` returns false for it.
  const isPath = existsSync(path);
  let document: unknown;
  try {
    document = parse(isPath ? readFileSync(path, "utf8") : value);
  } catch {
    throw new Error("neither a file nor YAML or JSON");
  }
  if (!isFields(document)) throw new Error("no such file, and the text itself is not a kubeconfig");
  const users = (Array.isArray(document["users"]) ? document["users"] : []).filter(isFields);
  for (const { user } of users) if (isFields(user)) adapt(user, isPath ? dirname(path) : "");
  const { KubeConfig } = await kubernetesClient();
  const config = new KubeConfig();
  config.loadFromString(JSON.stringify({ ...document, users }), { onInvalidEntry: "filter" });
  if (isPath) config.makePathsAbsolute(dirname(path));
  return config;
}

/** `tokenFile` takes precedence over `token`, and is read again when it changes. */
function adapt(user: Fields, folder: string): void {
  const ignored = IGNORED.find((field) => user[field] !== undefined);
  if (ignored !== undefined)
    throw new NotSupported(
      `the kubeconfig's users[].user.${ignored} is not supported by this stand-in for the kubernetes plugin`,
    );
  const file = user["tokenFile"];
  if (typeof file !== "string" || file === "") return;
  const tokenFile = file.startsWith("/") ? file : join(folder, file);
  user["auth-provider"] = { name: "tokenFile", config: { tokenFile } };
  delete user["token"];
}

/**
 * The kubeconfig for a provider that has none: the files of `$KUBECONFIG`, else `~/.kube/config`. Of two entries with
 * the same name the first counts.
 */
export async function ambientKubeconfig(env: NodeJS.ProcessEnv = process.env): Promise<KubeConfig> {
  const paths = env.KUBECONFIG?.split(delimiter).filter((path) => path !== "") ?? [];
  if (paths.length === 0) paths.push(join(homedir(), ".kube", "config"));
  const [first, ...others] = await Promise.all(paths.filter((path) => existsSync(path)).map(parseKubeconfig));
  if (!first)
    throw new Error(
      `invalid configuration: no configuration has been provided (${paths.join(" and ")} ` +
        `${paths.length === 1 ? "does" : "do"} not exist)`,
    );
  const add = <T extends { name: string }>(to: T[], more: readonly T[]) =>
    to.push(...more.filter(({ name }) => to.every((one) => one.name !== name)));
  for (const other of others) {
    add(first.clusters, other.clusters);
    add(first.contexts, other.contexts);
    add(first.users, other.users);
    if (!first.currentContext) first.currentContext = other.currentContext;
  }
  return first;
}

/** The cluster in use, for a comparison of two provider configurations. Undefined if there is none. */
export function activeCluster(config: KubeConfig, overrides: Overrides): object | undefined {
  const context = config.getContextObject(overrides.context || config.currentContext);
  const cluster = context && config.getCluster(overrides.cluster || context.cluster);
  return cluster ? { ...cluster, name: undefined } : undefined;
}

/** @throws Error for a kubeconfig that names something that does not exist */
export async function connectionOf(kubeconfig: KubeConfig, overrides: Overrides): Promise<Connection> {
  const name = overrides.context || kubeconfig.currentContext;
  const context = kubeconfig.getContextObject(name);
  if (!context) throw new Error(name ? `context "${name}" does not exist` : "the kubeconfig has no current-context");
  const clusterName = overrides.cluster || context.cluster;
  const cluster = kubeconfig.getCluster(clusterName);
  if (!cluster) throw new Error(`cluster "${clusterName}" does not exist`);
  if (!URL.canParse(cluster.server)) throw new Error(`cluster "${clusterName}" has no usable server`);
  // Without a user the library would ignore the cluster's CA.
  const user = kubeconfig.getUser(context.user) ?? { name: "nobody" };
  const namespace = overrides.namespace || (context.namespace ?? "default");
  return { config: await configOf(cluster, user), namespace };
}

/** A connection to nowhere: every request fails. */
export const nowhere = (): Promise<KubeConfig> =>
  configOf({ name: "nowhere", server: "http://127.0.0.1:0", skipTLSVerify: true }, { name: "nobody" });

async function configOf(cluster: Cluster, user: KubeConfig["users"][number]): Promise<KubeConfig> {
  const { KubeConfig } = await kubernetesClient();
  const config = new KubeConfig();
  // The library takes plain HTTP only with this.
  const skipTLSVerify = cluster.skipTLSVerify || cluster.server.startsWith("http:");
  config.loadFromClusterAndUser({ ...cluster, skipTLSVerify }, user);
  return config;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
