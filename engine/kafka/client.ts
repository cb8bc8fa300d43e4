import type { Connection, Side } from "../model";
import { administering } from "./administering";
import { Cluster } from "./cluster";
import { grouping } from "./grouping";
import type { KafkaPort, OpenOptions } from "./port";
import { measuring } from "./measuring";
import { principals } from "./principals";
import { producing } from "./producing";
import { reading } from "./reading";
import { writing } from "./writing";

/** The port with a count of the requests it sent, for reports and benchmarks. */
export interface CountingPort extends KafkaPort {
  /** Number of requests sent so far. */
  requestCount(): number;
}

/**
 * Connects to one cluster (Kafka 2.4 or newer) and returns its port. Close the port when it is no longer needed.
 * @throws MigrationError KAFKA_ADDRESS, KAFKA_UNREACHABLE, KAFKA_TLS, KAFKA_AUTHENTICATION, KAFKA_TOKEN at once,
 *   KAFKA_TOKEN_UNAVAILABLE after 3 s (a file) or 10 s (an endpoint). The calls of the port throw KAFKA_UNAUTHORIZED,
 *   KAFKA_UNKNOWN_TOPIC, KAFKA_GROUP_ACTIVE, KAFKA_REFUSED; KAFKA_NOT_AVAILABLE after 30 s of retries;
 *   KAFKA_THROTTLED after 5 min without a response; KAFKA_CLOSED after the port is closed
 */
export async function openKafka(connection: Connection, side: Side, options: OpenOptions = {}): Promise<CountingPort> {
  const cluster = await Cluster.open(connection, side, options);
  return {
    side,
    ...reading(cluster),
    ...measuring(cluster),
    ...producing(cluster),
    ...writing(cluster),
    ...grouping(cluster),
    ...administering(cluster),
    ...principals(cluster),
    requestCount: () => cluster.links.requests,
    close: (reason) => cluster.links.close(reason),
  };
}
