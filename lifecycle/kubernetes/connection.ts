/**
 * Gives the chosen entries of a kubeconfig to `@kubernetes/client-node`, which does TLS, authentication, proxies and
 * requests. Own code runs credential plugins, since the library gives them no input and no time limit and quotes their
 * answer, and sends the impersonated groups, which the library ignores.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { KubeConfig } from "@kubernetes/client-node";
import { type ApiServer, type Entry, invalid, isText, readIfThere } from "./kubeconfig";

/** An API server to which requests can be sent. */
export interface Connection {
  client: typeof import("@kubernetes/client-node");
  config: KubeConfig;
  /** Headers that the library does not send. A name can occur more than once. */
  headers: [name: string, value: string][];
}

/**
 * Reads the files that the kubeconfig names and runs its credential plugin. Loads the library only here: that takes
 * about half a second, and most runs of a program do not need it.
 * @throws MigrationError KUBECONFIG_INVALID
 */
export async function connect({ url, cluster, user }: ApiServer): Promise<Connection> {
  const headers = impersonation(user);
  const trusted = { ...cluster, ...dataOf(cluster, "certificate-authority") };
  const [login, client] = await Promise.all([loginOf(user, trusted), import("@kubernetes/client-node")]);
  const config = new client.KubeConfig();
  // The library refuses a server without TLS unless it may skip the verification.
  const skips = url.startsWith("http:") || cluster["insecure-skip-tls-verify"] === true;
  const entries = {
    "current-context": "chosen",
    contexts: [{ name: "chosen", context: { cluster: "chosen", user: "chosen" } }],
    clusters: [{ name: "chosen", cluster: { ...trusted, server: url, "insecure-skip-tls-verify": skips } }],
    users: [{ name: "chosen", user: { ...login, as: user.as } }],
  };
  config.loadFromString(JSON.stringify(entries));
  return { client, config, headers };
}

/** Data has precedence over a file, as in kubectl. The library prefers the file. */
function dataOf(entry: Entry, key: string): Entry {
  const path = entry[key];
  const text = entry[`${key}-data`] === undefined && isText(path) ? readIfThere(path) : "";
  if (text === undefined) throw invalid(`${path}, which the kubeconfig names, can't be read`, "correct the kubeconfig");
  return { [key]: undefined, [`${key}-data`]: entry[`${key}-data`] ?? base64(text) };
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

async function loginOf(user: Entry, cluster: Entry): Promise<Entry> {
  if (user["auth-provider"] !== undefined)
    throw invalid(
      "the kubeconfig uses an auth-provider, which Kubernetes dropped in 1.26",
      "use its exec plugin (kubelogin, gke-gcloud-auth-plugin), or a token",
    );
  const token = tokenOf(user);
  if (token === undefined && user.username === undefined && user.exec !== undefined)
    return fromPlugin(user.exec as ExecPlugin, cluster);
  return {
    token,
    username: user.username,
    password: user.password ?? "",
    ...dataOf(user, "client-certificate"),
    ...dataOf(user, "client-key"),
  };
}

/** `tokenFile` has precedence over `token`, unless it cannot be read, as in kubectl. */
function tokenOf({ token, tokenFile }: Entry): string | undefined {
  const fromFile = isText(tokenFile) ? readIfThere(tokenFile)?.trim() : undefined;
  const found = isText(fromFile) ? fromFile : isText(token) ? token.trim() : undefined;
  if (found === undefined && isText(tokenFile))
    throw invalid(
      `${tokenFile}, which the kubeconfig names, ${fromFile === "" ? "is empty" : "can't be read"}`,
      "correct the kubeconfig",
    );
  return found === undefined ? undefined : sendable(found, "the token in the kubeconfig");
}

/** The library's error would quote the value. */
function sendable(value: unknown, what: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(String(value))) return String(value);
  throw invalid(`${what} contains a character that cannot be sent in a header`, "correct the kubeconfig");
}

function impersonation(user: Entry): Connection["headers"] {
  const { as, "as-uid": uid } = user;
  const groups = (user["as-groups"] ?? []) as unknown[];
  const extra = Object.entries((user["as-user-extra"] ?? {}) as Record<string, unknown[]>);
  type Header = [key: string, name: string, value: unknown];
  const headers = [
    ...groups.map((group): Header => ["as-groups", "Impersonate-Group", group]),
    ...(isText(uid) ? [uid] : []).map((one): Header => ["as-uid", "Impersonate-Uid", one]),
    ...extra.flatMap(([field, values]) =>
      values.map((one): Header => ["as-user-extra", `Impersonate-Extra-${escaped(field)}`, one]),
    ),
  ];
  if (headers.length > 0 && !isText(as))
    throw invalid(`the kubeconfig's user has ${headers[0]![0]} without as`, "give as, the user to impersonate");
  if (isText(as)) sendable(as, "as in the kubeconfig");
  return headers.map(([key, name, value]) => [name, sendable(value, `${key} in the kubeconfig`)]);
}

/** The API server decodes the name of an extra field, because not every character may be in the name of a header. */
const escaped = (field: string) => encodeURIComponent(field).replace(/[()]/g, (c) => (c === "(" ? "%28" : "%29"));

interface ExecPlugin {
  command: string;
  args?: string[];
  env?: { name: string; value: string }[];
  apiVersion?: string;
  provideClusterInfo?: boolean;
}

const PLUGIN_LIMIT_MS = 60_000;

/** Runs a credential plugin (`client.authentication.k8s.io`). Its output is a credential and is never shown. */
async function fromPlugin(plugin: ExecPlugin, cluster: Entry): Promise<Entry> {
  const { server, "certificate-authority-data": ca } = cluster;
  const info = {
    apiVersion: plugin.apiVersion ?? "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    spec: {
      interactive: false,
      ...(plugin.provideClusterInfo ? { cluster: { server, "certificate-authority-data": ca } } : {}),
    },
  };
  const env = {
    ...process.env,
    ...Object.fromEntries((plugin.env ?? []).map((e) => [e.name, e.value])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  };
  let answer: { token?: string; clientCertificateData?: string; clientKeyData?: string } | undefined;
  try {
    const { stdout } = await promisify(execFile)(plugin.command, plugin.args ?? [], { env, timeout: PLUGIN_LIMIT_MS });
    answer = (JSON.parse(stdout) as { status?: typeof answer }).status;
  } catch (error) {
    const { code, killed, stderr } = error as { code?: string | number; killed?: boolean; stderr?: string };
    const said = stderr ? `: ${stderr.trim().slice(0, 500)}` : "";
    const late = killed === true ? `no answer within ${PLUGIN_LIMIT_MS / 1000} s` : undefined;
    const why = late ?? code ?? "its answer is no ExecCredential";
    throw invalid(
      `the kubeconfig's credential plugin ${plugin.command} failed (${why})${said}`,
      `run ${plugin.command} by hand, or log in again`,
    );
  }
  const { token, clientCertificateData: cert, clientKeyData: key } = answer ?? {};
  return {
    token: token === undefined ? undefined : sendable(token, `the token of the credential plugin ${plugin.command}`),
    ...(cert === undefined ? {} : { "client-certificate-data": base64(cert) }),
    ...(key === undefined ? {} : { "client-key-data": base64(key) }),
  };
}
