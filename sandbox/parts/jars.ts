import { readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { cacheFolder, installedFolder } from "./cache";
import { onPath } from "./tools";
import type { Part } from "./types";
import { accepts, oldest, versions } from "./versions";

/** The jars that a Kafka folder must have: brokers, tools, clients, Connect and MirrorMaker 2. */
export const kafkaArtifacts = [
  "kafka-server",
  "kafka-tools",
  "kafka-clients",
  "connect-runtime",
  "connect-mirror",
] as const;

/**
 * Finds the jars of a Kafka distribution: the one in `KAFKA_HOME`, else the one whose `kafka-server-start.sh` is on the
 * PATH.
 */
export async function kafkaOnPath(env: NodeJS.ProcessEnv = process.env): Promise<Part[] | undefined> {
  const script = await onPath("kafka-server-start.sh", env);
  const homes = [
    ...(env.KAFKA_HOME ? [env.KAFKA_HOME] : []),
    ...(script ? [dirname(dirname(await realpath(script)))] : []),
  ];
  for (const home of homes) {
    const path = join(home, "libs");
    const jars = new Set(await readdir(path).catch(() => []));
    const version = [...jars]
      .map((jar) => /^kafka-server-(\d+\.\d+\.\d+)\.jar$/.exec(jar)?.[1])
      .find((found) => found !== undefined);
    if (
      version &&
      accepts(version, oldest.kafka) &&
      kafkaArtifacts.every((artifact) => jars.has(`${artifact}-${version}.jar`))
    )
      return [{ name: "kafka", path, version, origin: "path" }];
  }
  return undefined;
}

/**
 * Returns a search for one more jar of Kafka's, beside the others. A distribution contains it; the jars that Maven
 * copied for the brokers do not.
 */
export const besideKafka =
  (name: "kafka-streams" | "kafka-connect-file", artifact: string) =>
  async (env: NodeJS.ProcessEnv = process.env): Promise<Part[] | undefined> => {
    const [kafka] = (await kafkaOnPath(env)) ?? [];
    const path = kafka?.path ?? installedFolder(cacheFolder(env), "kafka", versions.kafka);
    const version = kafka?.version ?? versions.kafka;
    const jars = new Set(await readdir(path).catch(() => []));
    return jars.has(`${artifact}-${version}.jar`)
      ? [{ name, path, version, origin: kafka?.origin ?? "cache" }]
      : undefined;
  };

/** Splits Strimzi's single CRD file into one file per kind. */
export async function splitCrds(folder: string, file: string, kinds: readonly string[]): Promise<void> {
  const whole = join(folder, file);
  for (const document of parseAllDocuments(await readFile(whole, "utf8"))) {
    const kind = document.getIn(["spec", "names", "kind"]);
    if (typeof kind === "string" && kinds.includes(kind))
      await writeFile(join(folder, `${kind}.yaml`), document.toString());
  }
  await rm(whole);
}
