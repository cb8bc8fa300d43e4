import { reader } from "../mirror-configuration";
import { stackRule } from "./rule";
import { inEach } from "./unknown";
import { type MirrorView, wholeOf } from "./view";

const MIB = 2 ** 20;

/** What one task may hold where nothing is said (Kafka 4.3, ProducerConfig and ConsumerConfig). */
const BUFFER_BYTES = 32 * MIB;
const FETCH_BYTES = 50 * MIB;
const BATCH_BYTES = 16 * 2 ** 10;
/** An answer stays whole until the last of its partitions has been handed on, while the next ones arrive. */
const ANSWERS = 2;
/** Of a byte array, on 64 bits. */
const ARRAY_HEADER_BYTES = 16;
/** What a worker needs beside that: Connect, its clients' metadata, the checkpoint connector. */
const WORKER_BYTES = 256 * MIB;

const UNITS: Record<string, number> = {
  "": 1,
  k: 1e3,
  K: 2 ** 10,
  Ki: 2 ** 10,
  m: MIB,
  M: 1e6,
  Mi: MIB,
  g: 2 ** 30,
  G: 1e9,
  Gi: 2 ** 30,
};

/** A JVM's size, `512m` or `2G`, whose letters are powers of 1024 either way. */
const jvmBytes = (text: string): number | undefined =>
  sized(text.toLowerCase(), /^(\d+)([kmg]?)$/, { ...UNITS, k: 2 ** 10 });
/** A quantity of Kubernetes, `512Mi` or `1G`. */
const quantityBytes = (text: string): number | undefined => sized(text, /^(\d+(?:\.\d+)?)(|k|M|G|Ki|Mi|Gi)$/, UNITS);

function sized(text: string, form: RegExp, units: Record<string, number>): number | undefined {
  const [, number, unit] = form.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * units[unit!]!;
}

/** The most that a worker's heap can be: what is said of it, and never more than its container has. */
function heapOf({ memory }: MirrorView): { bytes: number; said: string } | undefined {
  const said = [
    { key: "jvmOptions.-Xmx", value: memory?.heap, bytes: jvmBytes },
    { key: "resources.limits.memory", value: memory?.limit, bytes: quantityBytes },
  ].flatMap(({ key, value, bytes }) => {
    const size = value === undefined ? undefined : bytes(value);
    return size === undefined ? [] : [{ bytes: size, said: `${key} is ${value}` }];
  });
  return said.sort((a, b) => a.bytes - b.bytes)[0];
}

/**
 * What a producer's `buffer.memory` takes of a heap under G1, the collector of Kafka's own scripts: it consists of arrays of
 * `batch.size`, and one that is larger than half a region (JDK 18 and later: a 2048th of the heap, rounded up to a power of two,
 * 1 to 32 MiB) takes whole regions.
 */
export function heapOfBuffer(buffer: number, batch: number, heap: number): number {
  const region = Math.min(32 * MIB, Math.max(MIB, 2 ** Math.ceil(Math.log2(heap / 2048))));
  const array = batch + ARRAY_HEADER_BYTES;
  if (array <= region / 2) return buffer;
  return Math.ceil(Math.max(1, buffer / batch) * Math.ceil(array / region) * region);
}

export const memoryRules = [
  stackRule(
    { name: "worker-memory", level: "advisory", summary: "A worker's heap has room for what its tasks may buffer." },
    (view) =>
      inEach(view.mirrors, (mirror) => {
        const heap = heapOf(mirror);
        const entries = view.mirrors.filter(
          ({ resource, declared }) => resource === mirror.resource && declared.source,
        );
        // Workers share the tasks of all entries; the first one speaks for the resource.
        if (heap === undefined || entries[0] !== mirror) return [];
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
              seen: `${heap.said}, and ${tasks === 1 ? "a task" : `${tasks} tasks`} of a worker may hold ${mib(tasks * held)} (producer.override.buffer.memory and batch.size, twice consumer.fetch.max.bytes)`,
              why: "a task ends with OutOfMemoryError, stays FAILED, and what it copied stands still",
              instead: `give the heap at least ${mib(needed)} and the container half as much again, or lower tasksMax or the buffers`,
            },
          },
        ];
      }),
  ),
];
