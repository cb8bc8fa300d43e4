import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ensureParts, lastLines, type ManagedProcess, type Supervisor } from "@kafka-migration/sandbox";
import {
  classPath,
  environment,
  jaasQuoted,
  kafkaParts,
  toolOptions,
  writeProperties,
} from "@kafka-migration/sandbox/kafka";
import { type TestCluster, uniqueName } from "@kafka-migration/sandbox/testing";

export interface WordCount {
  /** Lets it run until `so`, and ends it as an application is ended. */
  runUntil(cluster: TestCluster, what: string, so: () => Promise<boolean>): Promise<void>;
}

export interface WordCountOptions {
  applicationId: string;
  protocol: "classic" | "streams";
  from: string;
  to: string;
}

/** A real Kafka Streams application (WordCount.java), in a JVM of its own. */
export async function wordCount(
  supervisor: Supervisor,
  { applicationId, protocol, from, to }: WordCountOptions,
): Promise<WordCount> {
  const parts = await kafkaParts(undefined, () => {});
  const streams = (await ensureParts(["kafka-streams"], () => {}))["kafka-streams"].path;
  const [own] = (await readdir(streams)).filter((jar) => /^kafka-streams-\d[\d.]*\.jar$/.test(jar));
  const folder = join(supervisor.folder, uniqueName("words"));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const jars = await classPath(parts.kafka);
  const options = await toolOptions(parts, jars, folder);
  const java = (name: string, args: readonly string[]): ManagedProcess =>
    supervisor.start({
      name,
      command: parts.java,
      args: [...options, "-Xmx256m", ...args],
      cwd: folder,
      env: { ...environment(), CLASSPATH: `${jars}:${join(streams, own!)}:${folder}` },
      log: join(folder, `${uniqueName("log")}.log`),
    });
  const compiling = java("compiling the word count", [
    "-m",
    "jdk.compiler/com.sun.tools.javac.Main",
    "-d",
    folder,
    join(__dirname, "WordCount.java"),
  ]);
  if ((await compiling.exited).code !== 0) throw new Error(lastLines(compiling.log));
  return {
    async runUntil(cluster, what, so) {
      const state = join(folder, uniqueName("state"));
      const configuration = `${state}.properties`;
      await writeProperties(configuration, {
        "application.id": applicationId,
        "group.protocol": protocol,
        ...(protocol === "classic" ? { "session.timeout.ms": "6000" } : {}),
        "bootstrap.servers": cluster.bootstrapServers,
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config":
          "org.apache.kafka.common.security.scram.ScramLoginModule required " +
          `username=${jaasQuoted(cluster.admin.username)} password=${jaasQuoted(cluster.admin.password)};`,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": cluster.ca,
        // What nothing but an exact place and a whole changelog can keep right.
        "processing.guarantee": "exactly_once_v2",
        "commit.interval.ms": "100",
        // Streams' own default: a group that is not moved counts everything again.
        "auto.offset.reset": "earliest",
        "replication.factor": "1",
        // As on a new machine: the counts have to come from the changelog.
        "state.dir": state,
      });
      const process = java(`the word count (${protocol})`, ["WordCount", configuration, from, to]);
      try {
        await process.until(what, async () => ((await so()) ? true : undefined), 90_000, 100);
      } finally {
        await process.stop(30_000);
      }
    },
  };
}
