import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
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

/** Address of the API server and how to authenticate. */
export interface ApiServer {
  /** `https://host:port`, without a trailing slash. */
  url: string;
  ca?: string;
  /** False only if the kubeconfig disables verification. */
  verify: boolean;
  serverName?: string;
  /** Called again when the server no longer accepts the credentials. */
  credentials(): Promise<Credentials>;
}

export interface Credentials {
  token?: string;
  basic?: string;
  cert?: string;
  key?: string;
}

type Named<K extends string> = { name: string } & { [key in K]: Record<string, unknown> };

interface Kubeconfig {
  "current-context"?: string;
  clusters: Named<"cluster">[];
  users: Named<"user">[];
  contexts: Named<"context">[];
}

const POD = "/var/run/secrets/kubernetes.io/serviceaccount";
const invalid = (seen: string, fix: string, cause?: unknown) =>
  new MigrationError("KUBECONFIG_INVALID", seen, { fix, cause });

/** @throws MigrationError KUBECONFIG_INVALID */
export function findApiServer(access: KubernetesAccess, env: NodeJS.ProcessEnv = process.env): ApiServer {
  const given = access.kubeconfig ?? env.KUBECONFIG;
  if (given !== undefined && given !== "")
    return fromConfig(
      isContent(given) ? read(given, process.cwd(), "the given kubeconfig") : merged(given.split(delimiter)),
      access.context,
    );
  const own = join(env.HOME ?? homedir(), ".kube", "config");
  const text = readIfThere(own);
  if (text !== undefined) return fromConfig(read(text, dirname(own), own), access.context);
  const pod = inPod(env);
  if (pod !== undefined) return pod;
  throw invalid(
    "no kubeconfig: none is given, KUBECONFIG is not set, and there is no ~/.kube/config",
    "give kubeconfig, or set KUBECONFIG",
  );
}

/** A path has one line. A kubeconfig is YAML with several lines, or JSON. */
function isContent(text: string): boolean {
  return text.includes("\n") || text.trimStart().startsWith("{");
}

function merged(paths: string[]): Kubeconfig {
  const all = paths
    .filter((path) => path !== "")
    .map((path) => {
      const text = readIfThere(path);
      if (text === undefined)
        throw invalid(`kubeconfig ${path} can't be read`, "correct the path, or give the kubeconfig's content");
      return read(text, dirname(resolve(path)), path);
    });
  return {
    "current-context": all.map((c) => c["current-context"]).find((c) => c !== undefined && c !== ""),
    clusters: all.flatMap((c) => c.clusters),
    users: all.flatMap((c) => c.users),
    contexts: all.flatMap((c) => c.contexts),
  };
}

function read(text: string, folder: string, where: string): Kubeconfig {
  let config: Partial<Kubeconfig> | null;
  try {
    config = parse(text) as Partial<Kubeconfig> | null;
  } catch {
    // The parser's message quotes the text, which contains credentials.
    throw invalid(`${where} is neither YAML nor JSON`, "give a kubeconfig");
  }
  if (typeof config !== "object" || config === null) throw invalid(`${where} holds no kubeconfig`, "give a kubeconfig");
  const absolute = (entry: Record<string, unknown>) => {
    for (const key of ["certificate-authority", "client-certificate", "client-key", "tokenFile"]) {
      if (typeof entry[key] === "string" && entry[key] !== "") entry[key] = resolve(folder, entry[key]);
    }
  };
  for (const c of config.clusters ?? []) absolute(c.cluster ?? {});
  for (const u of config.users ?? []) absolute(u.user ?? {});
  return { ...config, clusters: config.clusters ?? [], users: config.users ?? [], contexts: config.contexts ?? [] };
}

