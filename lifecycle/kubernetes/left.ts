import { setTimeout as pause } from "node:timers/promises";
import type { Residue } from "../../engine/cleanup";
import type { KubernetesAccess } from "./kubeconfig";
import { OWNER_ANNOTATION } from "../owner";
import { type KubernetesObject, openKubernetes, type ObjectPlace } from "./reader";

/** Objects on one Kubernetes cluster. */
export interface ObjectsOn extends KubernetesAccess {
  places: ObjectPlace[];
  /** Whose they are; one of the same name that is not marked so is somebody else's. Absent: they have no mark. */
  owner?: string;
}

const EVERY_MS = 500;

/**
 * Those of the objects that are still there. Deleted ones take a moment to go (an operator's Secret goes with its user), so
 * it is looked again for up to `patienceMs` while something is found.
 * @throws MigrationError KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE, KUBECONFIG_*
 */
export async function leftInKubernetes(clusters: readonly ObjectsOn[], patienceMs: number): Promise<Residue[]> {
  const begun = Date.now();
  let open = clusters.map(({ places, owner, ...access }) => ({ reader: openKubernetes(access), places, owner }));
  for (;;) {
    open = await Promise.all(open.map(async ({ reader, places, owner }) => {
      const found = await Promise.all(places.map((place) => reader.get(place)));
      return { reader, owner, places: places.filter((_, i) => found[i] !== undefined && (owner === undefined || ownerOf(found[i]) === owner)) };
    }));
    const left = open.flatMap(({ places }) => places);
    if (left.length === 0 || Date.now() - begun >= patienceMs) {
      return left.map(({ kind, namespace, name }): Residue => ({ kind: "object", side: "kubernetes", name: `${kind} ${namespace}/${name}`, what: "made by the migration" }));
    }
    await pause(EVERY_MS);
  }
}

function ownerOf({ metadata }: KubernetesObject): unknown {
  return (metadata.annotations as Record<string, unknown> | undefined)?.[OWNER_ANNOTATION];
}
