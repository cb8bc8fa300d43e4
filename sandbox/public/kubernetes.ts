/** The API server with Strimzi's CRDs, and clients for it. */
export { startKubernetes } from "../kubernetes";
export type { Kubernetes, KubernetesOptions, KubernetesParts } from "../kubernetes";
export { definitionsInGroup } from "../kubernetes/crds";
export { KubernetesRest } from "../kubernetes/rest";
export { connectKube, SECRETS } from "../operator/kube/client";
export type { Kube, KubeObject, Resource } from "../operator/kube/client";