function fromConfig(config: Kubeconfig, wanted: string | undefined): ApiServer {
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
  if (typeof cluster?.server !== "string")
    throw invalid(
      `context "${name}" names the cluster "${String(context.cluster)}", which has no server`,
      "correct the kubeconfig",
    );
  const user = config.users.find((u) => u.name === context.user)?.user ?? {};
  return {
    url: cluster.server.replace(/\/+$/, ""),
    ca: dataOrFile(cluster, "certificate-authority"),
    verify: cluster["insecure-skip-tls-verify"] !== true,
    serverName: cluster["tls-server-name"] as string | undefined,
    credentials: () => credentialsOf(user, cluster),
  };
}

async function credentialsOf(user: Record<string, unknown>, cluster: Record<string, unknown>): Promise<Credentials> {
  if (user.exec !== undefined) return fromPlugin(user.exec as ExecPlugin, cluster);
  if (user["auth-provider"] !== undefined) {
    throw invalid(
      "the kubeconfig uses an auth-provider, which Kubernetes dropped in 1.26",
      "use its exec plugin (kubelogin, gke-gcloud-auth-plugin), or a token",
    );
  }
  return {
    token:
      (user.token as string | undefined) ??
      (user.tokenFile === undefined ? undefined : contentOf(user.tokenFile as string).trim()),
    basic: user.username === undefined ? undefined : `${String(user.username)}:${String(user.password ?? "")}`,
    cert: dataOrFile(user, "client-certificate"),
    key: dataOrFile(user, "client-key"),
  };
}

interface ExecPlugin {
  command: string;
  args?: string[];
  env?: { name: string; value: string }[];
  apiVersion?: string;
  provideClusterInfo?: boolean;
}

/** Runs a credential plugin (`client.authentication.k8s.io`). Its output is a credential and is never shown. */
async function fromPlugin(plugin: ExecPlugin, cluster: Record<string, unknown>): Promise<Credentials> {
  const apiVersion = plugin.apiVersion ?? "client.authentication.k8s.io/v1";
  const info = {
    apiVersion,
    kind: "ExecCredential",
    spec: {
      interactive: false,
      ...(plugin.provideClusterInfo
        ? { cluster: { server: cluster.server, "certificate-authority-data": cluster["certificate-authority-data"] } }
        : {}),
    },
  };
  const env = {
    ...process.env,
    ...Object.fromEntries((plugin.env ?? []).map((e) => [e.name, e.value])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  };
  try {
    const { stdout } = await promisify(execFile)(plugin.command, plugin.args ?? [], { env, timeout: 60_000 });
    const { status } = JSON.parse(stdout) as {
      status?: { token?: string; clientCertificateData?: string; clientKeyData?: string };
    };
    return { token: status?.token, cert: status?.clientCertificateData, key: status?.clientKeyData };
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    throw invalid(
      `the kubeconfig's credential plugin ${plugin.command} failed (${code ?? "its answer is no ExecCredential"})${stderr ? `: ${stderr.trim().slice(0, 500)}` : ""}`,
      `run ${plugin.command} by hand, or log in again`,
    );
  }
}

/** The service account of the pod in which this process runs. */
function inPod(env: NodeJS.ProcessEnv): ApiServer | undefined {
  const token = readIfThere(join(POD, "token"));
  if (env.KUBERNETES_SERVICE_HOST === undefined || token === undefined) return undefined;
  return {
    url: `https://${env.KUBERNETES_SERVICE_HOST}:${env.KUBERNETES_SERVICE_PORT ?? "443"}`,
    ca: readIfThere(join(POD, "ca.crt")),
    verify: true,
    credentials: async () => ({ token: contentOf(join(POD, "token")).trim() }),
  };
}

function dataOrFile(entry: Record<string, unknown>, key: string): string | undefined {
  const data = entry[`${key}-data`];
  if (typeof data === "string" && data !== "") return Buffer.from(data, "base64").toString("utf8");
  const file = entry[key];
  return typeof file === "string" && file !== "" ? contentOf(file) : undefined;
}

function contentOf(path: string): string {
  const text = readIfThere(path);
  if (text === undefined) throw invalid(`${path}, which the kubeconfig names, can't be read`, "correct the kubeconfig");
  return text;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
