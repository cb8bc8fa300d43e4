import { createHash } from "node:crypto";

/**
 * Annotation on every Kubernetes object that a stack creates. Its value is the owner:
 * `<organization>/<project>/<stack>`.
 */
export const OWNER_ANNOTATION = "pulumi-kafka-migration/stack";

/**
 * Annotation on the KafkaUsers of applications that a stack declares (`clients`). They move on with the next migration.
 * Users of mirrors and administrators have no such annotation.
 */
export const APPLICATION_ANNOTATION = "pulumi-kafka-migration/application";

/** Returns true for the KafkaUser of a mirror or of an administrator. */
export const isOwnUser = (user: { metadata: Record<string, unknown> }): boolean =>
  ownerOf(user) !== undefined &&
  (user.metadata["annotations"] as Record<string, string> | undefined)?.[APPLICATION_ANNOTATION] !== "true";

/** The stack that created an object. Undefined: no stack of this kind. */
export const ownerOf = ({ metadata }: { metadata: Record<string, unknown> }): string | undefined =>
  (metadata["annotations"] as Record<string, string> | undefined)?.[OWNER_ANNOTATION];

/** In words, after the name of the object. */
export const ownerText = (owner: string | undefined): string =>
  owner === undefined ? "was not created by a stack of this kind" : `belongs to stack ${owner}`;

/** Field manager of a stack's objects in the API server. */
export const fieldManagerOf = (owner: string): string =>
  `kafka-migration-${createHash("sha256").update(owner).digest("hex").slice(0, 12)}`;
