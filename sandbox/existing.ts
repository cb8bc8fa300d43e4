import { SandboxError } from "./error";
import type { ClusterConnection, KafkaCluster } from "./kafka";
import { brokersOf, withBroker } from "./kafka/wire";

/** A cluster that is already running. Sends it one request, so that a wrong address or password is found now. */
export async function existingCluster(name: string, connection: ClusterConnection): Promise<KafkaCluster> {
  const [first] = brokersOf(connection.bootstrapServers);
  if (!first) throw new SandboxError("CLUSTER_UNREACHABLE", `${name}: no bootstrap servers`, { fix: "give host:port" });
  const found = await withBroker(connection, first, (link, library) =>
    library.describeClusterV0.api.async(link, false, 1),
  ).catch((error: unknown) => {
    throw new SandboxError(
      "CLUSTER_UNREACHABLE",
      `${name}: no answer of ${first.host}:${first.port} to ${connection.sasl.username}: ${(error as Error).message}`,
      {
        fix: "check address, CA, user name and password of the cluster that was given",
        cause: error,
      },
    );
  });
  const notOurs = (): Promise<never> =>
    Promise.reject(
      new SandboxError(
        "NOT_OURS",
        `${name} was not started here, so its brokers are not stopped or started from here`,
        { fix: "let the sandbox boot this cluster" },
      ),
    );
  const { username, password } = connection.sasl;
  return {
    name,
    bootstrapServers: connection.bootstrapServers,
    ca: connection.tls.ca,
    clusterId: found.clusterId,
    admin: { username, password },
    connection,
    brokerIds: found.brokers.map((broker) => broker.brokerId).sort((a, b) => a - b),
    stopBroker: notOurs,
    startBroker: notOurs,
    stop: () => Promise.resolve(),
  };
}
