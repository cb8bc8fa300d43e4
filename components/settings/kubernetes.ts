import type { Written } from "../../engine/setting";
import { laterText } from "../shape/types";

export const kubernetesShape = {
  /**
   * Content or path of a kubeconfig. Without a provider: the stack's `kubernetes:kubeconfig`, else the machine's own.
   * @default the provider's
   */
  kubeconfig: laterText.optional(),
  /**
   * Context in the kubeconfig. Without a provider: the stack's `kubernetes:context`, else the kubeconfig's current
   * context.
   * @default the provider's
   */
  context: laterText.optional(),
};

/** How the readiness checks reach a Kubernetes cluster if the provider does not say it. */
export interface KubernetesArgs extends Written<typeof kubernetesShape> {}
