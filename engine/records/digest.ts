import { createHash, type Hash } from "node:crypto";
import type { RecordCursor } from "./walk";

const CHUNK = 64 * 1024;

/** One buffer for all digests, because there may be ten thousand of them; whose bytes it holds, and how many. */
const chunk = Buffer.alloc(CHUNK);
const view = new DataView(chunk.buffer, chunk.byteOffset, CHUNK);
let owner: SequenceDigest | undefined;
let used = 0;

/**
 * An order-sensitive digest (SHA-256) over timestamp, key, value and headers of a sequence of records; offsets and
 * batches do not count. Two sequences with the same digest and count are the same.
 */
export class SequenceDigest {
  private readonly hash: Hash = createHash("sha256");
  count = 0;

  /** @param timestamps false where the target's broker stamps records itself: then they can't be compared */
  constructor(private readonly timestamps = true) {}

  add(record: RecordCursor): void {
    const { bytes, start, end } = record;
    const size = end - start + 8;
    this.count++;
    if (owner !== this || used + size > CHUNK) {
      flush();
      owner = this;
    }
    // Each record's fields carry their lengths, so nothing but the timestamp must be put between records.
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

  /** Takes over what `flush` has gathered. */
  take(bytes: Buffer): void {
    this.hash.update(bytes);
  }

  /** The digest so far, in hex; more may be added afterwards. */
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
