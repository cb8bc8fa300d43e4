import { setFlagsFromString } from "node:v8";

/**
 * Makes V8 collect garbage earlier. By default V8 lets the heap grow to several times the size of the live objects. At
 * 10,000 partitions that growth is most of the memory of a step (limit: 256 MB). Pulumi starts the process, so we
 * cannot set its command-line options.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--heap-growing-percent=20");
}
