import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** How the readiness checks reach a Kubernetes cluster when it can't be taken from the provider. */
export interface KubernetesArgs {
  /** Content or path. Default: the provider's; without a provider the stack's `kubernetes:kubeconfig`, else the machine's own. */
  kubeconfig?: pulumi.Input<string>;
  /** Default: the provider's; without a provider the stack's `kubernetes:context`, else the kubeconfig's current one. */
  context?: pulumi.Input<string>;
}

/**
 * A provider for one Kubernetes cluster. A changed Secret is updated in place there, where the plugin would otherwise
 * delete it and make it anew.
 */
export function kubernetesCluster(name: string, args: KubernetesArgs = {}, opts?: pulumi.ResourceOptions): k8s.Provider {
  const kubeconfig = args.kubeconfig === undefined ? undefined : pulumi.secret(args.kubeconfig);
  return new k8s.Provider(name, { kubeconfig, context: args.context, enableSecretMutable: true }, opts);
}

/** The same access that the resource's kubernetes provider has, for a check outside the plugin. */
export function accessOf(resource: pulumi.Resource, args: KubernetesArgs = {}): KubernetesArgs {
  return accessOfProvider(resource.getProvider("kubernetes:core/v1:Secret"), args);
}

export function accessOfProvider(provider: pulumi.ProviderResource | undefined, args: KubernetesArgs = {}): KubernetesArgs {
  if (provider === undefined) {
    const config = new pulumi.Config("kubernetes");
    return { kubeconfig: args.kubeconfig ?? config.getSecret("kubeconfig"), context: args.context ?? config.get("context") };
  }
  // The SDK puts a provider's inputs on the resource, undeclared.
  const own = provider as unknown as { kubeconfig?: pulumi.Output<string>; context?: pulumi.Output<string> };
  return { kubeconfig: args.kubeconfig ?? own.kubeconfig, context: args.context ?? own.context };
}

/** Takes an argument object whose leaves are Pulumi inputs for the plain one: the writers of texts only pass leaves on. */
export function withInputs<Plain>(args: object): Plain {
  return args as Plain;
}

/** A value of a Secret's `data` as text; stays secret. */
export function decoded(value: pulumi.Output<string>): pulumi.Output<string> {
  return pulumi.secret(value.apply((text) => Buffer.from(text, "base64").toString("utf8")));
}
