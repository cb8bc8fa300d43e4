import * as pulumi from "@pulumi/pulumi";
import { thinProvider } from "./provider";

export interface SecretValuesArgs {
  /** `<namespace>/<name>`. */
  secretId: pulumi.Input<string>;
  /** Keys that have to be there, and the only ones that are read. */
  keys: string[];
  /** Longest wait for the Secret to appear, in seconds. */
  limitSeconds: number;
  kubeconfig?: pulumi.Input<string | undefined>;
  context?: pulumi.Input<string | undefined>;
}

/**
 * Reads values of a Secret that an operator makes: waits until it is there, and follows it with the next `up` when it has
 * changed. Unlike `Secret.get` it needs no cluster at preview, and fails with a message that says what is missing.
 */
export class SecretValues extends pulumi.dynamic.Resource {
  /** By key, in base64; secret. */
  declare readonly values: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: SecretValuesArgs, opts: pulumi.CustomResourceOptions) {
    const inputs = { ...args, kubeconfig: args.kubeconfig === undefined ? undefined : pulumi.secret(args.kubeconfig), values: undefined };
    super(thinProvider("secret-values"), name, inputs, { ...opts, additionalSecretOutputs: ["kubeconfig", "values"] }, "kafka-migration", "SecretValues");
  }

  /** One value as text; secret. */
  text(key: string): pulumi.Output<string> {
    return pulumi.secret(this.values.apply((values) => Buffer.from(values[key] ?? "", "base64").toString("utf8")));
  }
}
