import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Ready, SecretValues } from "../../lifecycle/resources";
import { defined } from "../../engine/defined";
import type { ClusterCredentials } from "../credentials";
import type { DialectName, ResourceText, UserAuthentication } from "../dialects";
import { accessOf, claim, type KubernetesArgs, unclaimedSecret, withInputs } from "../kubernetes";
import { describeUser, type UserDescription, type UserRights } from "./settings";

export interface MirrorUserArgs extends UserRights, KubernetesArgs {
  /** API version of the user operator. Default `strimzi-v1`. */
  dialect?: DialectName;
  /**
   * Version of that operator, e.g. `0.45.0`. It decides which fields are written. Default: the newest that reads the
   * dialect.
   */
  operatorVersion?: string;
  /** Name of the KafkaUser, of its principal and of its Secret. Default `mm2-credentials`. */
  name?: pulumi.Input<string>;
  /** Namespace of the Kafka cluster. Example: `origin-ns`. */
  namespace: pulumi.Input<string>;
  /** Name of the Kafka resource. Example: `origin`. */
  cluster: pulumi.Input<string>;
  /** Labels in addition to the one that names the cluster. Default none. */
  labels?: Record<string, pulumi.Input<string>>;
  /** Annotations in addition to the one that names the owner. Default none. */
  annotations?: Record<string, pulumi.Input<string>>;
  /** Default: `{ type: "scram-sha-512" }` with a password that the operator generates. */
  authentication?: UserAuthentication;
  /**
   * Prefix that the user operator puts before the names of its Secrets (`STRIMZI_SECRET_PREFIX`). Default: taken from
   * the Secrets of other KafkaUsers.
   */
  secretPrefix?: string;
  /**
   * Value of `allow.everyone.if.no.acl.found` on the cluster's brokers. True: the user is refused, because its ACLs
   * would deny all other users access to the resources that they name. False: the user is created. Default: taken from
   * the Kafka resource.
   */
  everyoneByDefault?: boolean;
  /** Longest time to wait for the operator, in seconds. Default 120. */
  readyLimitSeconds?: number;
}

/**
 * A KafkaUser with exactly the ACLs that the mirror needs. Its credentials are known when the operator has created
 * them. If the operator reports NotReady, the `up` fails at once with the operator's message.
 *
 * @example
 * const user = new MirrorUser("origin-user", {
 *   role: "origin",
 *   cluster: "origin",
 *   namespace: "origin-ns",
 *   profile: "guide",
 * });
 * new SecretCopy("origin-credentials", { name: "origin-cluster-credentials", values: { password: user.password! } });
 */
export class MirrorUser extends pulumi.ComponentResource implements ClusterCredentials {
  readonly username: pulumi.Output<string>;
  readonly password?: pulumi.Output<string>;
  readonly certificate?: pulumi.Output<string>;
  readonly key?: pulumi.Output<string>;
  readonly mechanism: ClusterCredentials["mechanism"];
  /** Name of the Secret that the operator created, in the user's namespace. */
  readonly secretName: pulumi.Output<string>;

  /** @throws MigrationError USER_SETTINGS with every mistake, before anything is declared */
  constructor(name: string, args: MirrorUserArgs, opts?: pulumi.ComponentResourceOptions) {
    const { text, otherApiVersions } = describeUser(withInputs<UserDescription>(args));
    super("kafka-migration:components:MirrorUser", name, {}, opts);

    const user = this.kafkaUser(name, text, otherApiVersions, args, opts?.dependsOn);
    const ready = this.ready(name, text, user, args);
    const type = args.authentication?.type ?? "scram-sha-512";
    this.mechanism = type === "scram-sha-512" ? "SCRAM-SHA-512" : "TLS";
    this.username = ready.username.apply((username) => username ?? "");
    this.secretName = ready.secretId.apply((id) => id?.split("/")[1] ?? "");
    if (type !== "tls-external") {
      const keys = type === "scram-sha-512" ? ["password"] : ["user.crt", "user.key"];
      const values = new SecretValues(
        `${name}-secret`,
        {
          secretId: ready.secretId.apply((id) => id ?? ""),
          keys,
          limitSeconds: args.readyLimitSeconds ?? 120,
          ...accessOf(this, args),
        },
        { parent: this },
      );
      if (type === "scram-sha-512") this.password = values.text("password");
      else {
        this.certificate = values.text("user.crt");
        this.key = values.text("user.key");
      }
    }
    this.registerOutputs({ username: this.username, secretName: this.secretName });
  }

  private kafkaUser(
    name: string,
    { apiVersion, kind, metadata, spec }: ResourceText,
    otherApiVersions: readonly string[],
    args: MirrorUserArgs,
    dependsOn: pulumi.ResourceOptions["dependsOn"],
  ) {
    const cluster = defined({ name: args.cluster, everyoneByDefault: args.everyoneByDefault });
    const claimed = claim(
      name,
      { apiVersion, kind, metadata },
      accessOf(this, args),
      { parent: this, dependsOn },
      cluster,
    );
    const { namespace, name: secret } = metadata;
    const operator = defined({ apiVersion, secretPrefix: args.secretPrefix });
    const none = args.authentication?.type === "tls-external";
    const beside = none
      ? []
      : [
          unclaimedSecret(name, { namespace, name: secret }, operator, accessOf(this, args), {
            parent: this,
            dependsOn,
          }),
        ];
    const unclaimed = [claimed.unclaimed, ...beside];
    return new k8s.apiextensions.CustomResource(
      name,
      { apiVersion, kind, metadata: claimed.metadata, spec },
      // Without the alias, the same object in another API version would be a new resource. Its creation would fail with
      // "already exists".
      {
        parent: this,
        dependsOn: unclaimed,
        aliases: otherApiVersions.map((version) => ({ type: `kubernetes:${version}:${kind}` })),
      },
    );
  }

  private ready(
    name: string,
    { apiVersion, metadata, spec }: ResourceText,
    user: pulumi.Resource,
    args: MirrorUserArgs,
  ) {
    const place = { apiVersion, kind: "KafkaUser" as const, namespace: metadata.namespace, name: metadata.name };
    return new Ready(
      `${name}-ready`,
      {
        place,
        trigger: pulumi.jsonStringify(spec),
        limitSeconds: args.readyLimitSeconds ?? 120,
        ...accessOf(this, args),
      },
      { parent: this, dependsOn: user },
    );
  }
}
