import * as pulumi from "@pulumi/pulumi";
import type { ObjectPlace } from "./kubernetes/reader";
import { thinProvider } from "./provider";

export interface UnclaimedArgs {
  place: pulumi.Input<ObjectPlace>;
  owner: string;
  /** The Secret is one that an operator makes beside a KafkaUser: one that it has made may be there. */
  ofKafkaUser?: boolean;
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
