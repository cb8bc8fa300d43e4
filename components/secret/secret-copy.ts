import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Mistakes } from "../../engine/errors";
import { SecretValues } from "../../lifecycle/resources";
import { accessOfProvider, claim, decoded } from "../kubernetes";
import { type SecretCopyArgs, type SecretSource, secretCopySchema } from "../settings/parts";
import { faultsOf, sayFault } from "../shape";

/**
 * A Secret beside the mirror that contains only the keys that the mirror needs from another Secret. Waits until the
 * source exists. If the source changes, the next `up` copies it again. Source and copy may be on different Kubernetes
 * clusters: the component's provider creates the copy, and the source's provider reads the source.
 *
 * @example
 * new SecretCopy("origin-ca", {
 *   name: "origin-cluster-ca-cert",
 *   source: { namespace: "origin-ns", name: "origin-cluster-ca-cert", keys: ["ca.crt"] },
 * });
 */
export class SecretCopy extends pulumi.ComponentResource {
  /** Name of the copy. Known when the copy exists. */
  readonly secretName: pulumi.Output<string>;
  /** The copied values by key, decoded. Secret. */
  readonly values: Record<string, pulumi.Output<string>>;

  /** @throws MigrationError SECRET_SETTINGS with every mistake, before anything is declared */
  constructor(name: string, args: SecretCopyArgs, opts?: pulumi.ComponentResourceOptions) {
    check(name, args);
    super("kafka-migration:components:SecretCopy", name, {}, opts);

    const data = args.source === undefined ? encoded(args.values!) : this.read(name, args.source, opts);
    const copy = this.copy(name, args, data, opts);
    this.values = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decoded(value)]));
    this.secretName = copy.metadata.name;
    this.registerOutputs({ secretName: this.secretName });
  }

  private read(name: string, source: SecretSource, opts: pulumi.ComponentResourceOptions | undefined): Data {
    const provider = source.provider ?? this.getProvider("kubernetes:core/v1:Secret");
    const read = new SecretValues(
      `${name}-source`,
      {
        secretId: pulumi.interpolate`${source.namespace}/${source.name}`,
        keys: [...source.keys],
        limitSeconds: source.limitSeconds ?? 120,
        ...accessOfProvider(provider, source),
      },
      { parent: this, dependsOn: opts?.dependsOn },
    );
    return Object.fromEntries(
      source.keys.map((key) => [key, pulumi.secret(read.values.apply((values) => values[key] ?? ""))]),
    );
  }

  private copy(
    name: string,
    args: SecretCopyArgs,
    data: Data,
    opts: pulumi.ComponentResourceOptions | undefined,
  ): k8s.core.v1.Secret {
    const metadata = { name: args.name, namespace: args.namespace ?? "migration" };
    const access = accessOfProvider(this.getProvider("kubernetes:core/v1:Secret"));
    const claimed = claim(name, { apiVersion: "v1", kind: "Secret", metadata }, access, {
      parent: this,
      dependsOn: opts?.dependsOn,
    });
    return new k8s.core.v1.Secret(
      name,
      { metadata: claimed.metadata, data },
      { parent: this, dependsOn: claimed.unclaimed },
    );
  }
}

/** Values by key, in base64 as in the Kubernetes API. Secret. */
type Data = Record<string, pulumi.Output<string>>;

function encoded(values: Record<string, pulumi.Input<string>>): Data {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      pulumi.secret(value).apply((text) => Buffer.from(text, "utf8").toString("base64")),
    ]),
  );
}

function check(name: string, args: SecretCopyArgs): void {
  const mistakes = new Mistakes();
  for (const fault of faultsOf(secretCopySchema, args, ([part]) => part === "values")) mistakes.add(sayFault(fault));
  if (!args.name) mistakes.add("name is missing: name the copy");
  if ((args.source === undefined) === (args.values === undefined)) mistakes.add("give either source or values");
  if (args.source !== undefined) {
    if (!args.source.namespace) mistakes.add("source.namespace is missing");
    if (!args.source.name) mistakes.add("source.name is missing");
    if (!Array.isArray(args.source.keys) || args.source.keys.length === 0)
      mistakes.add("source.keys is missing: name the keys to copy, e.g. ca.crt");
  }
  const count = mistakes.list.length;
  mistakes.throwIfAny(
    "SECRET_SETTINGS",
    `the secret copy "${name}" has ${count} mistake${count === 1 ? "" : "s"}`,
    "correct them; nothing has been created",
  );
}
