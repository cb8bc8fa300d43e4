import { defaultsOf, flag, seconds, text, type Written } from "../../engine/setting";
import { fieldsOf, laterText } from "../shape/types";

/** Where the mirror runs. A stack and a program name the Kubernetes cluster in different ways. */
export const placeShape = {
  /**
   * Name of the KafkaMirrorMaker2.
   * @default `data-migration`
   */
  name: text.default("data-migration"),
  /**
   * Namespace of the KafkaMirrorMaker2. It must exist, unless `createNamespace` is set.
   * @default `migration`
   */
  namespace: text.default("migration"),
  /**
   * Create the namespace. It is not deleted with the migration, because it may contain other objects.
   * @default false
   */
  createNamespace: flag.default(false),
  /**
   * Labels of the KafkaMirrorMaker2. Example: `{ team: "orders" }`.
   * @default none
   */
  labels: fieldsOf<string>().optional(),
  /**
   * Annotations of the KafkaMirrorMaker2, in addition to the one that names the owner.
   * @default none
   */
  annotations: fieldsOf<string>().optional(),
  /**
   * Longest time to wait for the workers, in seconds.
   * @default 600
   */
  readyLimitSeconds: seconds.default(600),
};
export interface MirrorPlace extends Written<typeof placeShape> {}
export const PLACE_DEFAULTS = defaultsOf(placeShape);

/** How a Kubernetes cluster is reached, unless the provider says it. */
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
