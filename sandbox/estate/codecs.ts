import type * as Fzstd from "fzstd";
import { CompressionCodecs, CompressionTypes } from "kafkajs";

/** kafkajs supports only gzip. The estate uses every codec, and its consumers must read them all. */
export function registerCodecs(): void {
  const snappy = require("snappy") as typeof import("snappy");
  const lz4 = require("lz4-napi") as typeof import("lz4-napi");
  const zstd = require("fzstd") as typeof Fzstd;
  const readOnly = () => Promise.reject(new Error("this codec is only read here"));
  const codecs = CompressionCodecs as Record<
    number,
    () => { compress(): Promise<Buffer>; decompress(buffer: Buffer): Promise<Buffer> }
  >;
  codecs[CompressionTypes.Snappy] = () => ({
    compress: readOnly,
    decompress: async (b) => unframeSnappy(b, (block) => snappy.uncompressSync(block) as Buffer),
  });
  codecs[CompressionTypes.LZ4] = () => ({ compress: readOnly, decompress: (b) => lz4.decompressFrame(b) });
  codecs[CompressionTypes.ZSTD] = () => ({
    compress: readOnly,
    decompress: async (b) => Buffer.from(zstd.decompress(b)),
  });
}

/** Java writes snappy in xerial's framing: a 16-byte header, then blocks with a 4-byte length each. */
function unframeSnappy(buffer: Buffer, block: (b: Buffer) => Buffer): Buffer {
  const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
  if (!buffer.subarray(0, 8).equals(MAGIC)) return block(buffer);
  const out: Buffer[] = [];
  for (let at = 16; at < buffer.length; ) {
    const length = buffer.readInt32BE(at);
    out.push(block(buffer.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return Buffer.concat(out);
}
