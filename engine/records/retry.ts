import { isMigrationError } from "../errors";
import { type Progress, silent } from "../progress";

/** Maximum attempts. A few are enough, because retention and DeleteRecords delete records only now and then. */
const ATTEMPTS = 4;

/**
 * Runs read-only work. Runs it again, at most three times, if records were deleted before the work could read them.
 * @throws MigrationError RECORDS_GONE of the last attempt. Other errors are thrown at once
 */
export async function retryIfRecordsGone<T>(work: () => Promise<T>, progress: Progress = silent): Promise<T> {
  for (let left = ATTEMPTS - 1; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left === 0 || !isMigrationError(error) || error.code !== "RECORDS_GONE") throw error;
      progress.info(`${error.seen}: looking again`);
    }
  }
}
