import { writeFileSync } from "node:fs";
import { peakBytes } from "./peak";

/**
 * Load this file before a program (`node --require`). At exit it writes the largest resident set, in bytes, to the file
 * that BENCH_PEAK_FILE names.
 */
process.once("exit", () => writeFileSync(process.env.BENCH_PEAK_FILE!, String(peakBytes())));
