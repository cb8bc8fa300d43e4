import { readFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines } from "@kafka-migration/sandbox";
import { type KafkaCluster, ownTemporaryFiles, writeProperties } from "@kafka-migration/sandbox/kafka";
import { clientProperties, type Workspace } from "./common";

export interface ToolRead {
  records: number;
  /** Fetch time only, as the tool counts it. Excludes the start of the tool and the rebalance of the group. */
  seconds: number;
}

let runs = 0;

/**
 * Reads a topic from start to end with Kafka's own consumer performance tool. It starts the class that
 * bin/kafka-consumer-perf-test.sh starts, with the heap (512 MB) and the collector (G1) of that script. The consumer
 * settings are the tool's own: it checks checksums.
 */
export async function readWithTool(
  { folder, parts, supervisor }: Workspace,
  cluster: KafkaCluster,
  topic: string,
  records: number,
): Promise<ToolRead> {
  const name = `consumer-tool-${++runs}`;
  const properties = join(folder, `${name}.properties`);
  await writeProperties(properties, clientProperties(cluster));
  const log = join(folder, `${name}.log`);
  const tool = supervisor.start({
    name,
    command: parts.java,
    args: [
      "-Xmx512m",
      "-XX:+UseG1GC",
      "-XX:-UsePerfData",
      ownTemporaryFiles(folder),
      "-cp",
      join(parts.kafka, "*"),
      "org.apache.kafka.tools.ConsumerPerformance",
      "--bootstrap-server",
      cluster.bootstrapServers,
      "--topic",
      topic,
      "--num-records",
      String(records),
      "--command-config",
      properties,
      "--group",
      name,
      "--hide-header",
      "--timeout",
      "60000",
    ],
    log,
  });
  const { code } = await tool.exited;
  // The cells: start, end, MB, MB/s, records, records/s, rebalance ms, fetch ms, fetch MB/s, fetch records/s
  // (ConsumerPerformance, Kafka 4.3).
  const line = readFileSync(log, "utf8")
    .split("\n")
    .map((l) => l.split(", "))
    .find((cells) => cells.length === 10);
  if (code !== 0 || line === undefined)
    throw new Error(`the consumer tool ended with code ${code}:\n${lastLines(log)}`);
  const read = { records: Number(line[4]), seconds: Number(line[7]) / 1000 };
  if (!(read.records >= records))
    throw new Error(`the consumer tool read ${read.records} of ${records} records of ${topic}`);
  return read;
}
