import { MigrationError } from "../../engine/errors";
import type { KubernetesAccess } from "./kubeconfig";
import { isNotServed, type KubernetesObject, type ObjectPlace, pathOf, read } from "./reader";
import { messageOf, openRequests, type RequestTest } from "./request";

/** An object as it is sent to the API server. */
export interface ObjectText {
  apiVersion: string;
  kind: ObjectPlace["kind"];
  metadata: { name: string; namespace: string };
}

/** A field that somebody else owns and that has another value. */
export interface FieldConflict {
  field: string;
  /** Example: `conflict with "argocd-controller" using kafka.strimzi.io/v1`. */
  message: string;
}

export interface KubernetesWriter {
  /**
   * Creates the object, or sets its fields, by server-side apply. Never takes a field from another field manager.
   * @param only `ask`: changes nothing, and only checks whether the API server would accept it
   * @returns the object as it is now, or the fields that somebody else owns; then nothing was changed
   * @throws MigrationError KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE, KUBERNETES_REFUSED
   */
  apply(
    text: ObjectText,
    manager: string,
    only?: "ask",
  ): Promise<{ object: KubernetesObject } | { taken: FieldConflict[] }>;
  /**
   * Changes only the given fields of an object that exists (JSON merge patch, RFC 7396), whoever owns them.
   * @returns false if the object does not exist
   * @throws MigrationError KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE, KUBERNETES_REFUSED
   */
  merge(place: ObjectPlace, fields: object, manager: string): Promise<boolean>;
}

/** @param test as for `openKubernetes` */
export function openWriter(access: KubernetesAccess, test: RequestTest = {}): KubernetesWriter {
  const { server, ask } = openRequests(access, test);
  const patch = (place: ObjectPlace, query: string, contentType: string, body: object) =>
    ask(`${pathOf(place)}?${query}`, { method: "PATCH", contentType, body: JSON.stringify(body) });
  const result = (place: ObjectPlace, answer: { status: number; body: string }): KubernetesObject | undefined => {
    if (answer.status === 200 || answer.status === 201)
      return read(server, place, { ...answer, status: 200 }, "patch") as KubernetesObject;
    // The path names an object, so a 404 in JSON means that the object or its namespace does not exist.
    if (answer.status !== 404 && answer.status >= 400 && answer.status < 500 && ![401, 403].includes(answer.status))
      throw refused(place, server.url, `${answer.status} ${messageOf(answer.body)}`);
    // An apply with a field that the schema does not have is answered with 500.
    if (answer.status === 500 && /failed to create typed patch object/.test(answer.body))
      throw refused(place, server.url, messageOf(answer.body));
    if (isNotServed(answer)) throw refused(place, server.url, `it does not serve ${place.apiVersion}`);
    return read(server, place, answer, "patch") as KubernetesObject | undefined;
  };
  return {
    async apply(text, manager, only) {
      const { apiVersion, kind, metadata } = text;
      const place = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name };
      const query = `fieldManager=${encodeURIComponent(manager)}&force=false&fieldValidation=Strict${only === "ask" ? "&dryRun=All" : ""}`;
      const answer = await patch(place, query, "application/apply-patch+yaml", text);
      const taken = answer.status === 409 ? conflictsIn(answer.body) : [];
      if (taken.length > 0) return { taken };
      const object = result(place, answer);
      if (object === undefined) throw refused(place, server.url, messageOf(answer.body));
      return { object };
    },
    async merge(place, fields, manager) {
      const query = `fieldManager=${encodeURIComponent(manager)}`;
      const answer = await patch(place, query, "application/merge-patch+json", fields);
      return result(place, answer) !== undefined;
    },
  };
}

function conflictsIn(body: string): FieldConflict[] {
  const { details } = JSON.parse(body) as { details?: { causes?: (FieldConflict & { reason?: string })[] } };
  return (details?.causes ?? []).flatMap(({ reason, field, message }) =>
    reason === "FieldManagerConflict" ? [{ field, message }] : [],
  );
}

function refused({ kind, namespace, name }: ObjectPlace, server: string, why: string): MigrationError {
  return new MigrationError("KUBERNETES_REFUSED", `${server} refuses ${kind} ${namespace}/${name}: ${why}`, {
    fix: `check that namespace ${namespace} exists and that the CRDs there belong to the dialect of the migration`,
  });
}
