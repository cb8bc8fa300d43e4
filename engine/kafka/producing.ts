import { describeProducers, describeTransactions, listTransactions } from "./api/producers";
import { byTopic, partitionName, type Cluster } from "./cluster";
import { NONE, TOPIC_AUTHORIZATION_FAILED, TRANSACTIONAL_ID_AUTHORIZATION_FAILED } from "./error-codes";
import type { ActiveProducer, KafkaPort, OpenTransaction } from "./port";

type Producing = Pick<
  KafkaPort,
  "activeProducers" | "transactionsOf" | "transactionalIds" | "mayDescribeTransactionalId"
>;

/**
 * Codes that a broker returns only if the principal may describe the id: found, coordinator is loading, not available
 * or on another broker, id not found.
 */
const SEEN = new Set([NONE, 14, 15, 16, 105]);

/** The part of the port that reads producers and transactions (KIP-664). */
export function producing(cluster: Cluster): Producing {
  return {
    async activeProducers(partitions) {
      const found = new Map<string, ActiveProducer[]>();
      let told = true;
      await cluster.untilAllAnswered("describe producers of", partitions, partitionName, async (open, settle) => {
        const groups = await cluster.byLeader(open, settle);
        await cluster.each(groups, async (broker, items) => {
          const link = await cluster.links.broker(broker);
          if (!link.speaks(describeProducers.key, describeProducers.version)) {
            told = false;
            return items.forEach((item) => settle(item));
          }
          const asked = new Map(items.map((item) => [partitionName(item), item]));
          const request = byTopic(items, (i) => i.partition);
          for (const { topic, partitions: answers } of await cluster.links.sendOn(link, describeProducers, request)) {
            for (const { partition, errorCode, producers } of answers) {
              const name = partitionName({ topic, partition });
              if (errorCode === NONE)
                found.set(
                  name,
                  producers.map((p) => ({ topic, partition, ...p })),
                );
              const hidden = errorCode === TOPIC_AUTHORIZATION_FAILED;
              if (hidden) told = false;
              settle(asked.get(name), hidden ? NONE : errorCode);
            }
          }
        });
      });
      const producers = [...found.values()].flat();
      return told || producers.length > 0 ? producers : undefined;
    },

    async transactionsOf(producerIds) {
      return producerIds.length === 0 ? [] : (await listed(cluster, producerIds)).transactions;
    },

    async transactionalIds() {
      const { transactions, complete } = await listed(cluster, []);
      return complete ? transactions.map((one) => one.transactionalId) : undefined;
    },

    async mayDescribeTransactionalId(id) {
      let may: boolean | undefined;
      await cluster.untilAllAnswered(
        "describe",
        [id],
        (name) => `transactional id "${name}"`,
        async (_, settle) => {
          const link = await cluster.links.any();
          if (!link.speaks(describeTransactions.key, describeTransactions.version)) return settle(id);
          // Any broker can answer, because a broker checks the ACL before it looks for the id.
          for (const { transactionalId, errorCode } of await cluster.links.sendOn(link, describeTransactions, [id])) {
            const denied = errorCode === TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
            if (denied || SEEN.has(errorCode)) may = !denied;
            settle(transactionalId, denied || SEEN.has(errorCode) ? NONE : errorCode);
          }
        },
      );
      return may;
    },
  };
}

/**
 * Lists transactions on all brokers, because each broker knows only those that it coordinates.
 * @param producerIds an empty list means all
 * @returns `complete`: false if a broker does not support the request
 */
async function listed(
  cluster: Cluster,
  producerIds: readonly bigint[],
): Promise<{ transactions: OpenTransaction[]; complete: boolean }> {
  const found = new Map<number, OpenTransaction[]>();
  let complete = true;
  await cluster.everyBroker("list transactions of", async (broker, link) => {
    if (!link.speaks(listTransactions.key, listTransactions.version)) {
      complete = false;
      return undefined;
    }
    const { errorCode, transactions } = await cluster.links.sendOn(link, listTransactions, producerIds);
    if (errorCode === NONE) found.set(broker, transactions);
    return errorCode;
  });
  return { transactions: [...found.values()].flat(), complete };
}
