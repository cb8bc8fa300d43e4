import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { MirrorModel } from "../../engine/model";
import { Ready } from "../../lifecycle/resources";
import type { ResourceText } from "../dialects";
import { accessOf, claim, withInputs } from "../kubernetes";
import { type KubernetesArgs, type MirrorPlace, PLACE_DEFAULTS } from "../settings/place";
import type { ClusterSettings, MirrorSettings, TargetSettings } from "../settings/mirror";
import { describeMirror, type MirrorConnection, type MirrorDescription } from "./text";

/** The same fields. Every text in them may be a Pulumi output. */
export type WithInputs<T> = T extends string
  ? string extends T
    ? pulumi.Input<string>
    : T
  : T extends readonly (infer Item)[]
    ? readonly WithInputs<Item>[]
    : T extends object
      ? { [K in keyof T]: WithInputs<T[K]> }
      : T;

export interface MirrorArgs
  extends Omit<MirrorSettings, "origin" | "target">,
    WithInputs<Omit<MirrorPlace, "createNamespace">>,
    KubernetesArgs {
  /** The cluster to migrate from. Example: `{ bootstrapServers: "origin-kafka-bootstrap.origin-ns:9093" }`. */
  origin: ClusterSettings & WithInputs<MirrorConnection>;
  /** The cluster to migrate to. */
  target: TargetSettings & WithInputs<MirrorConnection>;
}

/**
 * The KafkaMirrorMaker2 that copies the origin's topics to the target. It is ready when the operator reports it as
 * ready. If the operator reports NotReady, the `up` fails at once with the operator's message.
 *
 * @example
 * new Mirror("mirror", {
 *   profile: "tuned",
 *   origin: { bootstrapServers: "origin-kafka-bootstrap.origin-ns:9093" },
 *   target: { bootstrapServers: "target-kafka-bootstrap.target-ns:9093", brokers: 3 },
 *   topicsPattern: "orders,payments-.*",
 * });
 */
export class Mirror extends pulumi.ComponentResource {
  /** What the engine needs to know about this mirror. Plain values, from the same choices as the resource. */
  readonly model: MirrorModel;
  /** `<namespace>/<name>`. Known when the workers are ready. */
  readonly ready: pulumi.Output<string>;

  /** @throws MigrationError MIRROR_SETTINGS with every mistake, before anything is declared */
  constructor(name: string, args: MirrorArgs, opts?: pulumi.ComponentResourceOptions) {
    const { text, model, otherApiVersions } = describeMirror(withInputs<MirrorDescription>(args));
    super("kafka-migration:components:Mirror", name, {}, opts);

    const mirror = this.kafkaMirrorMaker2(name, text, otherApiVersions, args, opts?.dependsOn);
    this.model = model;
    this.ready = this.readiness(name, text, mirror, args).objectId;
    this.registerOutputs({ ready: this.ready });
  }

  private kafkaMirrorMaker2(
    name: string,
    { apiVersion, kind, metadata, spec }: ResourceText,
    otherApiVersions: readonly string[],
    args: KubernetesArgs,
    dependsOn: pulumi.ResourceOptions["dependsOn"],
  ) {
    const claimed = claim(name, { apiVersion, kind, metadata }, accessOf(this, args), { parent: this, dependsOn });
    return new k8s.apiextensions.CustomResource(
      name,
      { apiVersion, kind, metadata: claimed.metadata, spec },
      {
        parent: this,
        dependsOn: claimed.unclaimed,
        aliases: otherApiVersions.map((version) => ({ type: `kubernetes:${version}:${kind}` })),
      },
    );
  }

  private readiness(
    name: string,
    { apiVersion, metadata, spec }: ResourceText,
    mirror: pulumi.Resource,
    args: MirrorArgs,
  ) {
    const place = {
      apiVersion,
      kind: "KafkaMirrorMaker2" as const,
      namespace: metadata.namespace,
      name: metadata.name,
    };
    return new Ready(
      `${name}-ready`,
      {
        place,
        trigger: pulumi.jsonStringify(spec),
        limitSeconds: args.readyLimitSeconds ?? PLACE_DEFAULTS.readyLimitSeconds,
        ...accessOf(this, args),
      },
      { parent: this, dependsOn: mirror },
    );
  }
}
