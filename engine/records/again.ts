import { isMigrationError } from "../errors";
import { type Progress, silent } from "../progress";

/** Retention and DeleteRecords take records away now and then, not all the time. */
const LOOKS = 4;

/**
 * Does work that reads only; once more, at most three times, when records that it was about to read were deleted meanwhile.
 * @throws MigrationError RECORDS_GONE of the last time; everything else at once
 */
export async function againWhenRecordsGo<T>(work: () => Promise<T>, progress: Progress = silent): Promise<T> {
  for (let left = LOOKS - 1; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left === 0 || !isMigrationError(error) || error.code !== "RECORDS_GONE") throw error;
      progress.info(`${error.seen}: looking again`);
    }
  }
}
