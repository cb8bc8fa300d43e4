import { crc32 } from "node:zlib";
import type { RecordCursor } from "../records/walk";

/** Odd, so that multiplication modulo 2^32 loses nothing. Two of them give 64 bits. */
const BASE_A = 0x9e3779b1 | 0;
const BASE_B = 0x85ebca6b | 0;

/** The state of a chain after some records. */
export interface Link {
  count: number;
  a: number;
  b: number;
}

/**
 * An order-sensitive digest of a sequence of records (polynomial, modulo 2^32, twice) from which the digest of any
 * suffix can be had: that is how two logs are compared from a place to the end, whatever came before it and although
 * the number of records to the end is known only afterwards. It guards against faults, not against forgers.
 */
export class Chain {
  private count = 0;
  private a = 0;
  private b = 0;

  /** `timestamps` false: the target stamps records itself, only the content counts. */
  constructor(private readonly timestamps: boolean) {}

  add(cursor: RecordCursor): void {
    const body = crc32(cursor.body(), cursor.size);
    const time = this.timestamps ? cursor.timestamp : 0;
    const low = time | 0;
    const high = Math.floor(time / 0x1_0000_0000) | 0;
    this.a = (Math.imul(this.a, BASE_A) + mix(body ^ Math.imul(low, BASE_B) ^ high)) | 0;
    this.b = (Math.imul(this.b, BASE_B) + mix(Math.imul(body, BASE_A) + low + Math.imul(high, BASE_A))) | 0;
    this.count++;
  }

  get link(): Link {
    return { count: this.count, a: this.a, b: this.b };
  }
}

/** The digest of the records that were added between two states of one chain. */
export function between(from: Link, to: Link): Link {
  const count = to.count - from.count;
  return {
    count,
    a: (to.a - Math.imul(from.a, power(BASE_A, count))) | 0,
    b: (to.b - Math.imul(from.b, power(BASE_B, count))) | 0,
  };
}

export const equalLinks = (x: Link, y: Link): boolean => x.count === y.count && x.a === y.a && x.b === y.b;

function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
