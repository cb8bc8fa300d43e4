import * as pulumi from "@pulumi/pulumi";
import type { Connection, Side } from "../engine/model";
import type { ObjectPlace } from "./kubernetes/reader";
import { thinProvider } from "./provider";

export interface UnclaimedArgs {
  place: pulumi.Input<ObjectPlace>;
  owner: string;
  /** The Secret is one that an operator makes beside a KafkaUser: one that it has made may be there. */
  ofKafkaUser?: boolean;
  /** With `ofKafkaUser`: version of the KafkaUsers, and what the operator puts before the names of its Secrets, where it is known. */
  operator?: { apiVersion: string; secretPrefix?: string };
  kubeconfig?: pulumi.Input<string | undefined>;
  context?: pulumi.Input<string | undefined>;
}

/**
 * Stands before an object that is about to be made. A killed `up` may have made it without noting it down, so the
 * provider takes over what is there; this sees to it that nothing is taken over that another stack, or nobody, made.
 * @throws MigrationError OBJECT_TAKEN, KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE
 */
export class Unclaimed extends pulumi.dynamic.Resource {
  constructor(name: string, args: UnclaimedArgs, opts: pulumi.CustomResourceOptions) {
    const kubeconfig = args.kubeconfig === undefined ? undefined : pulumi.secret(args.kubeconfig);
    super(thinProvider("unclaimed"), name, { ...args, kubeconfig }, { ...opts, additionalSecretOutputs: ["kubeconfig"] }, "kafka-migration", "Unclaimed");
  }
}

export interface UnclaimedUserArgs {
  side: Side;
  /** The administrator's. */
  connection: pulumi.Input<Connection>;
  username: string;
  /** The user may be taken over: `preflight.accept` has USER_TAKEN. */
  accepted: boolean;
}

/**
 * The same before a user that is made through Kafka's own interface, which gives whoever has the name another password.
 * @throws MigrationError USER_TAKEN
 */
export class UnclaimedUser extends pulumi.dynamic.Resource {
  constructor(name: string, args: UnclaimedUserArgs, opts: pulumi.CustomResourceOptions) {
    super(thinProvider("unclaimed-user"), name, { ...args, connection: pulumi.secret(args.connection) }, { ...opts, additionalSecretOutputs: ["connection"] }, "kafka-migration", "UnclaimedUser");
  }
}
