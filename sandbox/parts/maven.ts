import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Supervisor } from "../processes";
import type { Java } from "./tools";
import { versions } from "./versions";
import { runStep } from "./work";

type Coordinates = readonly [group: string, artifact: string, version: string];

const kafkaJars: readonly Coordinates[] = [
  ...["kafka_2.13", "connect-runtime", "connect-mirror", "kafka-tools"].map((artifact) => ["org.apache.kafka", artifact, versions.kafka] as const),
  ["org.apache.logging.log4j", "log4j-slf4j-impl", versions.log4j],
];

/** Alone: what it needs besides a store on disk, which takes 70 MB of native code, comes with Kafka. */
const streamsJars: readonly Coordinates[] = [["org.apache.kafka", "kafka-streams", versions.kafka]];

const strimziJars: readonly Coordinates[] = [
  ["io.strimzi", "api", versions.strimzi],
  ["io.strimzi", "crd-generator", versions.strimziGenerator],
];

const strimziModels = { KafkaUser: "user", KafkaTopic: "topic", KafkaMirrorMaker2: "mirrormaker2" } as const;

export interface MavenWork {
  supervisor: Supervisor;
  mvn: string;
  java: Java;
  /** Maven's repository for this build, removed with the build folder. */
  repository: string;
  progress: (line: string) => void;
}

/** Puts Kafka's brokers, tools, Connect and MirrorMaker 2 with everything that they need into `folder`. */
export async function fetchKafka(work: MavenWork, folder: string): Promise<void> {
  const jars = await copyJars(work, "kafka", kafkaJars);
  await rename(jars, folder);
}

/** Puts the one jar of Kafka Streams into `folder`. */
export async function fetchStreams(work: MavenWork, folder: string): Promise<void> {
  await rename(await copyJars(work, "kafka-streams", streamsJars, ALONE), folder);
}

/** Makes Strimzi's CRDs out of its API classes, one YAML file per kind, as Strimzi's own build does. */
export async function generateCrds(work: MavenWork, folder: string): Promise<void> {
  const jars = await copyJars(work, "strimzi-crds", strimziJars);
  await mkdir(folder, { recursive: true });
  const outputs = Object.entries(strimziModels).map(([kind, model]) => `io.strimzi.api.kafka.model.${model}.${kind}=${join(folder, `${kind}.yaml`)}`);
  await runStep(
    work.supervisor,
    {
      name: "strimzi-crds: generator",
      command: work.java.path,
      args: ["-cp", join(jars, "*"), "io.strimzi.crdgenerator.CrdGenerator", "--yaml", "--target-kube", "1.25+", ...outputs],
      log: join(work.supervisor.folder, "crd-generator.log"),
    },
    work.progress,
  );
}

const ALONE = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>";

/** All jars that the coordinates stand for, in one folder. */
async function copyJars(work: MavenWork, name: string, jars: readonly Coordinates[], exclusions = ""): Promise<string> {
  const project = join(work.supervisor.folder, `maven-${name}`);
  await mkdir(project, { recursive: true });
  await writeFile(join(project, "pom.xml"), pom(jars, exclusions));
  const out = join(project, "jars");
  await runStep(
    work.supervisor,
    {
      name: `${name}: Maven`,
      command: work.mvn,
      args: ["-B", "-q", "dependency:copy-dependencies", `-DoutputDirectory=${out}`, `-Dmaven.repo.local=${work.repository}`],
      cwd: project,
      env: { ...process.env, JAVA_HOME: work.java.home },
      log: join(work.supervisor.folder, `maven-${name}.log`),
    },
    work.progress,
  );
  return out;
}

function pom(jars: readonly Coordinates[], exclusions: string): string {
  const dependencies = jars.map(([group, artifact, version]) => `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${exclusions}</dependency>`);
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>sandbox</groupId><artifactId>parts</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
${dependencies.join("\n")}
</dependencies>
</project>
`;
}
