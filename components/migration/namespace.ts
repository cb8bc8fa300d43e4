import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { accessOfProvider, claim } from "../kubernetes";
import type { MigrationArgs } from "./args";
import { mirrorNamespace } from "./names";

/**
 * The mirror's namespace, made when it is not there. It is never deleted: Kubernetes would delete with it whatever others
 * have put there, and whether there is any can't be seen without the right to list every kind of object.
 */
export function createdNamespace(
  name: string,
  args: Pick<MigrationArgs, "mirror">,
  parent: pulumi.Resource,
): k8s.core.v1.Namespace {
  const { provider } = args.mirror ?? {};
  const access = accessOfProvider(provider ?? parent.getProvider("kubernetes:core/v1:Namespace"), args.mirror);
  const { metadata, unclaimed } = claim(
    name,
    { apiVersion: "v1", kind: "Namespace", metadata: { name: mirrorNamespace(args) } },
    access,
    { parent },
  );
  return new k8s.core.v1.Namespace(
    name,
    { metadata },
    { parent, dependsOn: unclaimed, retainOnDelete: true, ...(provider === undefined ? {} : { provider }) },
  );
}
