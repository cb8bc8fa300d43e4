import { createHash } from "node:crypto";
import type { RecordCursor } from "../records/walk";

/** A record that was kept for comparing: what must be equal on both sides, and where it lies on this one. */
export interface Seen {
  offset: number;
  timestamp: number;
  size: number;
  transactional: boolean;
  stamped: boolean;
  /** Digest of key, value and headers. */
  body: string;
}

export function digest(body: Uint8Array): string {
  return createHash("sha1").update(body).digest("base64");
}

export function keep(cursor: RecordCursor): Seen {
  const { offset, timestamp, size, transactional, stamped } = cursor;
  return { offset, timestamp, size, transactional, stamped, body: digest(cursor.body()) };
}

/**
 * Whether two records are copies of each other: timestamp, key, value and headers. `timestamps` is false where the
 * target's topic stamps records itself and the origin's timestamps are lost: then only the content can be compared.
 */
export function sameRecord(a: Seen, b: Seen, timestamps: boolean): boolean {
  return a.size === b.size && a.body === b.body && (!timestamps || a.timestamp === b.timestamp);
}
