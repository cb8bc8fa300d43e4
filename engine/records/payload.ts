import { MigrationError } from "../errors";
import { type Batch, HEADER, readBatch } from "./batch";
import { decompress } from "./codecs";
import { legacyOffset, type LegacyRecord, readLegacy } from "./legacy";

export function legacyRecords(records: Buffer, start: number, where: string): LegacyRecord[] {
  try {
    return readLegacy(records, start);
  } catch (error) {
    throw corrupt(where, legacyOffset(records, start), (error as Error).message);
  }
}

export function batchHeader(records: Buffer, start: number, where: string): Batch {
  try {
    return readBatch(records, start);
  } catch (error) {
    throw corrupt(
      where,
      start + 8 <= records.length ? Number(records.readBigInt64BE(start)) : -1,
      (error as Error).message,
    );
  }
}

export function batchPayload(records: Buffer, batch: Batch, where: string): Buffer {
  const payload = records.subarray(batch.start + HEADER, batch.end);
  if (batch.codec === 0) return payload;
  try {
    return decompress(batch.codec, payload);
  } catch (error) {
    throw corrupt(where, batch.baseOffset, (error as Error).message);
  }
}

export function corrupt(where: string, offset: number, what: string): MigrationError {
  return new MigrationError("RECORDS_CORRUPT", `${where}: the batch at offset ${offset} can't be read: ${what}`, {
    fix: "check the broker's disk and log for this partition; a consumer would fail on it too",
  });
}
