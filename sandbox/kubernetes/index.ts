export type { Kubernetes, KubernetesOptions, KubernetesParts } from "./types";
export { startKubernetes } from "./server";
