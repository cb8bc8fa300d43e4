import { isMigrationError, Mistakes } from "../../engine/errors";
import type { Progress } from "../../engine/progress";
import { inParallel } from "../../engine/side-by-side";
import { countText } from "../../engine/units";
import { type ObjectPlace, openKubernetes } from "../kubernetes/reader";
import { notServed } from "../kubernetes/served";
import { readinessOf, waitUntilReady } from "../kubernetes/wait";
import { OWNER_ANNOTATION } from "../owner";
import { defineStep } from "./framework";
import { holderOf, type KafkaCluster, prefixes, whyOpen } from "./unclaimed";

/** The KafkaUsers of applications on one Kubernetes cluster. */
interface ClientObjects {
  /** API version of the KafkaUsers. */
  apiVersion: string;
  /** Namespace of the KafkaUsers and of all Secrets. */
  namespace: string;
  users: string[];
  /** Content or path of a kubeconfig. Absent: found in the same way as Pulumi's Kubernetes plugin finds it. */
  kubeconfig?: string;
  context?: string;
}

export interface UnclaimedClientsInputs extends ClientObjects {
  /** Stack that is about to create the objects. */
  owner: string;
  /** Users whose Secret an operator creates beside the KafkaUser. */
  withSecret: string[];
  /** Secrets with passwords that this stack creates. */
  secrets: string[];
  /** Prefix of the operator's Secrets, if it is known. */
  secretPrefix?: string;
  cluster: KafkaCluster;
}

async function requireFree(inputs: UnclaimedClientsInputs, progress: Progress): Promise<object> {
  const { apiVersion, namespace, users, withSecret, secrets, owner, cluster, secretPrefix } = inputs;
  const reader = openKubernetes(inputs);
  const of = { apiVersion, kind: "KafkaUser" as const, namespace };
  if (users.length > 0) {
    const open = await whyOpen(reader, { ...of, name: users[0]! }, cluster);
    if (open !== undefined) throw open;
  }
  const secret = (name: string): ObjectPlace => ({ apiVersion: "v1", kind: "Secret", namespace, name });
  const operator = secretPrefix === undefined ? { apiVersion } : { apiVersion, secretPrefix };
  const before = withSecret.length === 0 ? [] : await prefixes({ place: of, operator }, reader, progress);
  const places = [
    ...users.map((name) => ({ place: { ...of, name } as ObjectPlace, ofKafkaUser: false })),
    ...withSecret.flatMap((name) => before.map((prefix) => ({ place: secret(`${prefix}${name}`), ofKafkaUser: true }))),
    ...secrets.map((name) => ({ place: secret(name), ofKafkaUser: false })),
  ];
  const holders = new Map<ObjectPlace, string>();
  await inParallel(places, async ({ place, ofKafkaUser }) => {
    const holder = await holderOf(reader, place, { owner, ofKafkaUser });
    if (holder !== undefined) holders.set(place, holder);
  });
  const taken = new Mistakes();
  for (const { place } of places)
    if (holders.has(place)) taken.add(`${place.kind} ${namespace}/${place.name} ${holders.get(place)}`);
  taken.throwIfAny(
    "OBJECT_TAKEN",
    `${countText(taken.list.length, "object")} of the applications' users already ${taken.list.length === 1 ? "exists" : "exist"} ` +
      `on ${reader.server}; nothing was changed`,
    "leave these users out (clients.exclude), delete an object that nothing needs, or hand it to this stack: " +
      `kubectl annotate --overwrite KIND NAME -n ${namespace} ${OWNER_ANNOTATION}=${owner}`,
  );
  return {};
}

/** Runs before the users of applications are created. Names every object that somebody else has, in one error. */
export const unclaimedClientsStep = defineStep<UnclaimedClientsInputs, object>("unclaimed-clients", {
  async previewFailures(news, olds) {
    const ask = async () => {
      const { apiVersion, namespace, users, cluster } = news;
      const place = { apiVersion, kind: "KafkaUser" as const, namespace, name: users[0] ?? "" };
      const reader = openKubernetes(news);
      const missing = await notServed(reader, place);
      if (missing !== undefined) return missing.served.length === 0 ? undefined : missing.error;
      return olds === undefined ? whyOpen(reader, place, cluster) : undefined;
    };
    const found = await ask().catch(() => undefined);
    return found === undefined ? [] : [found.message];
  },
  create: requireFree,
  update: (_olds, news, progress) => requireFree(news, progress),
  async remove() {},
  immaterial: ["kubeconfig", "context", "cluster", "secretPrefix"],
  secret: ["kubeconfig"],
});

export interface ClientsReadyInputs extends ClientObjects {
  /** Longest time to wait for the operator, in seconds. */
  limitSeconds: number;
}

async function waitForAll(inputs: ClientsReadyInputs, progress: Progress): Promise<object> {
  const { apiVersion, namespace, users, limitSeconds } = inputs;
  const reader = openKubernetes(inputs);
  const patience = { limitMs: limitSeconds * 1000 };
  const failed = new Mistakes();
  const fixes = new Set<string>();
  await inParallel(users, async (name) => {
    try {
      await waitUntilReady(reader, { apiVersion, kind: "KafkaUser", namespace, name }, patience, progress);
    } catch (error) {
      if (!isMigrationError(error) || !WAITS.includes(error.code)) throw error;
      failed.add(error.seen);
      fixes.add(error.fix);
    }
  });
  const count = failed.list.length;
  failed.throwIfAny(
    "RESOURCE_NOT_READY",
    `${count} of ${countText(users.length, "user")} of applications ${count === 1 ? "is" : "are"} not ready on the target`,
    [...fixes].join("; "),
  );
  return {};
}

const WAITS = ["RESOURCE_MISSING", "RESOURCE_NOT_READY", "RESOURCE_WAIT_LIMIT"];

/** Waits until the operator reports every user of an application as ready. Names all that are not, in one error. */
export const clientsReadyStep = defineStep<ClientsReadyInputs, object>("clients-ready", {
  create: waitForAll,
  update: (_olds, news, progress) => waitForAll(news, progress),
  async remove() {},
  /** The operator has not seen a user's current generation, or no longer reports it as ready. */
  async isOutdated(state) {
    const { apiVersion, namespace, users } = state;
    const ask = async () => openKubernetes(state).list({ apiVersion, kind: "KafkaUser", namespace });
    const found = await ask().catch(() => undefined);
    if (found === undefined) return false;
    const byName = new Map(found.map((user) => [String(user.metadata.name), user]));
    return users.some((name) => {
      const user = byName.get(name);
      return user === undefined || readinessOf(user).state !== "ready";
    });
  },
  immaterial: ["kubeconfig", "context", "limitSeconds"],
  secret: ["kubeconfig"],
});
