/**
 * Annotation on every Kubernetes object that a stack creates. Its value is the owner:
 * `<organization>/<project>/<stack>`.
 */
export const OWNER_ANNOTATION = "pulumi-kafka-migration/stack";
