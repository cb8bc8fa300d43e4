import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Ready, SecretValues } from "../../lifecycle/resources";
import { defined } from "../../engine/objects";
import type { ClusterCredentials } from "../credentials";
import type { ResourceText } from "../dialects";
import { accessOf, claim, unclaimedSecret, withInputs } from "../kubernetes";
import type { MirrorUserArgs } from "../settings/parts";
import { describeUser, type UserDescription } from "./settings";

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
    // Other quotas do not change the credentials. With them as a trigger, a preview would show these as unknown.
    const { quotas: _q, ...trigger } = spec;
    return new Ready(
      `${name}-ready`,
      {
        place,
        trigger: pulumi.jsonStringify(trigger),
        limitSeconds: args.readyLimitSeconds ?? 120,
        ...accessOf(this, args),
      },
      { parent: this, dependsOn: user },
    );
  }
}
