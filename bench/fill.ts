import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lastLines } from "@kafka-migration/sandbox";
import { type KafkaCluster, ownTemporaryFiles, writeProperties } from "@kafka-migration/sandbox/kafka";
import { clientProperties, type Workspace } from "./common";

/** The file of values holds this many values, but at most this many bytes. */
const DISTINCT = { values: 2000, bytes: 100_000_000 };

/** Text as applications write it: the names repeat, the values do not. lz4 compresses it to about a third. */
function text(i: number, bytes: number): string {
  let line = `{"id":"${i}"`;
  for (let field = 0; line.length < bytes; field++) {
    const digest = createHash("sha256").update(`${i}/${field}`).digest("hex");
    line += `,"customerReference":"${digest.slice(0, 12)}","shippingAddressLine":"${digest.slice(12, 24)}","currencyCode":"EUR","status":"CONFIRMED"`;
  }
  return line.slice(0, bytes);
}

/** Values that lz4 cannot compress, as if the application had compressed or encrypted them. */
const noise = (_: number, bytes: number): string => randomBytes(bytes).toString("base64url").slice(0, bytes);

/**
 * Fills a topic with Kafka's own load tool. The records are not compressed and have no keys.
 * @param batchBytes size of its batches. Kafka's default is 16384
 */
export async function fill(
  { folder, parts, supervisor }: Workspace,
  cluster: KafkaCluster,
  topic: string,
  records: number,
  recordBytes: number,
  incompressible = false,
  batchBytes = 131_072,
): Promise<void> {
  const payload = join(folder, `payload-${recordBytes}.txt`);
  const line = incompressible ? noise : text;
  const distinct = Math.max(1, Math.min(DISTINCT.values, Math.floor(DISTINCT.bytes / recordBytes)));
  await writeFile(payload, Array.from({ length: distinct }, (_, i) => line(i, recordBytes)).join("\n"));
  const properties = join(folder, `${topic}.properties`);
  // Allow only one request in flight. With two, the first one to a new partition can be lost (KAFKA-15591), and the
  // tool would still exit with 0.
  await writeProperties(properties, {
    ...clientProperties(cluster),
    "batch.size": String(batchBytes),
    "max.request.size": String(Math.max(1_048_576, recordBytes + 10_000)),
    "linger.ms": "20",
    "max.in.flight.requests.per.connection": "1",
  });
  const log = join(folder, `${topic}.log`);
  const tool = supervisor.start({
    name: `load of ${topic}`,
    command: parts.java,
    args: [
      "-Xmx512m",
      "-XX:-UsePerfData",
      ownTemporaryFiles(folder),
      "-cp",
      join(parts.kafka, "*"),
      "org.apache.kafka.tools.ProducerPerformance",
      "--topic",
      topic,
      "--num-records",
      String(records),
      "--payload-file",
      payload,
      "--throughput",
      "-1",
      "--command-config",
      properties,
    ],
    log,
  });
  const { code } = await tool.exited;
  if (code !== 0) throw new Error(`filling ${topic} ended with code ${code}:\n${lastLines(log)}`);
}
