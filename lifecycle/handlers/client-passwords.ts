import { isMigrationError, Mistakes } from "../../engine/errors";
import type { Progress } from "../../engine/progress";
import { inParallel } from "../../engine/side-by-side";
import { countText } from "../../engine/units";
import { type KubernetesReader, openKubernetes } from "../kubernetes/reader";
import { prefixIn } from "../kubernetes/left";
import { defineStep } from "./framework";

export interface ClientPasswordsInputs {
  /** API version of the KafkaUsers. Their status names their Secrets. */
  apiVersion: string;
  /** The users, each with the namespace of its KafkaUser. */
  users: { name: string; namespace: string }[];
  /** Prefix of the operator's Secrets, if it is known. */
  secretPrefix?: string;
  /** Content or path of a kubeconfig. Absent: found in the same way as Pulumi's Kubernetes plugin finds it. */
  kubeconfig?: string;
  context?: string;
}

export interface ClientPasswordsOutputs {
  /** By user, in base64 as in the Kubernetes API. */
  passwords: Record<string, string>;
}

interface Read {
  passwords: Record<string, string>;
  /** Why the others could not be read. */
  missing: string[];
}

async function read({ apiVersion, users, secretPrefix, ...access }: ClientPasswordsInputs): Promise<Read> {
  const reader = openKubernetes(access);
  const passwords: Record<string, string> = {};
  const missing: string[] = [];
  await inParallel(users, async ({ name, namespace }) => {
    const prefix = secretPrefix ?? (await prefixOf(reader, { apiVersion, namespace, name }));
    const place = { apiVersion: "v1", kind: "Secret" as const, namespace, name: `${prefix}${name}` };
    const secret = await reader.get(place);
    const what = `Secret ${namespace}/${place.name}`;
    const password = secret?.data?.password;
    if (password !== undefined) passwords[name] = password;
    else missing.push(`user ${name}: ${what} ${secret === undefined ? "does not exist" : 'has no key "password"'}`);
  });
  return { passwords, missing: missing.sort() };
}

async function prefixOf(reader: KubernetesReader, user: { apiVersion: string; namespace: string; name: string }) {
  return prefixIn(await reader.get({ ...user, kind: "KafkaUser" }), user.name) ?? "";
}

function requireAll(missing: readonly string[], server: string): void {
  const mistakes = new Mistakes();
  for (const one of missing) mistakes.add(one);
  mistakes.throwIfAny(
    "SECRET_MISSING",
    `${countText(missing.length, "password")} of applications' users could not be read from ${server}`,
    "check that these users still exist on the origin and are Ready; give the password of a user without a Secret in " +
      "clientPasswords, or leave the user out with clients.exclude",
  );
}

const inOrder = (passwords: Record<string, string>) => Object.fromEntries(Object.entries(passwords).sort());

/**
 * Passwords of users from the Secrets of the origin's operator. The state keeps them, encrypted: the origin may be gone
 * when the next `up` runs. A Secret that changed is read again.
 */
export const clientPasswordsStep = defineStep<ClientPasswordsInputs, ClientPasswordsOutputs>("client-passwords", {
  outputs: { passwords: true },
  secret: ["kubeconfig", "passwords"],

  /** Names all missing Secrets, if the cluster can be reached. */
  async previewFailures(news, olds) {
    if (olds !== undefined) return [];
    try {
      requireAll((await read(news)).missing, openKubernetes(news).server);
      return [];
    } catch (error) {
      return isMigrationError(error) && error.code === "SECRET_MISSING" ? [error.message] : [];
    }
  },

  async create(inputs) {
    const { passwords, missing } = await read(inputs);
    requireAll(missing, openKubernetes(inputs).server);
    return { passwords: inOrder(passwords) };
  },

  async update(olds, news, progress) {
    const { passwords: now, missing } = await read(news);
    const known = olds.passwords ?? {};
    const passwords: Record<string, string> = { ...now };
    for (const { name } of news.users) {
      if (passwords[name] !== undefined || known[name] === undefined) continue;
      passwords[name] = known[name];
      progress.info(`the origin's Secret of user ${name} is gone: the password of the last update is used`);
    }
    const stillMissing = missing.filter(
      (line) => !news.users.some(({ name }) => line.startsWith(`user ${name}:`) && known[name] !== undefined),
    );
    requireAll(stillMissing, openKubernetes(news).server);
    return { passwords: inOrder(passwords) };
  },

  async isOutdated(state, progress: Progress) {
    try {
      const { passwords } = await read(state);
      return Object.entries(passwords).some(([name, password]) => state.passwords?.[name] !== password);
    } catch (error) {
      const why = isMigrationError(error) ? error.seen : "the kubeconfig can't be read";
      progress.info(`the applications' passwords could not be read again (${why}): those of the last update are used`);
      return false;
    }
  },

  async remove() {},
  immaterial: ["kubeconfig", "context", "secretPrefix", "apiVersion"],
});
