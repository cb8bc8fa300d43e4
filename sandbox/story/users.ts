import { setTimeout as delay } from "node:timers/promises";
import type { EstateUser } from "../estate/users";
import { applicationClient } from "../estate/seed";
import { connectKube, type KubeObject, SECRETS } from "../operator/kube/client";
import { SandboxError } from "../error";
import { servedUsers } from "../others";
import type { Sandbox, SandboxCluster } from "../start";
import { eventStreamsUsers } from "./kubernetes";
import type { Settings } from "./project";

/** What an application can do on one cluster, with one password. */
export interface Ability {
  user: string;
  /** Topics that it may write. */
  writes: string[];
  /** Topics that it may describe. */
  sees: string[];
  /** True: it may begin a transaction with an id of its own. Undefined: it has none. */
  transactions?: boolean;
}

const READY_LIMIT_MS = 60_000;

/**
 * Creates the KafkaUsers of the applications on the origin.
 * @param eventStreams as users of Event Streams
 * @returns the passwords that the operator made, by user
 */
export async function createUsers(
  sandbox: Sandbox,
  users: readonly EstateUser[],
  eventStreams: boolean,
): Promise<Map<string, string>> {
  const { namespace, label } = sandbox.origin;
  const kube = await connectKube(sandbox.kubeconfig);
  try {
    const resource = eventStreams ? (await eventStreamsUsers(kube))[0]! : await servedUsers(kube);
    const domain = eventStreams ? "eventstreams.ibm.com" : "strimzi.io";
    for (const [i, user] of users.entries())
      await kube.create(resource, {
        metadata: { name: user.name, namespace, labels: { ...labelsOf(user), [`${domain}/cluster`]: label } },
        spec: specOf(user, i % 2 === 1),
      } as unknown as KubeObject);
    const passwords = new Map<string, string>();
    const end = Date.now() + READY_LIMIT_MS;
    for (const { name, authentication } of users) {
      while (!isReady(await kube.get(resource, namespace, name))) {
        if (Date.now() > end)
          throw new SandboxError("NO_USER", `KafkaUser ${namespace}/${name} did not become ready`, {
            fix: "look at its status",
          });
        await delay(100);
      }
      if (authentication === "tls-external") continue;
      const secret = await kube.get(SECRETS, namespace, name);
      passwords.set(name, Buffer.from(String(secret?.data?.password), "base64").toString("utf8"));
    }
    return passwords;
  } finally {
    kube.close();
  }
}

function isReady(user: KubeObject | undefined): boolean {
  const conditions = (user?.status?.conditions ?? []) as { type: string; status: string }[];
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

/** Labels that a person gave the user. */
export const labelsOf = ({ name }: EstateUser): Record<string, string> => ({
  "app.kubernetes.io/name": name,
  team: "a",
});

/** @param brief true: without what has a default, as people write it */
function specOf({ authentication, acls, quotas }: EstateUser, brief: boolean): object {
  const rules = acls.map(({ resource, name, pattern, host, permission, operations }) => ({
    ...(brief && permission === undefined ? {} : { type: permission ?? "allow" }),
    ...(brief && host === undefined ? {} : { host: host ?? "*" }),
    operations,
    resource: {
      type: resource,
      ...(resource === "cluster" ? {} : { name }),
      ...(resource === "cluster" || (brief && pattern === undefined)
        ? {}
        : { patternType: pattern === "prefixed" ? "prefix" : "literal" }),
    },
  }));
  return {
    authentication: { type: authentication },
    ...(brief && rules.length === 0 ? {} : { authorization: { type: "simple", acls: rules } }),
    ...(quotas === undefined ? {} : { quotas }),
  };
}

/** The users of applications stay. So do the Secrets with their passwords. */
export function isOfUser(object: string, users: readonly EstateUser[] = []): boolean {
  const name = /^kubernetes: (?:KafkaUser|Secret) (?:origin|target)-ns\/(.*?)(?:-client-password)?$/.exec(object)?.[1];
  return users.some((user) => user.name === name);
}

/** What a migration has to know of these users. */
export const clientSettings = (users: readonly EstateUser[] = []): Settings =>
  users.length === 0 ? {} : { clients: { users } };

/** Logs in as an application, and tries what it may do with these topics. Writes records. */
export async function abilityOf(
  { connection }: Pick<SandboxCluster, "connection">,
  user: EstateUser,
  password: string,
  topics: readonly string[],
): Promise<Ability> {
  const kafka = applicationClient(
    { ...connection, sasl: { ...connection.sasl, username: user.name, password } },
    user.name,
  );
  const may = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (/authoriz/i.test((error as Error).message)) return false;
      throw error;
    }
  };
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  const [writes, sees]: [string[], string[]] = [[], []];
  try {
    await admin.connect();
    await producer.connect();
    for (const topic of topics) {
      if (await may(() => admin.fetchTopicOffsets(topic))) sees.push(topic);
      if (await may(() => producer.send({ topic, messages: [{ value: "probe" }] }))) writes.push(topic);
    }
  } finally {
    await producer.disconnect();
    await admin.disconnect();
  }
  const own = user.acls.find(({ resource }) => resource === "transactionalId");
  if (own === undefined) return { user: user.name, writes, sees };
  const transactionalId = own.pattern === "prefixed" ? `${own.name}1` : own.name;
  const transactor = kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true });
  await transactor.connect();
  const transactions = await may(async () => (await transactor.transaction()).abort());
  await transactor.disconnect();
  return { user: user.name, writes, sees, transactions };
}
