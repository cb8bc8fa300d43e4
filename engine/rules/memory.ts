import { reader } from "../mirror-configuration";
import { jvmBytes, quantityOf } from "./operator-fields/quantity";
import { type Saying, stackRule } from "./rule";
import { inEach } from "./unknown";
import { type MirrorView, wholeOf } from "./view";

const MIB = 2 ** 20;

/** The defaults for the memory of one task (Kafka 4.3, ProducerConfig and ConsumerConfig). */
const BUFFER_BYTES = 32 * MIB;
const FETCH_BYTES = 50 * MIB;
const BATCH_BYTES = 16 * 2 ** 10;
/**
 * A fetch response stays in memory until its last partition has been handed on. Meanwhile the next response arrives.
 */
const ANSWERS = 2;
/** The header of a byte array on a 64-bit JVM. */
const ARRAY_HEADER_BYTES = 16;
/** Other memory that a worker needs: Connect, its clients' metadata, the checkpoint connector. */
const WORKER_BYTES = 256 * MIB;

interface Size {
  bytes: number;
  said: string;
}

function sizeOf(key: string, value: string | undefined, bytes: (text: string) => number | undefined): Size[] {
  const size = value === undefined ? undefined : bytes(value);
  return size === undefined ? [] : [{ bytes: size, said: `${key} is ${value}` }];
}

const heapSetting = ({ memory }: MirrorView) => sizeOf("jvmOptions.-Xmx", memory?.heap, jvmBytes);
const limitOf = ({ memory }: MirrorView) => sizeOf("resources.limits.memory", memory?.limit, quantityOf);

/** The maximum heap of a worker: its setting, limited by the memory of its container. */
function heapOf(mirror: MirrorView): Size | undefined {
  return [...heapSetting(mirror), ...limitOf(mirror)].sort((a, b) => a.bytes - b.bytes)[0];
}

/** A heap that takes the whole memory of its container. A JVM needs memory beside its heap. */
function heapAboveLimit(mirror: MirrorView): Saying[] {
  const [heap, limit] = [heapSetting(mirror)[0], limitOf(mirror)[0]];
  if (heap === undefined || limit === undefined || heap.bytes < limit.bytes) return [];
  return [
    {
      seen: `${heap.said} and ${limit.said}`,
      why: "the kernel kills the worker when its heap grows, and all its tasks start again",
      instead: "write a limit of about 1.5 times the heap",
    },
  ];
}

/**
 * The heap that a producer's `buffer.memory` takes under G1, the collector that Kafka's own scripts use. The buffer
 * consists of arrays of `batch.size`. An array that is larger than half a region takes whole regions. A region (JDK 18
 * and later) is a 2048th of the heap, rounded up to a power of two, 1 to 32 MiB.
 */
export function heapOfBuffer(buffer: number, batch: number, heap: number): number {
  const region = Math.min(32 * MIB, Math.max(MIB, 2 ** Math.ceil(Math.log2(heap / 2048))));
  const array = batch + ARRAY_HEADER_BYTES;
  if (array <= region / 2) return buffer;
  return Math.ceil(Math.max(1, buffer / batch) * Math.ceil(array / region) * region);
}

export const memoryRules = [
  stackRule(
    {
      name: "worker-memory",
      level: "advisory",
      summary: "A worker's heap is large enough for the buffers of its tasks.",
    },
    (view) =>
      inEach(view.mirrors, (mirror) => {
        const heap = heapOf(mirror);
        const entries = view.mirrors.filter(
          ({ resource, declared }) => resource === mirror.resource && declared.source,
        );
        // Workers share the tasks of all entries. The first entry reports for the whole resource.
        if (heap === undefined || entries[0] !== mirror) return [];
        const killed = heapAboveLimit(mirror);
        if (killed.length > 0) return killed.map((say) => ({ at: wholeOf(mirror), say }));
        const config = reader(mirror.source.config);
        const buffer = config.number("producer.override.buffer.memory") ?? BUFFER_BYTES;
        const fetch = config.number("consumer.fetch.max.bytes") ?? FETCH_BYTES;
        const all = entries.reduce((sum, { source }) => sum + (source.tasksMax ?? 1), 0);
        const tasks = Math.ceil(all / Math.max(1, mirror.replicas ?? 1));
        const held =
          heapOfBuffer(buffer, config.number("producer.override.batch.size") ?? BATCH_BYTES, heap.bytes) +
          ANSWERS * fetch;
        const needed = tasks * held + WORKER_BYTES;
        if (heap.bytes >= needed) return [];
        const mib = (bytes: number) => `${Math.ceil(bytes / MIB)} MiB`;
        return [
          {
            at: wholeOf(mirror),
            say: {
              seen:
                `${heap.said}, and ${tasks === 1 ? "a task" : `${tasks} tasks`} of a worker may hold ` +
                `${mib(tasks * held)} (producer.override.buffer.memory and batch.size, twice ` +
                "consumer.fetch.max.bytes)",
              why: "a task can end with an OutOfMemoryError. It then stays FAILED, and its partitions are no longer copied",
              instead:
                `set the heap to at least ${mib(needed)} and the container's memory to 1.5 times that, or ` +
                "lower tasksMax or the buffers",
            },
          },
        ];
      }),
  ),
];
