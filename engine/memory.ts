import { setFlagsFromString } from "node:v8";

/**
 * Makes V8 collect garbage earlier. By default V8 lets the heap grow to several times the size of the live objects. At
 * 10,000 partitions that growth is most of the memory of a step (limit: 256 MB). Pulumi starts the process, so we
 * cannot set its command-line options.
 */
export function keepHeapSmall(): void {
  isSmall = true;
  grow(20);
}

let isSmall = false;

/** From this number of partitions on, memory comes before time: what is held of each is then most of the heap. */
const MANY_PARTITIONS = 50_000;

/** For work that holds something of each of so many partitions. Does nothing in a process that is not kept small. */
export function keepHeapSmallFor(partitions: number): void {
  if (isSmall) grow(partitions < MANY_PARTITIONS ? 20 : 10);
}

const grow = (percent: number): void => setFlagsFromString(`--heap-growing-percent=${percent}`);
