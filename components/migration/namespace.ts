import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { accessOfProvider, claim } from "../kubernetes";
import type { MigrationArgs } from "../settings/migration";
import { mirrorNamespace } from "./names";

/**
 * Declares the mirror's namespace if it is to be created. It is never deleted, because Kubernetes would delete
 * everything in it. Finding out whether it contains other objects requires the right to list every kind of object.
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
