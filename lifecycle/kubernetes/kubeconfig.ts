/**
 * Finds the kubeconfig, merges a list and chooses the context as kubectl does. `@kubernetes/client-node` 1.4 rejects a
 * list with a missing file or a repeated name, drops `tokenFile` and `as-groups`, and quotes credentials in errors.
 */
import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { MigrationError } from "../../engine/errors";
import { didYouMean } from "../../engine/near-miss";

/** How a program outside the cluster finds the API server: in the same way as Pulumi's Kubernetes plugin. */
export interface KubernetesAccess {
  /**
   * Content of a kubeconfig, or a path (or several, as in KUBECONFIG). Default: KUBECONFIG, then ~/.kube/config, then
   * the pod's service account.
   */
  kubeconfig?: string;
  /** Default: the kubeconfig's current context. */
  context?: string;
}

/** The cluster and the user of the chosen context, with the names and values of the kubeconfig. Paths are absolute. */
export interface ApiServer {
  /** `https://host:port`, without a trailing slash. */
  url: string;
  cluster: Entry;
  user: Entry;
}

export type Entry = Record<string, unknown>;

type Named<K extends string> = { name: string } & { [key in K]?: Entry };

interface Kubeconfig {
  "current-context"?: string;
  clusters: Named<"cluster">[];
  users: Named<"user">[];
  contexts: Named<"context">[];
}

export const POD = "/var/run/secrets/kubernetes.io/serviceaccount";

export const invalid = (seen: string, fix: string, cause?: unknown) =>
  new MigrationError("KUBECONFIG_INVALID", seen, { fix, cause });

/**
 * @param pod Folder of the service account, for tests.
 * @throws MigrationError KUBECONFIG_INVALID
 */
export function findApiServer(access: KubernetesAccess, env: NodeJS.ProcessEnv = process.env, pod = POD): ApiServer {
  const isGiven = access.kubeconfig !== undefined && access.kubeconfig !== "";
  const written = (isGiven ? access.kubeconfig : env.KUBECONFIG) ?? "";
  if (isContent(written)) return chosen(read(written, process.cwd(), "the given kubeconfig"), access.context);
  const paths = written.split(delimiter).filter((path) => path !== "");
  const found = filesAt(paths.length > 0 ? paths : [join(env.HOME ?? homedir(), ".kube", "config")]);
  if (found.length > 0) return chosen(merged(found), access.context);
  const inPod = isGiven ? undefined : serviceAccount(env, pod);
  if (inPod !== undefined) return inPod;
  if (paths.length > 0)
    throw invalid(`kubeconfig ${paths.join(", ")} can't be read`, "correct the path, or give the kubeconfig's content");
  throw invalid(
    "no kubeconfig: none is given, KUBECONFIG is not set, and there is no ~/.kube/config",
    "give kubeconfig, or set KUBECONFIG",
  );
}

/** A path has one line. A kubeconfig is YAML with several lines, or JSON. */
function isContent(text: string): boolean {
  return text.includes("\n") || text.trimStart().startsWith("{");
}

/** Skips files that do not exist, as kubectl does. */
function filesAt(paths: readonly string[]): Kubeconfig[] {
  return paths.flatMap((path) => {
    try {
      return read(readFileSync(path, "utf8"), dirname(resolve(path)), path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return [];
      if (error instanceof MigrationError) throw error;
      throw invalid(`kubeconfig ${path} can't be read (${code})`, "correct the path, or the file's permissions");
    }
  });
}

/** If two files have an entry of the same name, the first one counts: every lookup takes the first match. */
function merged(all: readonly Kubeconfig[]): Kubeconfig {
  return {
    "current-context": all.map((c) => c["current-context"]).find((c) => c !== undefined && c !== ""),
    clusters: all.flatMap((c) => c.clusters),
    users: all.flatMap((c) => c.users),
    contexts: all.flatMap((c) => c.contexts),
  };
}

const PATHS = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

function read(text: string, folder: string, where: string): Kubeconfig {
  let config: Partial<Kubeconfig> | null;
  try {
    config = (parse(text) ?? {}) as Partial<Kubeconfig>;
  } catch {
    // The parser's message quotes the text, which contains credentials.
    throw invalid(`${where} is neither YAML nor JSON`, "give a kubeconfig");
  }
  if (typeof config !== "object") throw invalid(`${where} holds no kubeconfig`, "give a kubeconfig");
  const { clusters, users, contexts } = config;
  const lists = { clusters: clusters ?? [], users: users ?? [], contexts: contexts ?? [] };
  for (const entry of [...lists.clusters.map((c) => c.cluster), ...lists.users.map((u) => u.user)])
    for (const key of PATHS) if (isText(entry?.[key])) entry[key] = resolve(folder, entry[key]);
  for (const { user } of lists.users) {
    const plugin = user?.exec as Entry | undefined;
    // A command without a slash is looked up in PATH.
    if (isText(plugin?.command) && plugin.command.includes("/")) plugin.command = resolve(folder, plugin.command);
  }
  return { ...config, ...lists };
}

export const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

function chosen(config: Kubeconfig, wanted: string | undefined): ApiServer {
  const name = wanted ?? config["current-context"];
  const context = config.contexts.find((c) => c.name === name)?.context;
  if (context === undefined) {
    const names = config.contexts.map((c) => c.name);
    if (name === undefined || name === "")
      throw invalid(`the kubeconfig has no current context; it has ${names.join(", ") || "none"}`, "give context");
    throw invalid(
      `the kubeconfig has no context "${name}"${didYouMean(name, names)}; it has ${names.join(", ") || "none"}`,
      "correct context",
    );
  }
  const cluster = config.clusters.find((c) => c.name === context.cluster)?.cluster;
  if (!isText(cluster?.server))
    throw invalid(
      `context "${name}" names the cluster "${String(context.cluster)}", which has no server`,
      "correct the kubeconfig",
    );
  requireAddress(cluster.server, ["http:", "https:"], context.cluster, "server");
  const proxy = cluster["proxy-url"];
  if (isText(proxy)) requireAddress(proxy, ["http:", "https:", "socks5:"], context.cluster, "proxy-url");
  const user = config.users.find((u) => u.name === context.user)?.user ?? {};
  return { url: cluster.server.replace(/\/+$/, ""), cluster: withoutEmpty(cluster), user: withoutEmpty(user) };
}

/** For kubectl an empty value is an absent one. */
function withoutEmpty(entry: Entry): Entry {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null && value !== ""));
}

/** The address of a proxy can contain a password, so the message does not quote it. */
function requireAddress(address: string, protocols: readonly string[], cluster: unknown, key: string): void {
  if (URL.canParse(address) && protocols.includes(new URL(address).protocol)) return;
  const forms = protocols.map((protocol) => `${protocol}//host:port`);
  throw invalid(
    `cluster "${String(cluster)}" has a ${key} that is not an address`,
    `correct the kubeconfig: give ${forms.join(" or ")}`,
  );
}

/** The service account of the pod in which this process runs. */
function serviceAccount({ KUBERNETES_SERVICE_HOST: host, ...env }: NodeJS.ProcessEnv, pod: string) {
  const tokenFile = join(pod, "token");
  if (host === undefined || readIfThere(tokenFile) === undefined) return undefined;
  const url = `https://${isIPv6(host) ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT ?? "443"}`;
  return { url, cluster: { server: url, "certificate-authority": join(pod, "ca.crt") }, user: { tokenFile } };
}

/** Returns undefined if the file cannot be read. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
