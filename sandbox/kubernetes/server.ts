import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { ensureParts } from "../parts";
import { freePorts, isPortClash, lastLines, supervise, type ManagedProcess, type Supervisor } from "../processes";
import { createAuthority, issueCertificate } from "../tls";
import { applyDefinitions, readDefinitions } from "./crds";
import { KubernetesRest } from "./rest";
import type { Kubernetes, KubernetesOptions, KubernetesParts } from "./types";

/** Maximum attempts to start both servers when another process takes one of their ports. */
const attempts = 4;
const bootLimitMs = 120_000;

/**
 * Starts etcd and kube-apiserver, and applies Strimzi's CRDs under Strimzi's group and under the group of Event
 * Streams. Returns when the CRDs are served. There is no controller manager. The garbage collector is therefore
 * switched off: otherwise a deletion with propagation "Foreground" would never end. Nothing removes the objects that a
 * deleted object owns.
 * @throws SandboxError with the last lines of the log of the server that failed
 */
export async function startKubernetes(options: KubernetesOptions): Promise<Kubernetes> {
  const parts = options.parts ?? (await kubernetesParts(options.progress));
  const supervisor = supervise(options.folder);
  const started = Date.now();
  const definitions = await readDefinitions(parts["strimzi-crds"]);
  for (let attempt = 1; ; attempt++) {
    const folder = join(options.folder, attempt === 1 ? "api" : `api-${attempt}`);
    const servers = await bootServers(parts, supervisor, folder);
    try {
      await servers.api.until("an answer of /readyz", () => ready(servers), bootLimitMs, 100);
      const booted = Date.now();
      await applyDefinitions(servers.rest, servers.api, definitions);
      options.progress(
        `kubernetes: API server ready in ${seconds(started, booted)} s, ${definitions.length} CRDs served after ` +
          `${seconds(booted, Date.now())} s more`,
      );
      return await describe(servers, options.folder);
    } catch (error) {
      await Promise.all([servers.api.kill(), servers.etcd.kill()]);
      servers.rest.close();
      const clash = [servers.api, servers.etcd].some((one) => isPortClash(lastLines(one.log, 60)));
      if (!clash || attempt === attempts) throw error;
      options.progress("kubernetes: another process took a port, once more with other ports");
    }
  }
}

async function kubernetesParts(progress: (line: string) => void): Promise<KubernetesParts> {
  const found = await ensureParts(["etcd", "kube-apiserver", "strimzi-crds"], progress);
  return {
    etcd: found.etcd.path,
    "kube-apiserver": found["kube-apiserver"].path,
    "strimzi-crds": found["strimzi-crds"].path,
  };
}

interface Servers {
  etcd: ManagedProcess;
  api: ManagedProcess;
  rest: KubernetesRest;
  server: string;
  token: string;
  ca: string;
}

async function bootServers(parts: KubernetesParts, supervisor: Supervisor, folder: string): Promise<Servers> {
  const [port = 0, etcdPort = 0, peerPort = 0] = await freePorts(3);
  const keys = join(folder, "keys");
  await mkdir(keys, { recursive: true, mode: 0o700 });
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(keys, name), text, { mode: 0o600 });
    return join(keys, name);
  };
  const authority = await createAuthority("sandbox kubernetes CA");
  const own = await issueCertificate(authority, {
    commonName: "sandbox-kubernetes",
    hosts: ["127.0.0.1", "localhost", "kubernetes.default.svc"],
    usage: "both",
  });
  const ca = await write("ca.pem", authority.cert);
  const cert = await write("server.pem", own.cert);
  const key = await write("server-key.pem", own.key);
  const accounts = await write(
    "accounts-key.pem",
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "sec1", format: "pem" }).toString(),
  );
  const token = randomBytes(24).toString("base64url");
  const tokens = await write("tokens.csv", `${token},sandbox-administrator,sandbox-administrator,system:masters\n`);

  const peer = `https://127.0.0.1:${peerPort}`;
  const storage = `https://127.0.0.1:${etcdPort}`;
  const etcd = supervisor.start({
    name: "etcd",
    command: parts.etcd,
    args: [
      `--data-dir=${join(folder, "etcd")}`,
      `--listen-client-urls=${storage}`,
      `--advertise-client-urls=${storage}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      // Only the API server may connect. etcd holds every Secret, and every user of the machine can reach loopback.
      ...["", "peer-"].flatMap((side) => [
        `--${side}cert-file=${cert}`,
        `--${side}key-file=${key}`,
        `--${side}trusted-ca-file=${ca}`,
        `--${side}client-cert-auth`,
      ]),
      // The data is deleted with the sandbox, so it does not have to survive a power failure.
      "--unsafe-no-fsync",
      "--log-level=warn",
    ],
    log: join(folder, "etcd.log"),
  });
  const server = `https://127.0.0.1:${port}`;
  const api = supervisor.start({
    name: "kube-apiserver",
    command: parts["kube-apiserver"],
    args: [
      `--etcd-servers=${storage}`,
      `--etcd-cafile=${ca}`,
      `--etcd-certfile=${cert}`,
      `--etcd-keyfile=${key}`,
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      `--secure-port=${port}`,
      `--cert-dir=${keys}`,
      `--tls-cert-file=${cert}`,
      `--tls-private-key-file=${key}`,
      "--service-cluster-ip-range=10.0.0.0/24",
      "--endpoint-reconciler-type=none",
      `--service-account-issuer=${server}`,
      `--service-account-key-file=${accounts}`,
      `--service-account-signing-key-file=${accounts}`,
      `--token-auth-file=${tokens}`,
      "--authorization-mode=RBAC",
      "--anonymous-auth=false",
      "--disable-admission-plugins=ServiceAccount",
      "--enable-garbage-collector=false",
      "--profiling=false",
    ],
    cwd: folder,
    log: join(folder, "kube-apiserver.log"),
  });
  return { etcd, api, rest: new KubernetesRest(server, token, authority.cert), server, token, ca: authority.cert };
}

async function ready({ rest, etcd }: Servers): Promise<true | undefined> {
  // The API server keeps trying to reach a store that has exited. This call throws with etcd's own last lines.
  if (etcd.exit) await etcd.until("the API server was ready", () => undefined, 0);
  try {
    return (await rest.call("GET", "/readyz")).status === 200 ? true : undefined;
  } catch {
    return undefined;
  }
}

async function describe(servers: Servers, folder: string): Promise<Kubernetes> {
  const { rest, server, token, ca } = servers;
  const kubeconfig = join(folder, "kubeconfig.yaml");
  await writeFile(kubeconfig, kubeconfigText(server, token, ca), { mode: 0o600 });
  return {
    kubeconfig,
    server,
    token,
    ca,
    createNamespace: (name) =>
      rest.create("/api/v1/namespaces", `namespace ${name}`, {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name },
      }),
    stop: async () => {
      rest.close();
      // The data is deleted anyway, so an orderly shutdown has no benefit.
      await Promise.all([servers.api.kill(), servers.etcd.kill()]);
    },
  };
}

function kubeconfigText(server: string, token: string, ca: string): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "sandbox", cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") } },
    ],
    users: [{ name: "sandbox-administrator", user: { token } }],
    contexts: [{ name: "sandbox", context: { cluster: "sandbox", user: "sandbox-administrator" } }],
    "current-context": "sandbox",
  });
}

const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(1);
