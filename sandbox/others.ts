import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { SandboxError } from "./error";
import { connectKube, type Kube, type KubeObject, type Resource, SECRETS } from "./operator/kube/client";
import { createAuthority } from "./tls";
import type { SandboxCluster } from "./types";

export interface OthersOptions {
  kubeconfig: string;
  /** The clusters whose users are created by operators outside of the sandbox. */
  clusters: readonly SandboxCluster[];
  /** For the error message: how to use the sandbox's own operator instead. */
  ownOperator: string;
  /** Folder of the sandbox. The file with the information for the operators is written here. */
  folder: string;
  /**
   * Maximum wait for the operators in milliseconds. Default 600000 (10 minutes): the user may have to start them first.
   */
  limitMs?: number;
  signal?: AbortSignal;
  progress: (line: string) => void;
}

const NEWEST_FIRST = ["v1", "v1beta2"];
const EVERY_MS = 500;
const START_THEM =
  "start a user operator for each cluster while this waits for them, with what is in the file that it names";

/**
 * Prepares for user operators outside of the sandbox, and waits until they run. Each operator must create a test
 * KafkaUser, which is then deleted. A user operator does not create CA Secrets. This function creates the missing ones
 * and uses existing ones unchanged.
 * @returns a function that deletes what was created here
 * @throws SandboxError `NO_NAMESPACE`, `NO_CRDS`, `NO_OPERATOR` with every side that lacks it
 */
export async function readyForOthers(options: OthersOptions): Promise<() => Promise<void>> {
  const kube = await connectKube(options.kubeconfig);
  const made: { namespace: string; name: string }[] = [];
  const undo = async (): Promise<void> => {
    const again = await connectKube(options.kubeconfig);
    try {
      for (const { namespace, name } of made.splice(0)) await again.delete(SECRETS, namespace, name).catch(() => false);
    } finally {
      again.close();
    }
  };
  try {
    const users = await servedUsers(kube);
    for (const cluster of options.clusters) made.push(...(await missingSecrets(kube, cluster)));
    const file = await tellOperators(options);
    options.progress(
      `operators: waiting for the user operators of ${options.clusters.map((one) => one.label).join(" and ")}; ` +
        `${file} says how they reach everything`,
    );
    const answers = await Promise.allSettled(options.clusters.map((cluster) => probe(kube, users, cluster, options)));
    options.signal?.throwIfAborted();
    const faults = answers.flatMap((one) => (one.status === "rejected" ? [(one.reason as Error).message] : []));
    if (faults.length > 0) {
      throw new SandboxError("NO_OPERATOR", faults.join("\n"), { fix: `${START_THEM}, or ${options.ownOperator}` });
    }
    options.progress(
      `operators: the user operators of ${options.clusters.map((one) => one.label).join(" and ")} are there`,
    );
    return undo;
  } catch (error) {
    await undo();
    throw error;
  } finally {
    kube.close();
  }
}

/**
 * Checks a given Kubernetes cluster before anything is booted for it.
 * @throws SandboxError `KUBERNETES_UNREACHABLE`, `NO_CRDS`
 */
export async function requireKubernetes(kubeconfig: string): Promise<void> {
  let kube: Kube | undefined;
  try {
    kube = await connectKube(kubeconfig);
    await servedUsers(kube);
  } catch (error) {
    if (error instanceof SandboxError) throw error;
    throw new SandboxError("KUBERNETES_UNREACHABLE", `kubeconfig ${kubeconfig}: ${(error as Error).message}`, {
      fix: "check the path of the kubeconfig, its current context, and the API server",
      cause: error,
    });
  } finally {
    kube?.close();
  }
}

/** KafkaUser in the newest version that the API server serves. */
export async function servedUsers(kube: Kube): Promise<Resource> {
  const [group, plural] = ["kafka.strimzi.io", "kafkausers"];
  const served = await kube.servedVersions(group, plural);
  const version = NEWEST_FIRST.find((one) => served.includes(one));
  if (version !== undefined) return { group, version, plural, kind: "KafkaUser" };
  const seen = served.length === 0 ? `no ${plural}.${group}` : `${plural}.${group} only in ${served.join(", ")}`;
  throw new SandboxError("NO_CRDS", `that Kubernetes cluster serves ${seen}`, {
    fix: `install Strimzi's CRDs; the story needs one of ${NEWEST_FIRST.join(", ")}`,
  });
}

