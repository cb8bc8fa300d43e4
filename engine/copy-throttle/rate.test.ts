import { expect, test } from "vitest";
import { fetchBytesOf, LEAST_SHARE, quotaOf } from "./decide";

/** Kafka's defaults `quota.window.num` and `quota.window.size.seconds`. */
const [SAMPLES, SAMPLE_MS] = [11, 1_000];
const MINUTES = 10;

interface Sample {
  start: number;
  last: number;
  bytes: number;
}

/**
 * The rate that a broker computes for a quota (Kafka 4.3: SampledStat, Rate, ClientQuotaManager). It counts whole
 * samples, and takes the time before the first of them for time without bytes.
 */
class QuotaRate {
  private readonly ring: Sample[] = [];
  private current = 0;

  constructor(private readonly bytesPerSecond: number) {}

  /** Records bytes that are sent. Returns how long the client has to wait if that is too much, in ms. */
  record(bytes: number, now: number): number {
    const sample = this.sampleAt(now);
    sample.bytes += bytes;
    sample.last = now;
    for (const old of this.ring)
      if (now - old.last >= SAMPLES * SAMPLE_MS) Object.assign(old, { start: now, last: now, bytes: 0 });
    const elapsed = now - Math.min(...this.ring.map(({ start }) => start));
    const missing = Math.max(0, SAMPLES - 1 - Math.floor(elapsed / SAMPLE_MS));
    const windowMs = elapsed + missing * SAMPLE_MS;
    const allowed = (this.bytesPerSecond * windowMs) / 1_000;
    const counted = this.ring.reduce((sum, one) => sum + one.bytes, 0);
    return counted <= allowed ? 0 : Math.max(1, Math.round(((counted - allowed) / allowed) * windowMs));
  }

  private sampleAt(now: number): Sample {
    if (this.ring.length === 0) this.ring.push({ start: now, last: now, bytes: 0 });
    if (now - this.ring[this.current]!.start < SAMPLE_MS) return this.ring[this.current]!;
    this.current = (this.current + 1) % (SAMPLES + 1);
    this.ring[this.current] = { start: now, last: now, bytes: 0 };
    return this.ring[this.current]!;
  }
}

interface Mirror {
  responseBytes: number;
  /** Of a batch of records. A response ends with a part of one, unless it is a single batch. */
  batchBytes?: number;
  tasks?: number;
  msPerResponse?: number;
}

/** Bytes per second that tasks get which always have something to fetch, over ten minutes. */
function copied(quota: number, { responseBytes, batchBytes = 1, tasks = 1, msPerResponse = 5 }: Mirror): number {
  const rate = new QuotaRate(quota);
  const next = Array<number>(tasks).fill(0);
  const sent = Math.max(responseBytes, batchBytes);
  let bytes = 0;
  for (;;) {
    const task = next.indexOf(Math.min(...next));
    const now = next[task]!;
    if (now >= MINUTES * 60_000) return bytes / (MINUTES * 60);
    const waitMs = rate.record(sent, now);
    // The broker takes back what it recorded, and sends an empty response.
    if (waitMs > 0) rate.record(-sent, now);
    else bytes += sent - (sent % batchBytes);
    next[task] = now + (waitMs > 0 ? waitMs : msPerResponse) + 2;
  }
}

const SHARES = [LEAST_SHARE, 1_000_000, 64_000_000];

test.each(SHARES)("a mirror that may read %s bytes per second from a broker gets this, within a tenth", (share) => {
  const responseBytes = fetchBytesOf(share * 3, 3);
  const quota = quotaOf("origin", share, responseBytes);
  for (const tasks of [1, 2, 4])
    for (const msPerResponse of [1, 20, 100])
      for (const batchBytes of [1, share / 50, share / 20].map(Math.ceil)) {
        const part = copied(quota, { responseBytes, batchBytes, tasks, msPerResponse }) / share;
        expect(part).toBeGreaterThan(0.9);
        expect(part).toBeLessThan(1.1);
      }
});

test.each([
  // Without a limit of its own a response is as large as the whole window allows. Then comes nothing for two windows.
  [10, 0.5],
  [5, 0.65],
  [1, 0.91],
])("a response of %s seconds leaves a part of the quota unused", (seconds, expected) => {
  expect(copied(1_000_000, { responseBytes: 1_000_000 * seconds }) / 1_000_000).toBeCloseTo(expected, 1);
});

test("a batch of which a part comes with each response halves the rate", () => {
  const part = copied(1_000_000, { responseBytes: 250_000, batchBytes: 131_072 }) / 1_000_000;
  expect(part).toBeGreaterThan(0.45);
  expect(part).toBeLessThan(0.55);
});

test("a batch that is larger than the window is never sent", () => {
  expect(copied(LEAST_SHARE, { responseBytes: LEAST_SHARE, batchBytes: LEAST_SHARE * 11.1 })).toBe(0);
  expect(copied(LEAST_SHARE, { responseBytes: LEAST_SHARE, batchBytes: 1_048_588 })).toBeGreaterThan(0);
});

test("a response is what one broker may send in a second, and the quota is at most 9.1 % above the share", () => {
  expect([131_072 * 3, 3_000_000, 10 ** 12].map((bytes) => fetchBytesOf(bytes))).toEqual([
    131_072, 1_000_000, 16_777_216,
  ]);
  expect(fetchBytesOf(3_000_000, 1)).toBe(fetchBytesOf(9_000_000, 3));
  for (const fetchBytes of [1, 1_000_000, 52_428_800])
    expect(quotaOf("origin", 1_000_000, fetchBytes)).toBeLessThanOrEqual(1_091_000);
  expect(quotaOf("target", 1_000_000, 1_000_000)).toBe(1_050_000);
});
