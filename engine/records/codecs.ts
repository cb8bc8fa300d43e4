import { gunzipSync } from "node:zlib";
import { decompress as fzstdDecompress } from "fzstd";
import { decompressFrameSync } from "lz4-napi";
import { uncompressSync as snappyUncompress } from "snappy";

/** Compression types by their code in a batch's attributes (bits 0 to 2). */
export const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

type Decompress = (bytes: Buffer) => Buffer;

/** Node 22.15 and later decompress zstd natively. Older versions use a JavaScript library. */
const zstd: Decompress = (() => {
  const native = (require("node:zlib") as { zstdDecompressSync?: (bytes: Buffer) => Buffer }).zstdDecompressSync;
  if (native !== undefined) return native;
  return (bytes) => {
    const plain = fzstdDecompress(bytes);
    return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  };
})();

/** The start of snappy-java's stream format: magic bytes, two version numbers, then blocks with their length. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);

/** Java producers write snappy-java's stream format. librdkafka and others write a bare block. */
function snappy(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return block(bytes);
  const parts: Buffer[] = [];
  for (let at = 16; at < bytes.length; ) {
    const length = bytes.readInt32BE(at);
    parts.push(block(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function block(bytes: Buffer): Buffer {
  return snappyUncompress(bytes, { asBuffer: true }) as Buffer;
}

const DECOMPRESS: readonly Decompress[] = [(b) => b, (b) => gunzipSync(b), snappy, (b) => decompressFrameSync(b), zstd];

/**
 * Returns the decompressed records of a batch.
 * @throws Error for an unknown codec or damaged bytes. The walk adds topic, partition and offset
 */
export function decompress(codec: number, bytes: Buffer): Buffer {
  const plain = DECOMPRESS[codec];
  if (plain === undefined) throw new Error(`compression code ${codec} is not known`);
  return plain(bytes);
}
