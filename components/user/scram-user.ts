import * as kafka from "@pulumi/kafka";
import * as pulumi from "@pulumi/pulumi";
import { aclBindings } from "../../engine/acls";
import { Mistakes } from "../../engine/errors";
import type { Acl } from "../../engine/kafka/port";
import { Password } from "../../lifecycle/resources";
import type { ClusterCredentials } from "../credentials";
import { DEFAULT_USER } from "./rules";
import { type ScramUserArgs, scramUserSchema } from "../settings/parts";
import { checkShape, rulesOf, throwUserMistakes } from "./settings";

/**
 * The mirror's user on a cluster without an operator: a SCRAM credential and its ACLs, created with @pulumi/kafka. The
 * rules are the same as for a KafkaUser. Pass the cluster's `kafka.Provider` as `provider`.
 *
 * Not for a cluster with a user operator: the operator deletes every credential and ACL that has no KafkaUser.
 *
 * @example
 * const provider = new kafka.Provider("origin", {
 *   bootstrapServers: ["origin:9093"],
 *   tlsEnabled: true,
 *   saslMechanism: "scram-sha512",
 *   saslUsername: "admin",
 *   saslPassword: process.env.KAFKA_PASSWORD,
 * });
 * const user = new ScramUser("origin-user", { role: "origin" }, { provider });
 */
export class ScramUser extends pulumi.ComponentResource implements ClusterCredentials {
  /** Known when the credential and every ACL exist. */
  readonly username: pulumi.Output<string>;
  readonly password: pulumi.Output<string>;
  readonly mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-512";

  /** @throws MigrationError USER_SETTINGS with every mistake, before anything is declared */
  constructor(name: string, args: ScramUserArgs, opts?: pulumi.ComponentResourceOptions) {
    const mistakes = new Mistakes();
    checkShape(scramUserSchema, args, mistakes);
    const rules = rulesOf({ ...args, name: args.username }, mistakes);
    throwUserMistakes(mistakes);
    super("kafka-migration:components:ScramUser", name, {}, opts);

    const username = pulumi.output(args.username ?? DEFAULT_USER);
    this.mechanism = args.mechanism ?? "SCRAM-SHA-512";
    this.password = pulumi.secret(
      args.password ?? new Password(`${name}-password`, { bytes: 24 }, { parent: this }).password,
    );
    const credential = this.credential(name, username, opts?.dependsOn);
    const acls = aclBindings(rules, "").map((binding) => this.acl(name, username, binding, opts?.dependsOn));
    this.username = pulumi
      .all([username, credential.id, pulumi.all(acls.map((acl) => acl.id))])
      .apply(([known]) => known);
    this.registerOutputs({ username: this.username });
  }

  private credential(name: string, username: pulumi.Output<string>, dependsOn: pulumi.ResourceOptions["dependsOn"]) {
    return new kafka.UserScramCredential(
      name,
      { username, scramMechanism: this.mechanism, scramIterations: 4096, password: this.password },
      { parent: this, dependsOn },
    );
  }

  private acl(
    name: string,
    username: pulumi.Output<string>,
    binding: Acl,
    dependsOn: pulumi.ResourceOptions["dependsOn"],
  ) {
    const prefixed = binding.patternType === "prefixed";
    const resource = `${binding.resourceType}-${binding.resourceName}${prefixed ? "*" : ""}`;
    return new kafka.Acl(
      `${name}-${resource}-${binding.operation}`,
      {
        aclResourceType: RESOURCE_TYPE[binding.resourceType as keyof typeof RESOURCE_TYPE],
        aclResourceName: binding.resourceName,
        resourcePatternTypeFilter: prefixed ? "Prefixed" : "Literal",
        aclPrincipal: pulumi.interpolate`User:${username}`,
        aclHost: binding.host,
        aclOperation: binding.operation,
        aclPermissionType: "Allow",
      },
      { parent: this, dependsOn },
    );
  }
}

/**
 * Names of the resource types in the Kafka plugin. It has no delegation tokens and users, and the mirror needs none.
 */
export const RESOURCE_TYPE = {
  topic: "Topic",
  group: "Group",
  cluster: "Cluster",
  transactionalId: "TransactionalID",
};
