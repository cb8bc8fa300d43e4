/**
 * LZ4 frames in message format v0 have a wrong header checksum: Kafka computed it over the frame's magic number, too
 * (KAFKA-3160). Kafka's consumers do not check it there. From format v1 on it is correct.
 *
 *     magic int32, FLG int8, BD int8, [content size int64], [dictionary id int32], checksum int8
 */
const MAGIC_BYTES = 4;
const CONTENT_SIZE_BIT = 8;
const DICTIONARY_BIT = 1;

/** Returns the frame with the correct header checksum. */
export function withCorrectChecksum(frame: Buffer): Buffer {
  const flags = frame[MAGIC_BYTES] ?? 0;
  const end = MAGIC_BYTES + 2 + ((flags & CONTENT_SIZE_BIT) === 0 ? 0 : 8) + ((flags & DICTIONARY_BIT) === 0 ? 0 : 4);
  // Too short for a frame. The decoder says so.
  if (end >= frame.length) return frame;
  const corrected = Buffer.from(frame);
  corrected[end] = (xxHash32(frame.subarray(MAGIC_BYTES, end)) >>> 8) & 0xff;
  return corrected;
}

const PRIMES = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1] as const;

/** XXH32 with seed 0, for fewer than 16 bytes (github.com/Cyan4973/xxHash, specification). */
function xxHash32(bytes: Buffer): number {
  const [p1, p2, p3, p4, p5] = PRIMES;
  const turn = (x: number, by: number) => (x << by) | (x >>> (32 - by));
  let hash = (p5 + bytes.length) | 0;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4)
    hash = Math.imul(turn((hash + Math.imul(bytes.readUInt32LE(at), p3)) | 0, 17), p4);
  for (; at < bytes.length; at++) hash = Math.imul(turn((hash + Math.imul(bytes[at]!, p5)) | 0, 11), p1);
  hash = Math.imul(hash ^ (hash >>> 15), p2);
  hash = Math.imul(hash ^ (hash >>> 13), p3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
