import { isDeepStrictEqual } from "node:util";
import { compareGrants, grantKey, grantsOf, userOfPrincipal, type Grant } from "../user/acl";
import { clientsCa, userCertificate } from "../user/clients-ca";
import { decode, generatePassword, isOwnSecret, secretOfUser, userSecret } from "../user/secret";
import { readUser, usernameOf, type UserSpec } from "../user/spec";
import type { Principals } from "../kafka/principals";
import { SECRETS, type Kube, type KubeObject, type Resource } from "../kube/client";
import { watchObjects, type ObjectWatch } from "../kube/watch";
import { WorkQueue } from "../queue";
import { invalidResource, Refusal } from "../refusal";
import type { Generation } from "../generation";
import { condition, isPaused, writeStatus } from "../status";
import { every } from "../timer";

/** A group in which KafkaUsers are served: its resource and the domain of its labels. */
export interface UserKind {
  resource: Resource;
  /** `strimzi.io` or `eventstreams.ibm.com`. */
  domain: string;
  generation: Generation;
}

export interface UserControllerOptions {
  kube: Kube;
  principals: Principals;
  /** Value of the label `<domain>/cluster`. The operator ignores a KafkaUser with another value. */
  cluster: string;
  namespace: string;
  /** Prefix of a user's Secret name, as STRIMZI_SECRET_PREFIX. Default none. */
  secretPrefix?: string;
  kinds: readonly UserKind[];
  /** Principals that are never deleted, as in Strimzi's ignore pattern. */
  ignored: RegExp;
  /** Interval of the full passes in milliseconds. */
  fullPassMs: number;
  /** Interval of the checks of the managed users' ACLs in milliseconds. */
  checkMs: number;
  progress: (line: string) => void;
}

export interface Controller {
  synced: Promise<void>;
  stop(): Promise<void>;
}

