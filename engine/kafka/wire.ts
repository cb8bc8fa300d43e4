/**
 * Writes and reads Kafka's wire format on plain buffers. The same code handles the older ("classic") versions and the
 * flexible versions (KIP-482). In flexible versions, strings and lists use another length prefix, and structures have
 * tagged fields.
 *
 * Own code: the client lacks requests, discards partial answers and fails on tagged fields (docs/kafka-port.md).
 */

/** Builds one request body. */
export class Out {
  private buffer = Buffer.allocUnsafe(512);
  private at = 0;

  constructor(readonly flexible: boolean) {}

  private room(bytes: number): number {
    const start = this.at;
    this.at += bytes;
    if (this.at > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.at));
      this.buffer.copy(grown, 0, 0, start);
      this.buffer = grown;
    }
    return start;
  }

  int8(value: number): this {
    const at = this.room(1);
    this.buffer.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.room(2);
    this.buffer.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.room(4);
    this.buffer.writeInt32BE(value, at);
    return this;
  }

  int64(value: bigint): this {
    const at = this.room(8);
    this.buffer.writeBigInt64BE(value, at);
    return this;
  }

  float64(value: number): this {
    const at = this.room(8);
    this.buffer.writeDoubleBE(value, at);
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  private unsignedVarint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      const at = this.room(1);
      this.buffer[at] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    const at = this.room(1);
    this.buffer[at] = rest;
  }

  string(value: string | null): this {
    const bytes = value === null ? null : Buffer.from(value, "utf8");
    if (this.flexible) this.unsignedVarint(bytes === null ? 0 : bytes.length + 1);
    else this.int16(bytes === null ? -1 : bytes.length);
    if (bytes !== null) {
      const at = this.room(bytes.length);
      bytes.copy(this.buffer, at);
    }
    return this;
  }

  /** Writes a byte string, for example a set of record batches. Not for flexible versions. */
  data(bytes: Buffer): this {
    this.int32(bytes.length);
    const at = this.room(bytes.length);
    bytes.copy(this.buffer, at);
    return this;
  }

  private count(items: readonly unknown[] | null): void {
    if (this.flexible) this.unsignedVarint(items === null ? 0 : items.length + 1);
    else this.int32(items === null ? -1 : items.length);
  }

  /** Writes a list of structures. null means "all" if the request supports that. */
  list<T>(items: readonly T[] | null, write: (item: T) => void): this {
    this.count(items);
    for (const item of items ?? []) {
      write(item);
      this.tags();
    }
    return this;
  }

  /** Writes a list of plain values. */
  values<T>(items: readonly T[] | null, write: (item: T) => void): this {
    this.count(items);
    for (const item of items ?? []) write(item);
    return this;
  }

  /** Writes sixteen zero bytes, which mean "no topic id". */
  noId(): this {
    const at = this.room(16);
    this.buffer.fill(0, at, at + 16);
    return this;
  }

  /** Ends a structure. In flexible versions this writes an empty list of tagged fields. */
  tags(): this {
    if (this.flexible) this.int8(0);
    return this;
  }

  done(): Buffer {
    return this.buffer.subarray(0, this.at);
  }
}

/** Reads one response body. Throws a RangeError if the body is shorter than the lengths in it. */
export class In {
  /** How long the broker does not read from this connection (KIP-219), in ms. 0: not throttled, or not parsed yet. */
  throttleMs = 0;

  constructor(
    readonly buffer: Buffer,
    readonly flexible: boolean,
    public at = 0,
  ) {}

  int8(): number {
    const value = this.buffer.readInt8(this.at);
    this.at += 1;
    return value;
  }

  int16(): number {
    const value = this.buffer.readInt16BE(this.at);
    this.at += 2;
    return value;
  }

  int32(): number {
    const value = this.buffer.readInt32BE(this.at);
    this.at += 4;
    return value;
  }

  /** Reads the response field `throttle_time_ms`. Every response has it, and every reader must call this. */
  throttleTime(): void {
    this.throttleMs = this.int32();
  }

  int64(): bigint {
    const value = this.buffer.readBigInt64BE(this.at);
    this.at += 8;
    return value;
  }

  float64(): number {
    const value = this.buffer.readDoubleBE(this.at);
    this.at += 8;
    return value;
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  private unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer.readUInt8(this.at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError("a length of more than five bytes");
  }

  /** Returns the next `length` bytes without a copy. */
  bytes(length: number): Buffer {
    if (length < 0 || this.at + length > this.buffer.length) throw new RangeError("the response ends early");
    const value = this.buffer.subarray(this.at, this.at + length);
    this.at += length;
    return value;
  }

  nullableString(): string | null {
    const length = this.flexible ? this.unsignedVarint() - 1 : this.int16();
    return length < 0 ? null : this.bytes(length).toString("utf8");
  }

  string(): string {
    return this.nullableString() ?? "";
  }

  /** Skips a byte string. */
  skipBytes(): void {
    const length = this.flexible ? this.unsignedVarint() - 1 : this.int32();
    if (length > 0) this.bytes(length);
  }

  /** Reads a byte string without a copy. null is returned as an empty one. */
  byteString(): Buffer {
    const length = this.flexible ? this.unsignedVarint() - 1 : this.int32();
    return this.bytes(Math.max(0, length));
  }

  id(): string {
    return this.bytes(16).toString("hex");
  }

  private count(): number {
    return this.flexible ? this.unsignedVarint() - 1 : this.int32();
  }

  list<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.count(); left > 0; left--) {
      items.push(read());
      this.tags();
    }
    return items;
  }

  /** Reads a list of structures and keeps nothing. */
  skipList(skip: () => void): void {
    for (let left = this.count(); left > 0; left--) {
      skip();
      this.tags();
    }
  }

  /** Skips a list of plain values of this many bytes each. */
  skipValues(bytes: number): void {
    const count = this.count();
    if (count > 0) this.bytes(count * bytes);
  }

  values<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.count(); left > 0; left--) items.push(read());
    return items;
  }

  int32s(): number[] {
    return this.values(() => this.int32());
  }

  /** Skips all tagged fields. A broker can send fields that we do not know. */
  tags(): void {
    if (!this.flexible) return;
    for (let left = this.unsignedVarint(); left > 0; left--) {
      this.unsignedVarint();
      this.bytes(this.unsignedVarint());
    }
  }
}

/** One version of one request: how to write the request and how to read its response. */
export interface Api<Request, Response> {
  readonly name: string;
  readonly key: number;
  readonly version: number;
  readonly flexible: boolean;
  write(out: Out, request: Request): void;
  read(body: In): Response;
}
