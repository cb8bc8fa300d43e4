import { createHash, type Hash } from "node:crypto";
import type { RecordCursor } from "./walk";

const CHUNK = 64 * 1024;

/** One buffer for all digests, because there may be ten thousand of them; whose bytes it holds, and how many. */
const chunk = Buffer.alloc(CHUNK);
const view = new DataView(chunk.buffer, chunk.byteOffset, CHUNK);
let owner: SequenceDigest | undefined;
let used = 0;

/** A digest between two pieces of its sequence: another one can go on from here. */
export interface DigestState {
  /** Records so far. */
  count: number;
  /** Hex. */
  link: string;
}

/**
 * An order-sensitive digest (SHA-256) over timestamp, key, value and headers of a sequence of records; offsets and
 * batches do not count. Two sequences with the same digest and count, folded after the same records, are the same.
 */
export class SequenceDigest {
  private hash: Hash = createHash("sha256");
  count = 0;

  /**
   * @param timestamps false where the target's broker stamps records itself: then they can't be compared
   * @param from what an earlier digest of the same sequence had folded
   */
  constructor(
    private readonly timestamps = true,
    from?: DigestState,
  ) {
    if (from === undefined) return;
    this.count = from.count;
    this.hash.update(Buffer.from(from.link, "hex"));
  }

  /** Ends a piece: Node's hashes can't be kept, so what follows is linked to the digest so far. */
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
