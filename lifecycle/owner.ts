/** On every Kubernetes object that a stack makes: whose it is, as `<organization>/<project>/<stack>`. */
export const OWNER_ANNOTATION = "pulumi-kafka-migration/stack";
