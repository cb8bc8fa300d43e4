import { pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import { SandboxError } from "../error";
import type { KafkaCluster } from "./types";
import { brokersOf, withBroker } from "./wire";

/** Number of SCRAM-SHA-512 in the wire protocol (KIP-554). */
const scramSha512 = 2;
const iterations = 4096;
/** Kafka's error code RESOURCE_NOT_FOUND. */
const resourceNotFound = 91;
const settleLimitMs = 10_000;

/**
 * Creates a SCRAM-SHA-512 user or changes its password, for a cluster without an operator. Returns when every broker
 * knows the credential. Only the salted password is sent and stored.
 */
export async function createScramUser(
  cluster: Pick<KafkaCluster, "connection">,
  name: string,
  password: string,
): Promise<void> {
  const salt = randomBytes(32);
  const saltedPassword = await promisify(pbkdf2)(password.normalize("NFKC"), salt, iterations, 64, "sha512");
  await alter(cluster, [], [{ name, mechanism: scramSha512, iterations, salt, saltedPassword }]);
  await everywhere(cluster, name, true);
}

/**
 * Removes a user's SCRAM-SHA-512 credential. Returns when no broker knows it. A user without a credential is not an
 * error.
 */
export async function deleteScramUser(cluster: Pick<KafkaCluster, "connection">, name: string): Promise<void> {
  if ((await brokersThatKnow(cluster, name)).every((known) => !known)) return;
  await alter(cluster, [{ name, mechanism: scramSha512 }], []);
  await everywhere(cluster, name, false);
}

type Alter = Parameters<
  typeof import("@platformatic/kafka", { with: {
    "resolution-mode": "import",
  }})["alterUserScramCredentialsV0"]["api"]["async"]
>;

async function alter(
  cluster: Pick<KafkaCluster, "connection">,
  deletions: Alter[1],
  upsertions: Alter[2],
): Promise<void> {
  const [broker] = brokersOf(cluster.connection.bootstrapServers);
  if (!broker) throw new SandboxError("NO_BROKERS", "the cluster has no bootstrap servers", { fix: "give host:port" });
  await withBroker(cluster.connection, broker, (link, library) =>
    library.alterUserScramCredentialsV0.api.async(link, deletions, upsertions),
  );
}

/** Waits for every broker: they learn of a change from the metadata log, each at its own time. */
async function everywhere(cluster: Pick<KafkaCluster, "connection">, name: string, wanted: boolean): Promise<void> {
  const limit = Date.now() + settleLimitMs;
  for (;;) {
    const known = await brokersThatKnow(cluster, name);
    if (known.every((one) => one === wanted)) return;
    if (Date.now() > limit) {
      throw new SandboxError(
        "USER_NOT_SETTLED",
        `user ${name}: ${known.filter((one) => one === wanted).length} of ${known.length} brokers follow the ` +
          `change after ${settleLimitMs / 1000} s`,
        {
          fix: "look at the brokers' logs",
        },
      );
    }
    await delay(20);
  }
}

function brokersThatKnow(cluster: Pick<KafkaCluster, "connection">, name: string): Promise<boolean[]> {
  return Promise.all(
    brokersOf(cluster.connection.bootstrapServers).map((broker) =>
      withBroker(cluster.connection, broker, async (link, library) => {
        try {
          const answer = await library.describeUserScramCredentialsV0.api.async(link, [{ name }]);
          return answer.results.some((result) => result.credentialInfos.some((info) => info.mechanism === scramSha512));
        } catch (error) {
          // The library throws for every result with an error code, including "no such user".
          const results = (error as { response?: { results?: { errorCode: number }[] } }).response?.results;
          if (results?.length && results.every((result) => result.errorCode === resourceNotFound)) return false;
          throw error;
        }
      }),
    ),
  );
}
