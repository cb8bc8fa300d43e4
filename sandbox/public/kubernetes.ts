/** The API server with Strimzi's CRDs, clients for it, and a node that runs Jobs. */
export { startKubernetes } from "../kubernetes";
export type { Kubernetes, KubernetesOptions, KubernetesParts } from "../kubernetes";
export { startNode } from "../node";
export type { NodeOptions, SandboxNode } from "../node";
export { definitionsInGroup } from "../kubernetes/crds";
export { KubernetesRest } from "../kubernetes/rest";
export { connectKube, SECRETS } from "../operator/kube/client";
export type { Kube, KubeObject, Resource } from "../operator/kube/client";
