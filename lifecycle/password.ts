import * as pulumi from "@pulumi/pulumi";
import { thinProvider } from "./provider";

/** A random password of 32 characters, made once and kept secret. */
export class Password extends pulumi.dynamic.Resource {
  declare readonly password: pulumi.Output<string>;

  constructor(name: string, opts: pulumi.CustomResourceOptions) {
    super(thinProvider("password"), name, { bytes: 24, password: undefined }, { ...opts, additionalSecretOutputs: ["password"] }, "kafka-migration", "Password");
  }
}
