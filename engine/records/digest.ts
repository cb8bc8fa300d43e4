import { createHash, type Hash } from "node:crypto";
import type { RecordCursor } from "./walk";

const CHUNK = 64 * 1024;

/**
 * One buffer for all digests, because there can be ten thousand of them. `owner` is the digest that the bytes in the
 * buffer belong to. `used` is the number of these bytes.
 */
const chunk = Buffer.alloc(CHUNK);
const view = new DataView(chunk.buffer, chunk.byteOffset, CHUNK);
let owner: SequenceDigest | undefined;
let used = 0;

/** The state of a digest between two pieces of its sequence. Another digest can continue from this state. */
export interface DigestState {
  /** Number of records so far. */
  count: number;
  /** Digest so far, in hex. */
  link: string;
}

/**
 * A digest (SHA-256) of timestamp, key, value and headers of a sequence of records. It depends on the order of the
 * records, but not on their offsets and batches. Two sequences with the same digest and count are equal if they were
 * folded after the same records.
 */
export class SequenceDigest {
  private hash: Hash = createHash("sha256");
  count = 0;

  /**
   * @param timestamps false if the target's broker sets the timestamps, because they cannot be compared then. Default
   *   true
   * @param from the state that an earlier digest of the same sequence returned from `fold`. Default: a new sequence
   */
  constructor(
    private readonly timestamps = true,
    from?: DigestState,
  ) {
    if (from === undefined) return;
    this.count = from.count;
    this.hash.update(Buffer.from(from.link, "hex"));
  }

  /** Ends a piece and returns the state. Node cannot save a hash, so the next hash starts with the digest so far. */
  fold(): DigestState {
    const link = this.hex();
    this.hash = createHash("sha256").update(Buffer.from(link, "hex"));
    return { count: this.count, link };
  }

  add(record: RecordCursor): void {
    const { bytes, start, end } = record;
    const size = end - start + 8;
    this.count++;
    if (owner !== this || used + size > CHUNK) {
      flush();
      owner = this;
    }
    // The fields of a record contain their lengths. Only the timestamp is needed between two records.
    view.setFloat64(used, this.timestamps ? record.timestamp : 0);
    used += 8;
    if (size > CHUNK) {
      flush();
      this.hash.update(bytes.subarray(start, end));
    } else {
      bytes.copy(chunk, used, start, end);
      used += size - 8;
    }
  }

  /** Adds the bytes that `flush` passes to the hash. */
  take(bytes: Buffer): void {
    this.hash.update(bytes);
  }

  /** Returns the digest so far, in hex. More records can be added afterwards. */
  hex(): string {
    if (owner === this) flush();
    return this.hash.copy().digest("hex");
  }
}

function flush(): void {
  if (used > 0) owner!.take(chunk.subarray(0, used));
  used = 0;
  owner = undefined;
}
