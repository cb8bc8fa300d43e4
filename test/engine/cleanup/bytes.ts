/** Writes the records of MirrorMaker 2's own topics, independent of the code that reads them. */

const int16 = (n: number) => {
  const b = Buffer.alloc(2);
  b.writeInt16BE(n);
  return b;
};
const int32 = (n: number) => {
  const b = Buffer.alloc(4);
  b.writeInt32BE(n);
  return b;
};
const int64 = (n: bigint) => {
  const b = Buffer.alloc(8);
  b.writeBigInt64BE(n);
  return b;
};
const string = (text: string) => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);

export function checkpoint(c: {
  group: string;
  topic: string;
  partition: number;
  upstream: bigint;
  downstream: bigint;
  metadata: string;
}): [Buffer, Buffer] {
  return [
    Buffer.concat([string(c.group), string(c.topic), int32(c.partition)]),
    Buffer.concat([int16(0), int64(c.upstream), int64(c.downstream), string(c.metadata)]),
  ];
}

export function offsetSync(s: {
  topic: string;
  partition: number;
  upstream: bigint;
  downstream: bigint;
}): [Buffer, Buffer] {
  return [
    Buffer.concat([string(s.topic), int32(s.partition)]),
    Buffer.concat([int64(s.upstream), int64(s.downstream)]),
  ];
}

export function heartbeat(h: { sourceAlias: string; targetAlias: string; timestamp: bigint }): [Buffer, Buffer] {
  return [Buffer.concat([string(h.sourceAlias), string(h.targetAlias)]), Buffer.concat([int16(0), int64(h.timestamp)])];
}
