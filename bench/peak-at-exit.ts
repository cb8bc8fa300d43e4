import { writeFileSync } from "node:fs";
import { peakBytes } from "./peak";

/** Loaded before a program (`node --require`): leaves its largest resident set, bytes, in the file of BENCH_PEAK_FILE. */
process.once("exit", () => writeFileSync(process.env.BENCH_PEAK_FILE!, String(peakBytes())));