/** Creates the missing CA Secrets that an operator and the migration read. @returns the Secrets that were created */
async function missingSecrets(
  kube: Kube,
  { label, namespace, ca }: SandboxCluster,
): Promise<{ namespace: string; name: string }[]> {
  const clients = await createAuthority(`${label} clients CA`);
  const secrets: Record<string, Record<string, string>> = {
    [`${label}-cluster-ca-cert`]: { "ca.crt": ca },
    // Signs certificates of users with TLS. The sandbox's brokers do not ask for any, but a user operator looks for it.
    [`${label}-clients-ca-cert`]: { "ca.crt": clients.cert },
    [`${label}-clients-ca`]: { "ca.key": clients.key },
  };
  const [, cert, key] = Object.keys(secrets) as [string, string, string];
  const there = async (name: string): Promise<boolean> => (await kube.get(SECRETS, namespace, name)) !== undefined;
  const pair = (await there(cert)) || (await there(key));
  const made: { namespace: string; name: string }[] = [];
  for (const [name, data] of Object.entries(secrets)) {
    if (name === cert || name === key ? pair : await there(name)) continue;
    await kube.create(SECRETS, caSecret(label, namespace, name, data)).catch((error: Error) => {
      throw new SandboxError("NO_NAMESPACE", `Secret ${namespace}/${name} cannot be made: ${error.message}`, {
        fix: "make the namespaces of both clusters and of the mirror first",
      });
    });
    made.push({ namespace, name });
  }
  return made;
}

function caSecret(label: string, namespace: string, name: string, data: Record<string, string>): KubeObject {
  return {
    metadata: {
      name,
      namespace,
      labels: {
        "strimzi.io/cluster": label,
        "strimzi.io/kind": "Kafka",
        "strimzi.io/component-type": "certificate-authority",
      },
      annotations: { "strimzi.io/ca-cert-generation": "0", "strimzi.io/ca-key-generation": "0" },
    },
    type: "Opaque",
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
  };
}

/** @returns the path of a file that only this user may read, because it holds the administrators' passwords */
async function tellOperators({ folder, kubeconfig, clusters }: OthersOptions): Promise<string> {
  const file = join(folder, "operators.json");
  const about = ({ label, namespace, bootstrapServers, admin }: SandboxCluster) => ({
    namespace,
    label: `strimzi.io/cluster=${label}`,
    bootstrapServers,
    ...admin,
    mechanism: "SCRAM-SHA-512",
    clusterCaSecret: `${label}-cluster-ca-cert`,
    clientsCaSecrets: [`${label}-clients-ca-cert`, `${label}-clients-ca`],
  });
  await writeFile(file, `${JSON.stringify({ kubeconfig, clusters: clusters.map(about) }, null, 2)}\n`, { mode: 0o600 });
  return file;
}

/**
 * Waits until the operator has created a test user, then deletes the user.
 * @throws Error with the operator's message, or if no operator answers
 */
async function probe(
  kube: Kube,
  users: Resource,
  { label, namespace }: SandboxCluster,
  options: OthersOptions,
): Promise<void> {
  const { limitMs = 600_000, signal } = options;
  const name = `sandbox-probe-${randomBytes(4).toString("hex")}`;
  await kube.create(users, {
    metadata: { name, namespace, labels: { "strimzi.io/cluster": label } },
    spec: { authentication: { type: "scram-sha-512" } },
  });
  try {
    const end = Date.now() + limitMs;
    for (;;) {
      signal?.throwIfAborted();
      const verdict = verdictOf(await kube.get(users, namespace, name));
      if (verdict === "ready") return;
      if (verdict !== undefined)
        throw new Error(`${label}: the user operator in ${namespace} says of a new KafkaUser: ${verdict}`);
      if (Date.now() >= end)
        throw new Error(`${label}: no user operator made a KafkaUser in ${namespace} within ${limitMs / 1000} s`);
      await pause(EVERY_MS, undefined, { signal });
    }
  } finally {
    await kube.delete(users, namespace, name);
    const gone = async () => (await kube.get(SECRETS, namespace, name)) === undefined;
    for (let i = 0; i < 20 && !(await gone()); i++) await pause(EVERY_MS);
  }
}

/** `ready`, the message of NotReady, or undefined if the status shows neither. */
function verdictOf(user: KubeObject | undefined): string | undefined {
  const conditions = (user?.status?.conditions ?? []) as { type: string; status: string; message?: string }[];
  const isTrue = (type: string) => conditions.find((one) => one.type === type && one.status === "True");
  if (isTrue("Ready")) return "ready";
  const refused = isTrue("NotReady");
  return refused && (refused.message ?? "NotReady, without a message");
}
