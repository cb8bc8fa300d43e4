import { type AclRule, guideAcls, leastAcls } from "../../engine/acls";
import { Mistakes } from "../../engine/errors";
import { defined } from "../../engine/objects";
import { didYouMean } from "../../engine/near-miss";
import type { MirrorModel, Profile, Side } from "../../engine/model";
import { type Text, textsOf } from "../../engine/rules";
import { dialectNamed, type ResourceText } from "../dialects";
import { mirrorModelOf } from "../mirror/resolve";
import { DEFAULT_USER, refusalsOf } from "./rules";
import { type MirrorUserArgs, type UserRights, userSchema } from "../settings/parts";
import { faultsOf, sayFault } from "../shape";

/** A KafkaUser as plain data. */
export interface UserDescription
  extends UserRights,
    Pick<MirrorUserArgs, "dialect" | "operatorVersion" | "authentication"> {
  name?: string;
  namespace: string;
  cluster: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  quotas?: Record<string, number>;
}

/**
 * Returns the KafkaUser as a Kubernetes object.
 * @throws MigrationError USER_SETTINGS with every mistake
 */
export function describeUser(user: UserDescription): { text: ResourceText; otherApiVersions: readonly string[] } {
  const mistakes = new Mistakes();
  checkShape(userSchema, user, mistakes);
  const { authentication } = user;
  if (authentication !== undefined && authentication.type !== "scram-sha-512" && "passwordFrom" in authentication) {
    mistakes.add(
      `authentication.passwordFrom is for scram-sha-512, and the type is ${String(authentication.type)}: remove it`,
    );
  }
  if (
    authentication !== undefined &&
    authentication.type !== "tls" &&
    ("validityDays" in authentication || "renewalDays" in authentication)
  ) {
    mistakes.add(
      "authentication.validityDays and renewalDays are for tls, and the type is " +
        `${String(authentication.type)}: remove them`,
    );
  }
  const dialect = dialectNamed(user.dialect, mistakes, user.operatorVersion);
  if (!user.namespace) mistakes.add("namespace is missing: name the namespace of the Kafka cluster");
  if (!user.cluster) mistakes.add("cluster is missing: name the Kafka resource that the user belongs to");
  const text = dialect.user(
    {
      name: user.name ?? DEFAULT_USER,
      namespace: user.namespace,
      labels: user.labels,
      annotations: user.annotations,
      cluster: user.cluster,
      authentication: user.authentication ?? { type: "scram-sha-512" },
      rules: rulesOf(user, mistakes, textsOf(user.annotations, "annotations")),
      ...defined({ quotas: user.quotas }),
    },
    mistakes,
  );
  throwUserMistakes(mistakes);
  return { text, otherApiVersions: dialect.otherApiVersions };
}

/**
 * Returns the given rules, or those of the profile.
 * @param texts other texts in the user's settings, with their paths
 */
export function rulesOf(
  rights: UserRights & { name?: unknown },
  mistakes: Mistakes,
  texts: readonly Text[] = [],
): readonly AclRule[] {
  const { role, profile = "least", mirror } = rights;
  if (role !== "origin" && role !== "target") {
    mistakes.add(`role is ${JSON.stringify(role)}: it has to be "origin" or "target"`);
    return [];
  }
  if (!["guide", "tuned", "least"].includes(profile)) {
    mistakes.add(
      `profile is "${profile}"${didYouMean(profile, ["guide", "tuned", "least"])}: it has to be one of ` +
        "guide, tuned, least",
    );
    return [];
  }
  const guide = profile === "guide";
  const rules = rights.rules ?? profileRules(role, profile, mirror ?? mirrorModelOf({ profile }));
  const from = rights.rules !== undefined ? "given" : guide ? "guide" : "profile";
  const name = rights.name === undefined ? DEFAULT_USER : known(rights.name);
  for (const message of refusalsOf({ role, name, rules, from, mirror, texts })) mistakes.add(message);
  return rules;
}

export const profileRules = (role: Side, profile: Profile, mirror: MirrorModel): AclRule[] =>
  profile === "guide" ? guideAcls(role) : leastAcls(role, mirror);

/** Returns undefined for a Pulumi output. */
const known = (name: unknown): string | undefined => (typeof name === "string" ? name : undefined);

/** Adds a mistake for each fault. A password is never shown. */
export function checkShape(schema: Parameters<typeof faultsOf>[0], args: object, mistakes: Mistakes): void {
  for (const fault of faultsOf(schema, args, (path) => path[0] === "password" || path[0] === "kubeconfig"))
    mistakes.add(sayFault(fault));
}

export function throwUserMistakes(mistakes: Mistakes): void {
  const count = mistakes.list.length;
  mistakes.throwIfAny(
    "USER_SETTINGS",
    `the user's settings have ${count} mistake${count === 1 ? "" : "s"}`,
    "correct them; nothing has been created",
  );
}
