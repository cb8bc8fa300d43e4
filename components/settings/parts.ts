import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { AclRule } from "../../engine/acls";
import type { MirrorModel, Profile, Side } from "../../engine/model";
import {
  anyText,
  block,
  count,
  flag,
  list,
  needed,
  oneOf,
  recordOf,
  objectOf,
  seconds,
  text,
  typed,
  type Written,
} from "../../engine/setting";
import type { UserAuthentication } from "../dialects/model";
import { fieldsOf, laterText, resource } from "../shape/types";
import { type KubernetesArgs, kubernetesShape } from "./place";
import type { DialectName } from "./mirror";

/** Arguments of the components that a program can use alone: MirrorUser, ScramUser and SecretCopy. */

/** `rulesOf` checks role, profile and rules. */
const unchecked = z.unknown();

const rightsShape = {
  /** Cluster of the user. */
  role: typed<Side>(unchecked),
  /**
   * `guide`: the guide's rules. `least` and `tuned`: only what the mirror needs.
   * @default `least`
   */
  profile: typed<Profile>(unchecked).optional(),
  /**
   * Settings of the mirror. They narrow the rules of `least` and `tuned`.
   * @default the profile's default mirror
   */
  mirror: typed<MirrorModel>(unchecked).optional(),
  /** Use exactly these rules instead of the profile's, e.g. `administratorAcls("origin", model)`. */
  rules: typed<readonly AclRule[]>(unchecked).optional(),
};

/** The user's cluster and rights, for a KafkaUser and for a SCRAM user. */
export interface UserRights extends Written<typeof rightsShape> {}

const authenticationShape = {
  type: oneOf(["scram-sha-512", "tls", "tls-external"]),
  validityDays: count.optional(),
  renewalDays: count.optional(),
  passwordFrom: block({ secretName: text, key: text }).optional(),
};

const userShape = {
  /**
   * API version of the user operator.
   * @default `strimzi-v1`
   */
  dialect: typed<DialectName>(anyText).optional(),
  /**
   * Version of that operator, e.g. `0.45.0`. It decides which fields are written.
   * @default the newest that reads the dialect
   */
  operatorVersion: anyText.optional(),
  /**
   * Name of the KafkaUser, of its principal and of its Secret.
   * @default `mm2-credentials`
   */
  name: laterText.optional(),
  /** Namespace of the Kafka cluster. Its user operator watches no other namespace. Example: `origin-ns`. */
  namespace: needed(laterText),
  /** Name of the Kafka resource. Example: `origin`. */
  cluster: needed(laterText),
  /**
   * Labels in addition to the one that names the cluster.
   * @default none
   */
  labels: fieldsOf<pulumi.Input<string>>().optional(),
  /**
   * Annotations in addition to the one that names the owner.
   * @default none
   */
  annotations: fieldsOf<pulumi.Input<string>>().optional(),
  /**
   * How the user logs in.
   * @default `{ type: "scram-sha-512" }` with a password that the operator generates
   */
  authentication: block<UserAuthentication>(authenticationShape).optional(),
  /**
   * Prefix that the user operator puts before the names of its Secrets (`STRIMZI_SECRET_PREFIX`).
   * @default taken from the Secrets of other KafkaUsers
   */
  secretPrefix: text.optional(),
  /**
   * Value of `allow.everyone.if.no.acl.found` on the cluster's brokers. True: the user is refused, because its ACLs
   * would deny all other users access to the resources that they name. False: the user is created.
   * @default taken from the Kafka resource
   */
  everyoneByDefault: flag.optional(),
  /**
   * Longest time to wait for the operator, in seconds.
   * @default 120
   */
  readyLimitSeconds: seconds.optional(),
  /**
   * Quotas of the user, fields as in Strimzi. Example: `{ consumerByteRate: 10485760 }`.
   * @default none
   */
  quotas: fieldsOf<pulumi.Input<number>>().optional(),
};
export interface MirrorUserArgs extends UserRights, KubernetesArgs, Written<typeof userShape> {}
export const userSchema = objectOf({ ...rightsShape, ...userShape, ...kubernetesShape });

const scramUserShape = {
  /**
   * Name of the user.
   * @default `mm2-credentials`
   */
  username: laterText.optional(),
  /**
   * Password of the user.
   * @default a random password, generated once
   */
  password: laterText.optional(),
  /**
   * Mechanism of the credential.
   * @default `SCRAM-SHA-512`
   */
  mechanism: oneOf(["SCRAM-SHA-256", "SCRAM-SHA-512"]).optional(),
};
export interface ScramUserArgs extends UserRights, Written<typeof scramUserShape> {}
export const scramUserSchema = objectOf({ ...rightsShape, ...scramUserShape });

const sourceShape = {
  /** Namespace of the Secret. Example: `origin-ns`. */
  namespace: needed(laterText),
  /** Name of the Secret. Example: `origin-cluster-ca-cert`. */
  name: needed(laterText),
  /** Keys to copy. No other key is copied. Example: `["ca.crt"]`. */
  keys: needed(list(text)),
  /**
   * Provider of the cluster that has the Secret.
   * @default the provider of the copy
   */
  provider: typed<k8s.Provider>(resource).optional(),
  /**
   * Longest time to wait until the Secret exists, in seconds.
   * @default 120
   */
  limitSeconds: seconds.optional(),
};

/** A Secret that exists or that an operator will create. */
export interface SecretSource extends KubernetesArgs, Written<typeof sourceShape> {}

const secretCopyShape = {
  /** Name of the copy. Example: `origin-cluster-credentials`. */
  name: needed(laterText),
  /**
   * Namespace of the copy.
   * @default `migration`
   */
  namespace: laterText.optional(),
  /** Copy keys of this Secret. */
  source: block<SecretSource>({ ...sourceShape, ...kubernetesShape }).optional(),
  /** Copy these values, by key, instead of a `source`. Example: `{ password: user.password }`. */
  values: recordOf(laterText).optional(),
};
export interface SecretCopyArgs extends Written<typeof secretCopyShape> {}
export const secretCopySchema = objectOf(secretCopyShape);
