import { SIDES } from "../../engine/sides";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { defined } from "../../engine/objects";
import { Mistakes } from "../../engine/errors";
import type { ObjectsOn } from "../../lifecycle/kubernetes/left";
import { dialectNamed } from "../dialects";
import { accessOfProvider, stackOwner } from "../kubernetes";
import type { KubernetesArgs } from "../settings/place";
import type { MigrationArgs } from "../settings/migration";
import { mirrorName, mirrorNamespace, namesOf, userDialect } from "./names";

/**
 * Returns every Kubernetes object that the migration creates and deletes, and the Secrets that operators create beside
 * its users. None of them may be left in the end. The administrators are left out, because they are deleted last.
 */
export function ownObjects(parent: pulumi.Resource, args: MigrationArgs): pulumi.Input<ObjectsOn>[] {
  const { provider, kubeconfig, context } = args.mirror ?? {};
  const [name, namespace] = [mirrorName(args), mirrorNamespace(args)];
  const { mirrorApiVersion } = dialectNamed(args.dialect, new Mistakes());
  const owner = stackOwner();
  const secret = (namespaceOf: string, nameOf: string) => ({
    apiVersion: "v1",
    kind: "Secret" as const,
    namespace: namespaceOf,
    name: nameOf,
  });
  const secrets = SIDES.flatMap((side) => {
    const { credentialsSecret, caSecret } = namesOf(side, args[side]);
    const { credentials, ca } = args[side].existingSecrets ?? {};
    return [...(credentials === true ? [] : [credentialsSecret]), ...(ca === true ? [] : [caSecret])];
  });
  const beside = [
    { apiVersion: mirrorApiVersion, kind: "KafkaMirrorMaker2" as const, namespace, name },
    ...secrets.map((s) => secret(namespace, s)),
  ];
  const users = SIDES.flatMap((side) => {
    const { operator } = args[side];
    if (operator === undefined) return [];
    const { user: userName, administrator: administratorName } = namesOf(side, args[side]);
    const way = access(parent, operator.provider ?? provider, operator);
    const user = {
      apiVersion: dialectNamed(userDialect(args, operator).dialect, new Mistakes()).userApiVersion,
      kind: "KafkaUser" as const,
      namespace: operator.namespace,
      name: userName,
    };
    const { secretPrefix } = operator;
    const example = args[side].administrator === undefined ? { ...user, name: administratorName } : user;
    const names = defined({ secretPrefix, example: secretPrefix === undefined ? example : undefined });
    return [
      { ...way, side, owner, places: [user] },
      { ...way, side, ...names, places: [secret(operator.namespace, userName)] },
    ];
  });
  return [{ ...access(parent, provider, { kubeconfig, context }), owner, places: beside }, ...users].map(
    (o) => pulumi.output(o) as pulumi.Output<ObjectsOn>,
  );
}

/** Returns the principals of the mirror that the migration creates. In the end no ACL may name them. */
export function ownPrincipals(args: MigrationArgs) {
  // The principal of an operator's user with a certificate is the name in the certificate.
  const made = (side: (typeof SIDES)[number]) =>
    args[side].given === undefined && args[side].anonymous !== true
      ? [`User:${args[side].operator?.authentication === "tls" ? "CN=" : ""}${namesOf(side, args[side]).user}`]
      : [];
  return { origin: made("origin"), target: made("target") };
}

function access(
  parent: pulumi.Resource,
  provider: k8s.Provider | undefined,
  { kubeconfig, context }: { kubeconfig?: pulumi.Input<string> | undefined; context?: string | undefined },
): KubernetesArgs {
  const own = { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) };
  return accessOfProvider(provider ?? parent.getProvider("kubernetes:core/v1:Secret"), own);
}
