import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { defined } from "../engine/defined";
import type { ObjectPlace } from "../lifecycle/kubernetes/reader";
import { OWNER_ANNOTATION } from "../lifecycle/owner";
import { Unclaimed } from "../lifecycle/resources";

/** How the readiness checks reach a Kubernetes cluster when it can't be taken from the provider. */
export interface KubernetesArgs {
  /** Content or path. Default: the provider's; without a provider the stack's `kubernetes:kubeconfig`, else the machine's own. */
  kubeconfig?: pulumi.Input<string>;
  /** Default: the provider's; without a provider the stack's `kubernetes:context`, else the kubeconfig's current one. */
  context?: pulumi.Input<string>;
}

/**
 * A provider for one Kubernetes cluster, with two ways of its own:
 * - a changed Secret is updated in place, where the plugin would otherwise delete it and make it anew;
 * - what an `up` that was killed has made, but not noted down, is taken over by the next one instead of failing it as
 *   "already exists"; `claim` keeps that to objects of the same stack.
 */
export function kubernetesCluster(
  name: string,
  args: KubernetesArgs = {},
  opts?: pulumi.ResourceOptions,
): k8s.Provider {
  const kubeconfig = args.kubeconfig === undefined ? undefined : pulumi.secret(args.kubeconfig);
  return new k8s.Provider(
    name,
    { kubeconfig, context: args.context, enableSecretMutable: true, upsertExistingObjects: true },
    opts,
  );
}

/** What the new object's metadata and its maker need to know of each other. */
export interface Claim<Metadata> {
  metadata: Metadata & { annotations: Record<string, pulumi.Input<string>> };
  /** Has to be there first. */
  unclaimed: Unclaimed;
}

/**
 * The stack owns the fields that it declares. Where somebody has edited one by hand, `pulumi up --refresh` shows that in its
 * plan and sets the declared value again; without this every such `up` fails with a field manager conflict. Who wants that
 * failure gives the object this annotation with "false".
 */
const OWNS_ITS_FIELDS = { "pulumi.com/patchForce": "true" };

/**
 * Marks an object as this stack's, and looks first whether it is anybody else's.
 * The field manager is the stack's, too: a second create after a killed one would otherwise be in conflict with the first.
 */
export function claim<
  Metadata extends {
    name: pulumi.Input<string>;
    namespace?: pulumi.Input<string>;
    annotations?: Record<string, pulumi.Input<string>>;
  },
>(
  name: string,
  object: { apiVersion: string; kind: ObjectPlace["kind"]; metadata: Metadata },
  access: KubernetesArgs,
  opts: { parent: pulumi.Resource; dependsOn?: pulumi.ResourceOptions["dependsOn"] },
  cluster?: { name: pulumi.Input<string>; everyoneByDefault?: boolean },
): Claim<Metadata> {
  const { apiVersion, kind, metadata } = object;
  const owner = stackOwner();
  const manager = `kafka-migration-${createHash("sha256").update(owner).digest("hex").slice(0, 12)}`;
  const place = pulumi.output({ apiVersion, kind, namespace: metadata.namespace ?? "", name: metadata.name });
  return {
    metadata: {
      ...metadata,
      annotations: {
        ...OWNS_ITS_FIELDS,
        ...metadata.annotations,
        [OWNER_ANNOTATION]: owner,
        "pulumi.com/patchFieldManager": manager,
      },
    },
    unclaimed: new Unclaimed(`${name}-unclaimed`, { place, owner, ...defined({ cluster }), ...access }, opts),
  };
}

/**
 * The same for the Secret that an operator is about to make beside a KafkaUser: operators overwrite one of the name that is
 * somebody else's, take its password for the user's, and delete it with the user.
 */
export function unclaimedSecret(
  name: string,
  secret: { namespace: pulumi.Input<string>; name: pulumi.Input<string> },
  operator: { apiVersion: string; secretPrefix?: string },
  access: KubernetesArgs,
  opts: pulumi.CustomResourceOptions,
): Unclaimed {
  const place = pulumi.output({ apiVersion: "v1", kind: "Secret" as const, ...secret });
  return new Unclaimed(
    `${name}-secret-unclaimed`,
    { place, owner: stackOwner(), ofKafkaUser: true, operator, ...access },
    opts,
  );
}

/** Whose the objects of this stack are. */
export const stackOwner = () => `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;

/** The same access that the resource's kubernetes provider has, for a check outside the plugin. */
export function accessOf(resource: pulumi.Resource, args: KubernetesArgs = {}): KubernetesArgs {
  return accessOfProvider(resource.getProvider("kubernetes:core/v1:Secret"), args);
}

export function accessOfProvider(
  provider: pulumi.ProviderResource | undefined,
  args: KubernetesArgs = {},
): KubernetesArgs {
  if (provider === undefined) {
    const config = new pulumi.Config("kubernetes");
    return {
      kubeconfig: args.kubeconfig ?? config.getSecret("kubeconfig"),
      context: args.context ?? config.get("context"),
    };
  }
  // The SDK puts a provider's inputs on the resource, undeclared.
  const own = provider as unknown as { kubeconfig?: pulumi.Output<string>; context?: pulumi.Output<string> };
  return { kubeconfig: args.kubeconfig ?? own.kubeconfig, context: args.context ?? own.context };
}

/** Takes an argument object whose leaves are Pulumi inputs for the plain one: the writers of texts only pass leaves on. */
export function withInputs<Plain>(args: object): Plain {
  return args as Plain;
}

/** A value of a Secret's `data` as text. It is secret, whether or not the value was marked. */
export function decoded(value: pulumi.Output<string>): pulumi.Output<string> {
  return pulumi.secret(value.apply((text) => Buffer.from(text, "base64").toString("utf8")));
}