/** The user operator of one Kafka cluster. It owns every `User:` principal there. */
export function startUserController(options: UserControllerOptions): Controller {
  const { kube, principals, namespace, cluster, progress, secretPrefix = "" } = options;
  const label = `${namespace}/${cluster}`;
  /** The grants that each reconciled user should have, for the short check. */
  const settled = new Map<string, { principal: string; grants: Grant[] }>();

  const queue = new WorkQueue(reconcile, (name, error) =>
    progress(`operator: KafkaUser ${namespace}/${name} failed, trying again: ${(error as Error).message}`),
  );
  const watches: { kind: UserKind; users: ObjectWatch; secrets: ObjectWatch }[] = options.kinds.map((kind) => {
    const selector = `${kind.domain}/cluster=${cluster}`;
    const onChange = (_namespace: string, name: string): void => queue.add(name);
    const onSecret = (_namespace: string, secret: string): void => {
      if (secret.startsWith(secretPrefix)) queue.add(secret.slice(secretPrefix.length));
    };
    return {
      kind,
      users: watchObjects({ kube, resource: kind.resource, namespace, labelSelector: selector, onChange, progress }),
      secrets: watchObjects({
        kube,
        resource: SECRETS,
        namespace,
        labelSelector: `${selector},${kind.domain}/kind=KafkaUser`,
        onChange: onSecret,
        progress,
      }),
    };
  });

  const secretOf = (name: string): string => `${secretPrefix}${name}`;

  function find(name: string): { kind: UserKind; user: KubeObject } | undefined {
    for (const { kind, users } of watches) {
      const user = users.get(namespace, name);
      if (user) return { kind, user };
    }
    return undefined;
  }

  async function reconcile(name: string): Promise<void> {
    const found = find(name);
    if (!found) {
      if (!options.ignored.test(name)) await remove(name);
      settled.delete(name);
      return;
    }
    const { kind, user } = found;
    if (isPaused(user, kind.domain)) {
      await writeStatus(kube, kind.resource, user, {
        conditions: [condition("ReconciliationPaused")],
        observedGeneration: user.status?.observedGeneration ?? 0,
      });
      return;
    }
    const status = { observedGeneration: user.metadata.generation };
    try {
      const spec = readChecked(user, kind.generation);
      const secret = await apply(name, kind, user, spec);
      const ready = {
        ...status,
        conditions: [condition("Ready")],
        username: usernameOf(name, spec),
        ...(secret ? { secret: secretOf(name) } : {}),
      };
      if (await writeStatus(kube, kind.resource, user, ready))
        progress(`operator: KafkaUser ${namespace}/${name} is ready`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      settled.delete(name);
      // The user operator shows the outermost exception, with the whole chain in its message.
      const message = `${error instanceof EarlyRefusal ? EARLY : LATE}: ${error.javaClass}: ${error.message}`;
      const notReady = { ...status, conditions: [condition("NotReady", "ExecutionException", message)] };
      if (await writeStatus(kube, kind.resource, user, notReady))
        progress(`operator: KafkaUser ${namespace}/${name} is not ready: ${error.message}`);
    }
  }

  async function apply(name: string, kind: UserKind, user: KubeObject, spec: UserSpec): Promise<boolean> {
    const hasPassword = spec.authentication === "scram-sha-512";
    if (hasPassword) {
      const live = await kube.get(SECRETS, namespace, secretOf(name));
      const password = spec.passwordFrom
        ? await givenPassword(spec.passwordFrom)
        : (knownPassword(live, kind) ?? generatePassword());
      await principals.setPassword(name, password);
      await applySecret(live, userSecret(user, kind.domain, password, secretPrefix));
    } else if ((await principals.scramUsers()).has(name)) await principals.removePassword(name);
    const hasCertificate = spec.authentication === "tls";
    if (hasCertificate) {
      const authority = await clientsCa(kube, { namespace, cluster, domain: kind.domain });
      const live = await kube.get(SECRETS, namespace, secretOf(name));
      const own = live && isOwnSecret(live, kind.domain, cluster) ? live : undefined;
      await applySecret(
        live,
        secretOfUser(user, kind.domain, await userCertificate(authority, name, own), secretPrefix),
      );
    }
    if (!hasPassword && !hasCertificate && (await hasOwnSecret(kind, name)))
      await kube.delete(SECRETS, namespace, secretOf(name));
    const principal = usernameOf(name, spec);
    const wanted = grantsOf(spec.rules);
    const current = await principals.acls();
    for (const each of [name, `CN=${name}`]) {
      const { add, remove } = compareGrants(current.get(each) ?? [], each === principal ? wanted : []);
      await principals.removeAcls(each, remove);
      await principals.addAcls(each, add);
      await principals.setQuotas(each, each === principal ? spec.quotas : {});
    }
    settled.set(name, { principal, grants: wanted });
    return hasPassword || hasCertificate;
  }

  function knownPassword(secret: KubeObject | undefined, kind: UserKind): string | undefined {
    const value = secret && isOwnSecret(secret, kind.domain, cluster) ? secret.data?.password : undefined;
    return value ? decode(value) : undefined;
  }

  async function givenPassword(from: { name: string; key: string }): Promise<string> {
    const secret = await kube.get(SECRETS, namespace, from.name);
    if (!secret) throw invalidResource(`Secret ${from.name} in namespace ${namespace} not found`);
    const value = secret.data?.[from.key];
    if (value === undefined)
      throw invalidResource(`Secret ${from.name} does not contain the key ${from.key} with requested user password.`);
    if (value === "") throw invalidResource("The requested user password is empty.");
    return decode(value);
  }

  async function hasOwnSecret(kind: UserKind, name: string): Promise<boolean> {
    const live = await kube.get(SECRETS, namespace, secretOf(name));
    return live !== undefined && isOwnSecret(live, kind.domain, cluster);
  }

  async function applySecret(live: KubeObject | undefined, wanted: KubeObject): Promise<void> {
    if (!live) {
      await kube.create(SECRETS, wanted);
      return;
    }
    const parts = ({ data, metadata: { labels, ownerReferences } }: KubeObject): unknown[] => [
      data,
      labels,
      ownerReferences,
    ];
    if (isDeepStrictEqual(parts(live), parts(wanted))) return;
    await kube.replace(SECRETS, {
      ...wanted,
      metadata: { ...wanted.metadata, resourceVersion: live.metadata.resourceVersion },
    });
  }

  /**
   * Deletes everything of a user without a KafkaUser: its ACLs, its credential, and any Secret with its name, even one
   * that this operator did not create.
   */
  async function remove(name: string): Promise<void> {
    const removed: string[] = [];
    // Some principals (such as `*`) cannot be the name of a Secret.
    if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) && (await kube.delete(SECRETS, namespace, secretOf(name))))
      removed.push("Secret");
    // Include what this operator created: the broker that answers may not know it yet.
    const made = settled.get(name);
    const current = await principals.acls();
    for (const each of [name, `CN=${name}`]) {
      const found = current.get(each) ?? [];
      const grants = [...found, ...compareGrants(found, made?.principal === each ? made.grants : []).add];
      await principals.removeAcls(each, grants);
      await principals.setQuotas(each, {});
      if (grants.length > 0) removed.push(`${grants.length} ACLs`);
    }
    if (made?.principal === name || (await principals.scramUsers()).has(name)) {
      await principals.removePassword(name);
      removed.push("credential");
    }
    if (removed.length > 0)
      progress(`operator: user ${name} of ${label} has no KafkaUser: removed ${removed.join(", ")}`);
  }

  async function fullPass(): Promise<void> {
    const names = new Set<string>();
    for (const principal of [...(await principals.acls()).keys(), ...(await principals.scramUsers())]) {
      if (!options.ignored.test(principal) && !options.ignored.test(userOfPrincipal(principal)))
        names.add(userOfPrincipal(principal));
    }
    for (const { users } of watches) for (const user of users.all()) names.add(user.metadata.name);
    for (const name of names) queue.add(name);
  }

  /** Finds managed users whose ACLs another client added or deleted, and reconciles them. */
  async function check(): Promise<void> {
    const current = await principals.acls();
    for (const [name, { principal, grants }] of settled) {
      const wanted = new Set(grants.map(grantKey));
      const found = current.get(principal) ?? [];
      if (found.length !== wanted.size || found.some((grant) => !wanted.has(grantKey(grant)))) queue.add(name);
    }
  }

  const stopPass = every(options.fullPassMs, fullPass, (error) =>
    progress(`operator: the full pass of ${label} failed: ${error.message}`),
  );
  const stopCheck = every(options.checkMs, check, (error) =>
    progress(`operator: the check of ${label} failed: ${error.message}`),
  );
  return {
    synced: Promise.all(watches.flatMap(({ users, secrets }) => [users.synced, secrets.synced])).then(() => undefined),
    async stop() {
      await Promise.all([
        stopPass(),
        stopCheck(),
        ...watches.flatMap(({ users, secrets }) => [users.stop(), secrets.stop()]),
      ]);
      await queue.stop();
      await principals.close();
    },
  };
}

/**
 * The wrapper exceptions of the real operator: EARLY when the resource itself is wrong, LATE when a later step fails.
 */
const EARLY = "io.strimzi.operator.common.ReconciliationException";
const LATE = "java.util.concurrent.CompletionException";

class EarlyRefusal extends Refusal {}

function readChecked(user: KubeObject, generation: Generation): UserSpec {
  try {
    return readUser(user, generation);
  } catch (error) {
    if (error instanceof Refusal) throw new EarlyRefusal(error.javaClass, error.message);
    throw error;
  }
}
