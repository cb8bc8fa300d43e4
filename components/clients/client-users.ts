import * as pulumi from "@pulumi/pulumi";
import { Mistakes } from "../../engine/errors";
import { type ClientUsersArgs, clientUsersSchema } from "../settings/clients";
import { faultsOf, sayFault } from "../shape";
import { describeClients } from "./describe";
import { declareKafkaClients } from "./kafka";
import { declareOperatorClients } from "./operator";

/**
 * The users of applications on the target: KafkaUsers, or SCRAM credentials, ACLs and quotas through @pulumi/kafka.
 * They have the names, passwords, ACLs and quotas that they have on the origin. They outlive the migration: `destroy`
 * deletes none of them.
 *
 * @example
 * new ClientUsers("clients", {
 *   inventory: "estate.yaml",
 *   origin: { operator: { cluster: "origin", namespace: "origin-ns", dialect: "event-streams-v1beta2" } },
 *   target: { operator: { cluster: "target", namespace: "target-ns" } },
 * });
 */
export class ClientUsers extends pulumi.ComponentResource {
  /** Names of the users, sorted. Known when all of them exist and the operator has reported them as ready. */
  readonly users: pulumi.Output<string[]>;

  /** @throws MigrationError CLIENT_SETTINGS with every mistake, before anything is declared */
  constructor(name: string, args: ClientUsersArgs, opts?: pulumi.ComponentResourceOptions) {
    const mistakes = new Mistakes();
    for (const fault of faultsOf(clientUsersSchema, args, maySayNothing)) mistakes.add(sayFault(fault));
    throwIfAny(mistakes);
    const clients = describeClients(args, mistakes);
    throwIfAny(mistakes);
    super("kafka-migration:components:ClientUsers", name, {}, opts);
    for (const warning of clients.warnings) void pulumi.log.warn(warning, this);
    for (const note of clients.notes) void pulumi.log.info(note, this);
    const context = { name, parent: this, args, clients, dependsOn: opts?.dependsOn };
    this.users = args.target.operator === undefined ? declareKafkaClients(context) : declareOperatorClients(context);
    this.registerOutputs({ users: this.users });
  }
}

/** Passwords and kubeconfigs are never shown. */
const maySayNothing = (path: readonly PropertyKey[]): boolean =>
  path.some((key) => ["passwords", "kubeconfig", "connection"].includes(String(key)));

function throwIfAny(mistakes: Mistakes): void {
  const count = mistakes.list.length;
  mistakes.throwIfAny(
    "CLIENT_SETTINGS",
    `the settings of the applications' users have ${count} mistake${count === 1 ? "" : "s"}`,
    "correct them; nothing has been created",
  );
}
