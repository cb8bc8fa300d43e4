import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKafkaCluster, type KafkaCluster } from "../kafka";
import type { ClusterConnection } from "../kafka/types";
import { supervise, type Supervisor } from "../processes";

/** A running cluster as tests see it, whether booted here or shared. */
export interface TestCluster {
  name: string;
  bootstrapServers: string;
  ca: string;
  clusterId: string;
  admin: { username: string; password: string };
  connection: ClusterConnection;
  brokerIds: number[];
}

/** The same with brokers that can be stopped, for tests that need that. The supervisor ends everything. */
export async function bootClusters(
  brokerConfig: Record<string, string> = {},
): Promise<{ origin: RunningTestCluster; target: RunningTestCluster; supervisor: Supervisor }> {
  const folder = await mkdtemp(join(tmpdir(), "kafka-migration-test-"));
  const supervisor = supervise(folder);
  try {
    const progress = (): void => {};
    const [origin, target] = await Promise.all([
      startKafkaCluster({ name: "origin", brokers: 1, folder: join(folder, "origin"), brokerConfig, progress }),
      startKafkaCluster({ name: "target", brokers: 3, folder: join(folder, "target"), brokerConfig, progress }),
    ]);
    return { origin: asTestCluster(origin), target: asTestCluster(target), supervisor };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

export type RunningTestCluster = TestCluster & Pick<KafkaCluster, "stopBroker" | "startBroker" | "stop">;

function asTestCluster(cluster: KafkaCluster): RunningTestCluster {
  return Object.assign(cluster, { brokerIds: [...cluster.brokerIds] });
}
