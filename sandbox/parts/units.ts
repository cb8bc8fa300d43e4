import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { GoProgram } from "./go";
import { besideKafka, kafkaArtifacts, kafkaOnPath, splitCrds } from "./jars";
import { crdsOf, fetchAlone, fetchKafka, generateCrds, type MavenWork } from "./maven";
import type { Published } from "./published";
import { answersAsLanguageHost, plugin, programOnPath, pulumiOnPath, versionOf, type Program } from "./programs";
import type { Part, PartName, StrimziCrds } from "./types";
import { oldest, otherStrimzi, versions } from "./versions";

/** Parts that are installed together in one folder of the cache. */
export interface Unit {
  /** Folder name in the cache and name in progress lines. */
  name: string;
  version: string;
  /** Maps each part to its file in the folder. Empty: the folder itself. */
  provides: Partial<Record<PartName, string>>;
  /** Looks for the parts outside of the cache: on the PATH, in Pulumi's plugin folder. */
  elsewhere?: () => Promise<Part[] | undefined>;
  /** Checks a folder before it is installed. Returns what is wrong, or undefined. */
  check: (folder: string) => Promise<string | undefined>;
  /** Its official download, unless it is a plugin. */
  archive?: Published;
  /** Prepares a download before it is checked. */
  unpacked?: (folder: string) => Promise<void>;
  /** Set for a plugin that `pulumi plugin install` downloads. */
  plugin?: "kafka" | "kubernetes";
  go?: readonly GoProgram[];
  /** Only tests need it; no start of the sandbox does. */
  testsOnly?: true;
  /** Gets it with Maven into the folder. */
  maven?: (work: MavenWork, folder: string) => Promise<void>;
}

const kinds = ["KafkaMirrorMaker2", "KafkaTopic", "KafkaUser"] as const;

const sdkVersion = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const kubeVersion = "k8s.io/component-base/version";

export const units: readonly Unit[] = [
  {
    name: "kafka",
    version: versions.kafka,
    provides: { kafka: "" },
    elsewhere: () => kafkaOnPath(),
    check: (folder) =>
      lacks(
        folder,
        kafkaArtifacts.map((artifact) => `${artifact}-${versions.kafka}.jar`),
      ),
    archive: "kafka",
    maven: fetchKafka,
  },
  jarAlone("kafka-streams", "kafka-streams"),
  jarAlone("kafka-connect-file", "connect-file"),
  {
    name: "strimzi-crds",
    version: versions.strimzi,
    provides: { "strimzi-crds": "" },
    check: (folder) =>
      lacks(
        folder,
        kinds.map((kind) => `${kind}.yaml`),
      ),
    archive: "strimzi-crds",
    unpacked: (folder) => splitCrds(folder, `strimzi-crds-${versions.strimzi}.yaml`, kinds),
    maven: generateCrds,
  },
  ...(Object.keys(otherStrimzi) as StrimziCrds[]).map(otherCrds),
  {
    name: "pulumi",
    version: versions.pulumi,
    provides: { pulumi: "pulumi", "pulumi-language-nodejs": "pulumi-language-nodejs" },
    elsewhere: pulumiOnPath,
    check: async (folder) =>
      (await answers("pulumi", folder, versions.pulumi)) ??
      ((await answersAsLanguageHost(join(folder, "pulumi-language-nodejs")))
        ? undefined
        : "pulumi-language-nodejs does not answer as the language host for Node"),
    archive: "pulumi",
    go: [
      {
        module: "language-nodejs",
        package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
        makes: "pulumi-language-nodejs",
        set: { [sdkVersion]: `v${versions.languageHost}` },
      },
      {
        module: ".",
        package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        makes: "pulumi",
        set: { [sdkVersion]: `v${versions.pulumi}` },
      },
    ],
  },
  {
    name: "etcd",
    version: versions.etcd,
    provides: { etcd: "etcd" },
    elsewhere: () => programOnPath("etcd", oldest.etcd),
    check: (folder) => answers("etcd", folder, versions.etcd),
    archive: "etcd",
    go: [{ module: ".", package: "go.etcd.io/etcd/server/v3", makes: "server", installedAs: "etcd", set: {} }],
  },
  kubernetesServer("kube-apiserver"),
  { ...kubernetesServer("kube-controller-manager"), testsOnly: true },
  {
    name: "pulumi-resource-kafka",
    version: versions.kafkaPlugin,
    provides: { "pulumi-resource-kafka": "pulumi-resource-kafka" },
    elsewhere: () => plugin("kafka", oldest.kafkaPlugin),
    check: (folder) => answers("pulumi-resource-kafka", folder, versions.kafkaPlugin),
    plugin: "kafka",
    go: [
      {
        module: ".",
        package: "./pulumi-resource-kafka",
        makes: "pulumi-resource-kafka",
        set: { "main.version": versions.kafkaPlugin },
      },
    ],
  },
  {
    name: "pulumi-resource-kubernetes",
    version: versions.kubernetesPlugin,
    provides: { "pulumi-resource-kubernetes": "pulumi-resource-kubernetes" },
    elsewhere: () => plugin("kubernetes", oldest.kubernetesPlugin),
    check: (folder) => lacks(folder, ["pulumi-resource-kubernetes"]),
    plugin: "kubernetes",
  },
];

/** A program of Kubernetes' own module. */
function kubernetesServer(name: "kube-apiserver" | "kube-controller-manager"): Unit {
  return {
    name,
    version: versions.kubernetes,
    provides: { [name]: name },
    elsewhere: () => programOnPath(name, oldest.kubernetes),
    check: (folder) => answers(name, folder, versions.kubernetes),
    archive: name,
    go: [
      {
        module: ".",
        package: `k8s.io/kubernetes/cmd/${name}`,
        makes: name,
        set: {
          [`${kubeVersion}.gitVersion`]: `v${versions.kubernetes}`,
          [`${kubeVersion}.gitMajor`]: "1",
          [`${kubeVersion}.gitMinor`]: versions.kubernetes.split(".")[1] ?? "",
        },
      },
    ],
  };
}

/** One jar of Kafka's that the brokers do not need. */
function jarAlone(name: "kafka-streams" | "kafka-connect-file", artifact: string): Unit {
  return {
    name,
    version: versions.kafka,
    provides: { [name]: "" },
    elsewhere: besideKafka(name, artifact),
    check: (folder) => lacks(folder, [`${artifact}-${versions.kafka}.jar`]),
    maven: fetchAlone(artifact),
    testsOnly: true,
  };
}

/** The CRDs of another Strimzi release. */
function otherCrds(name: StrimziCrds): Unit {
  const release = otherStrimzi[name];
  return {
    name,
    version: release.api,
    provides: { [name]: "" },
    check: (folder) =>
      lacks(
        folder,
        kinds.map((kind) => `${kind}.yaml`),
      ),
    archive: name,
    unpacked: (folder) => splitCrds(folder, `strimzi-crds-${release.api}.yaml`, kinds),
    maven: crdsOf(name, release),
    testsOnly: true,
  };
}

async function answers(program: Program, folder: string, version: string): Promise<string | undefined> {
  const said = await versionOf(program, join(folder, program));
  return said === version ? undefined : `${program} answers version ${said ?? "nothing"}, not ${version}`;
}

async function lacks(folder: string, files: readonly string[]): Promise<string | undefined> {
  const present = new Set(await readdir(folder));
  const missing = files.filter((file) => !present.has(file));
  return missing.length === 0 ? undefined : `${missing.join(", ")} did not come with it`;
}
