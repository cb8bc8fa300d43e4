import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureParts } from "@kafka-migration/sandbox";
import { bootClusters } from "@kafka-migration/sandbox/testing";

const SHARED = "KAFKA_MIGRATION_TEST_CLUSTERS";

/**
 * Before the first test of a whole run: every part is there (a hook's limit is no time for a build), and one pair of
 * clusters that most of the brokers' tests share. A run of named files boots what each needs.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.argv.slice(2).some((word) => word !== "run" && !word.startsWith("-"))) return undefined;
  await ensureParts(
    [
      "java",
      "kafka",
      "etcd",
      "kube-apiserver",
      "kube-controller-manager",
      "strimzi-crds",
      "strimzi-crds-0.31",
      "strimzi-crds-0.32",
      "strimzi-crds-0.45",
      "strimzi-crds-1.2",
      "pulumi",
      "pulumi-language-nodejs",
      "pulumi-resource-kafka",
      "pulumi-resource-kubernetes",
    ],
    (line) => process.stderr.write(`${line}\n`),
  );
  if (process.env[SHARED] || ["apart", "stories"].includes(process.env.KAFKA_MIGRATION_TEST_LANE ?? ""))
    return undefined;
  const { origin, target, supervisor } = await bootClusters();
  // In the supervisor's folder: it goes with the clusters, also when the run is killed.
  const file = join(supervisor.folder, "clusters.json");
  const plain = ({ name, bootstrapServers, ca, clusterId, admin, connection, brokerIds }: typeof origin) => ({
    name,
    bootstrapServers,
    ca,
    clusterId,
    admin,
    connection,
    brokerIds,
  });
  await writeFile(file, JSON.stringify({ origin: plain(origin), target: plain(target) }), { mode: 0o600 });
  process.env[SHARED] = file;
  return () => supervisor.stop();
}
