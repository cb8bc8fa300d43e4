import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Supervisor } from "../processes";
import type { Java } from "./tools";
import { type StrimziRelease, versions } from "./versions";
import { runStep } from "./work";

type Coordinates = readonly [group: string, artifact: string, version: string];

const kafkaJars: readonly Coordinates[] = [
  ...["kafka_2.13", "connect-runtime", "connect-mirror", "kafka-tools"].map(
    (artifact) => ["org.apache.kafka", artifact, versions.kafka] as const,
  ),
  ["org.apache.logging.log4j", "log4j-slf4j-impl", versions.log4j],
];

/** The API comes first, so that the libraries of an old API override those of the generator. */
const strimziJars = ({ api, generator }: StrimziRelease): Coordinates[] => [
  ["io.strimzi", "api", api],
  ["io.strimzi", "crd-generator", generator],
];

const strimziModels = { KafkaUser: "user", KafkaTopic: "topic", KafkaMirrorMaker2: "mirrormaker2" } as const;

export interface MavenWork {
  supervisor: Supervisor;
  mvn: string;
  java: Java;
  /** Maven's repository for this build. It is removed with the build folder. */
  repository: string;
  progress: (line: string) => void;
}

/** Puts Kafka's brokers, tools, Connect and MirrorMaker 2 with all their dependencies into `folder`. */
export async function fetchKafka(work: MavenWork, folder: string): Promise<void> {
  const jars = await copyJars(work, "kafka", kafkaJars);
  await rename(jars, folder);
}

/**
 * Returns what puts one more jar of Kafka's into a folder, without its dependencies. Kafka provides them, except for
 * Kafka Streams' store on disk, which takes 70 MB of native code.
 */
export const fetchAlone =
  (artifact: string) =>
  async (work: MavenWork, folder: string): Promise<void> => {
    const jar = ["org.apache.kafka", artifact, versions.kafka] as const;
    await rename(await copyJars(work, artifact, [jar], { exclusions: ALONE }), folder);
  };

/** Generates the CRDs of the Strimzi release that the sandbox uses. */
export const generateCrds = (work: MavenWork, folder: string): Promise<void> =>
  crdsOf("strimzi-crds", { api: versions.strimzi, generator: versions.strimziGenerator })(work, folder);

/** Generates Strimzi's CRDs from a release's API classes, one YAML file per kind, as Strimzi's own build does. */
export const crdsOf =
  (name: string, release: StrimziRelease) =>
  async (work: MavenWork, folder: string): Promise<void> => {
    // The generator and the classes that it reads share these annotations. The generator's version must take
    // precedence.
    const managed = [["io.strimzi", "crd-annotations", release.generator]] as const;
    const jars = await copyJars(work, name, strimziJars(release), { managed });
    await mkdir(folder, { recursive: true });
    const place = (model: string): string => `io.strimzi.api.kafka.model.${release.old ? "" : `${model}.`}`;
    const outputs = Object.entries(strimziModels).map(
      ([kind, model]) => `${place(model)}${kind}=${join(folder, `${kind}.yaml`)}`,
    );
    const generating = runStep(
      work.supervisor,
      {
        name: `${name}: generator`,
        command: work.java.path,
        args: [
          "-cp",
          join(jars, "*"),
          "io.strimzi.crdgenerator.CrdGenerator",
          "--yaml",
          "--target-kube",
          "1.25+",
          ...outputs,
        ],
        log: join(work.supervisor.folder, `crd-generator-${name}.log`),
      },
      work.progress,
    );
    // For an old release, the generator reports errors and exits with an error code. A later check, before the
    // installation, verifies that every file exists.
    await (release.old ? generating.catch(() => {}) : generating);
  };

const ALONE = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>";

/** Copies all jars of the coordinates and their dependencies into one folder. */
async function copyJars(
  work: MavenWork,
  name: string,
  jars: readonly Coordinates[],
  more: PomParts = {},
): Promise<string> {
  const project = join(work.supervisor.folder, `maven-${name}`);
  await mkdir(project, { recursive: true });
  await writeFile(join(project, "pom.xml"), pom(jars, more));
  const out = join(project, "jars");
  await runStep(
    work.supervisor,
    {
      name: `${name}: Maven`,
      command: work.mvn,
      args: [
        "-B",
        "-q",
        "dependency:copy-dependencies",
        `-DoutputDirectory=${out}`,
        `-Dmaven.repo.local=${work.repository}`,
      ],
      cwd: project,
      env: { ...process.env, JAVA_HOME: work.java.home },
      log: join(work.supervisor.folder, `maven-${name}.log`),
    },
    work.progress,
  );
  return out;
}

interface PomParts {
  exclusions?: string;
  /** Versions for transitive dependencies. */
  managed?: readonly Coordinates[];
}

function pom(jars: readonly Coordinates[], { exclusions = "", managed = [] }: PomParts): string {
  const texts = (all: readonly Coordinates[], inside = ""): string =>
    all
      .map(
        ([group, artifact, version]) =>
          `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${inside}</dependency>`,
      )
      .join("\n");
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>sandbox</groupId><artifactId>parts</artifactId><version>1</version><packaging>pom</packaging>
<dependencyManagement><dependencies>${texts(managed)}</dependencies></dependencyManagement>
<dependencies>
${texts(jars, exclusions)}
</dependencies>
</project>
`;
}
