import { setFlagsFromString } from "node:v8";

/**
 * V8 lets the heap grow to several times what is alive before it collects. At 10,000 partitions that is most of the
 * memory of a step, in a process that Pulumi starts and whose options are not ours (limit: 256 MB).
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--heap-growing-percent=30");
}
