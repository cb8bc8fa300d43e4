import * as pulumi from "@pulumi/pulumi";
import type { ObjectPlace } from "./kubernetes/reader";
import { thinProvider } from "./provider";

export interface ReadyArgs {
  place: pulumi.Input<ObjectPlace>;
  /** What was asked for. It decides nothing: the object's generation tells whether the operator has looked at it. */
  trigger?: pulumi.Input<string>;
  limitSeconds: number;
  kubeconfig?: pulumi.Input<string | undefined>;
  context?: pulumi.Input<string | undefined>;
}

/**
 * Waits until an operator has made an object ready, and fails at once, with the operator's own
 * message, when it says NotReady. Pulumi's own `pulumi.com/waitFor` can't: its conditions are joined by "and", so it never
 * notices NotReady, runs out and hides the message.
 */
export class Ready extends pulumi.dynamic.Resource {
  /** `<namespace>/<name>`, known once the object is ready. */
  declare readonly objectId: pulumi.Output<string>;
  declare readonly username: pulumi.Output<string | null>;
  declare readonly secretId: pulumi.Output<string | null>;

  constructor(name: string, args: ReadyArgs, opts: pulumi.CustomResourceOptions) {
    const inputs = {
      ...args,
      kubeconfig: args.kubeconfig === undefined ? undefined : pulumi.secret(args.kubeconfig),
      objectId: undefined,
      username: undefined,
      secretId: undefined,
    };
    super(thinProvider("ready"), name, inputs, { ...opts, additionalSecretOutputs: ["kubeconfig"] }, "kafka-migration", "Ready");
  }
}
