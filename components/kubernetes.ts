import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { defined } from "../engine/objects";
import type { ObjectPlace } from "../lifecycle/kubernetes/reader";
import { fieldManagerOf, OWNER_ANNOTATION } from "../lifecycle/owner";
import { Unclaimed } from "../lifecycle/resources";
import type { KubernetesArgs } from "./settings/place";

/**
 * Returns a provider for one Kubernetes cluster. It differs from the plugin's defaults in two ways:
 * - It updates a changed Secret in place. By default the plugin deletes the Secret and creates it again.
 * - It takes over an object that a killed `up` created but did not record. By default the next `up` fails with "already
 *   exists". The components take over only objects of the same stack.
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

/** Metadata of the new object, and the check that must run before the object is created. */
export interface Claim<Metadata> {
  metadata: Metadata & { annotations: Record<string, pulumi.Input<string>> };
  /** Must be created before the object. */
  unclaimed: Unclaimed;
}

/**
 * The stack owns the fields that it declares. If someone edited a field by hand, `pulumi up --refresh` shows the edit
 * in its plan and sets the declared value again. Without this annotation every such `up` fails with a field manager
 * conflict. Set it to "false" on an object to get that failure.
 */
const FORCE = "pulumi.com/patchForce";
const OWNS_ITS_FIELDS = { [FORCE]: "true" };

/**
 * Marks an object as owned by this stack, and first checks that it does not belong to someone else. The field manager
 * is also specific to the stack. Otherwise a second create after a killed one would conflict with the first.
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
  sayWayOut(kind, metadata);
  const place = pulumi.output({ apiVersion, kind, namespace: metadata.namespace ?? "", name: metadata.name });
  return {
    metadata: { ...metadata, annotations: ownedBy(owner, metadata.annotations) },
    unclaimed: new Unclaimed(`${name}-unclaimed`, { place, owner, ...defined({ cluster }), ...access }, opts),
  };
}

/** The plugin's error names the field and its manager, but not what to do about an annotation that the user has set. */
function sayWayOut(kind: string, { name, namespace, annotations }: Parameters<typeof claim>[1]["metadata"]): void {
  pulumi.all([name, namespace, annotations?.[FORCE]]).apply(([name, namespace, force]) => {
    if (force === undefined || force === "true") return;
    const object = [namespace, name].filter((part) => part !== undefined).join("/");
    void pulumi.log.info(
      `${kind} ${object} has the annotation ${FORCE}: "${force}". If somebody else changes a field that this stack ` +
        "declares, the next update of the object fails with a field manager conflict. To set the declared value again, " +
        "remove the annotation from the configuration and run `pulumi up`",
    );
  });
}

/** Returns the annotations of an object of this stack. */
export function ownedBy(
  owner: string,
  annotations: Record<string, pulumi.Input<string>> = {},
): Record<string, pulumi.Input<string>> {
  return {
    ...OWNS_ITS_FIELDS,
    ...annotations,
    [OWNER_ANNOTATION]: owner,
    "pulumi.com/patchFieldManager": fieldManagerOf(owner),
  };
}

/**
 * The same check for the Secret that an operator creates beside a KafkaUser. Operators overwrite an existing Secret of
 * that name, use its password for the user, and delete it with the user.
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

/** Owner of this stack's objects. */
export const stackOwner = () => `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;

/** Returns the access that the resource's Kubernetes provider has, for a check outside the plugin. */
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
  // The SDK puts a provider's inputs on the resource, but does not declare them.
  const own = provider as unknown as { kubeconfig?: pulumi.Output<string>; context?: pulumi.Output<string> };
  return { kubeconfig: args.kubeconfig ?? own.kubeconfig, context: args.context ?? own.context };
}

/**
 * Treats an argument object whose leaves are Pulumi inputs as the plain object. This is safe because the functions that
 * write resource texts only pass the leaves on.
 */
export function withInputs<Plain>(args: object): Plain {
  return args as Plain;
}

/** Decodes a value of a Secret's `data`. The result is secret, whether or not the value was marked as secret. */
export function decoded(value: pulumi.Output<string>): pulumi.Output<string> {
  return pulumi.secret(value.apply((text) => Buffer.from(text, "base64").toString("utf8")));
}
