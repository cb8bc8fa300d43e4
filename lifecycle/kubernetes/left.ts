import { setTimeout as pause } from "node:timers/promises";
import type { Residue } from "../../engine/cleanup";
import { isMigrationError } from "../../engine/errors";
import type { Side } from "../../engine/model";
import type { KubernetesAccess } from "./kubeconfig";
import { ownerOf } from "../owner";
import { type KubernetesObject, type KubernetesReader, openKubernetes, type ObjectPlace } from "./reader";

/** Objects on one Kubernetes cluster. */
export interface ObjectsOn extends KubernetesAccess {
  places: ObjectPlace[];
  /**
   * Owner of the objects. An object of the same name without this owner annotation belongs to someone else. Absent: the
   * objects have no annotation.
   */
  owner?: string;
  /** The cluster whose users the objects belong to. Absent: none, or the state of an older version. */
  side?: Side;
  /**
   * Prefix that the user operator puts before the names of its Secrets (`STRIMZI_SECRET_PREFIX`). Default: taken from
   * `example`.
   */
  secretPrefix?: string;
  /**
   * A KafkaUser of the same operator. Its status names its Secret and so shows the prefix. If it is gone, any other
   * KafkaUser of its namespace does.
   */
  example?: ObjectPlace;
}

const EVERY_MS = 500;

/**
 * Returns the objects that still exist. A deletion takes a moment (an operator deletes a Secret together with its
 * user). While objects are found, this asks again for up to `patienceMs` milliseconds.
 * @throws MigrationError KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE, KUBECONFIG_*
 */
export async function leftInKubernetes(clusters: readonly ObjectsOn[], patienceMs: number): Promise<Residue[]> {
  const begun = Date.now();
  let open = await Promise.all(clusters.map(opened));
  for (;;) {
    open = await Promise.all(
      open.map(async ({ reader, places, owner }) => {
        const found = await Promise.all(places.map((place) => reader.get(place)));
        const there = places.flatMap((place, i) => {
          const object = found[i];
          return object !== undefined && (owner === undefined || ownerOf(object) === owner) ? [{ place, object }] : [];
        });
        return { reader, owner, places: there.map(({ place }) => place), there };
      }),
    );
    const left = open.flatMap(({ there }) => there);
    if (left.length === 0 || Date.now() - begun >= patienceMs) return left.map(residueOf);
    await pause(EVERY_MS);
  }
}

interface Opened {
  reader: KubernetesReader;
  owner?: string | undefined;
  places: ObjectPlace[];
  there: { place: ObjectPlace; object: KubernetesObject }[];
}

async function opened({ places, owner, side: _side, secretPrefix, example, ...access }: ObjectsOn): Promise<Opened> {
  const reader = openKubernetes(access);
  const prefix = secretPrefix ?? (example === undefined ? undefined : await prefixBy(reader, example));
  const prefixed =
    prefix === undefined || prefix === ""
      ? []
      : places.filter((p) => p.kind === "Secret").map((p) => ({ ...p, name: `${prefix}${p.name}` }));
  return { reader, owner, places: [...places, ...prefixed], there: [] };
}

async function prefixBy(reader: KubernetesReader, example: ObjectPlace): Promise<string | undefined> {
  const told = prefixIn(await reader.get(example), example.name);
  if (told !== undefined) return told;
  const { apiVersion, namespace } = example;
  const others = await reader.list({ apiVersion, kind: "KafkaUser", namespace }).catch((error: unknown) => {
    if (isMigrationError(error) && error.code === "KUBERNETES_FORBIDDEN") return [];
    throw error;
  });
  return others.map((user) => prefixIn(user, String(user.metadata.name))).find((prefix) => prefix !== undefined);
}

function residueOf({ place: { kind, namespace, name }, object: { metadata } }: Opened["there"][number]): Residue {
  const finalizers = metadata.deletionTimestamp === undefined ? [] : ((metadata.finalizers ?? []) as string[]);
  const waiting = finalizers.length === 0 ? {} : { waitsFor: finalizers };
  return {
    kind: "object",
    side: "kubernetes",
    name: `${kind} ${namespace}/${name}`,
    what: "made by the migration",
    ...waiting,
  };
}

/** Returns the prefix that a user operator puts before a user's name to name its Secret. Undefined: not known yet. */
export function prefixIn(user: KubernetesObject | undefined, name: string): string | undefined {
  const secret = user?.status?.secret;
  return typeof secret === "string" && secret.endsWith(name) ? secret.slice(0, secret.length - name.length) : undefined;
}
