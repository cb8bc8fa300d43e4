import { describeProducers, listTransactions } from "./api/producers";
import { byTopic, partitionName, type Cluster } from "./cluster";
import { NONE, requestFailure, TOPIC_AUTHORIZATION_FAILED } from "./failures";
import type { ActiveProducer, KafkaPort } from "./port";

type Producing = Pick<KafkaPort, "activeProducers" | "transactionsOf">;

/** The part of the port that tells who writes (KIP-664). */
export function producing(cluster: Cluster): Producing {
  return {
    async activeProducers(partitions) {
      const found: ActiveProducer[] = [];
      let told = true;
      await cluster.untilAllAnswered("describe producers of", partitions, partitionName, async (open) => {
        const { groups, rejected } = await cluster.byLeader(open);
        await cluster.each(groups, async (broker, items) => {
          const link = await cluster.links.broker(broker);
          if (!link.speaks(describeProducers.key, describeProducers.version)) {
            told = false;
            return;
          }
          for (const { topic, partitions: answers } of await cluster.links.send(broker, describeProducers, byTopic(items, (i) => i.partition))) {
            for (const { partition, errorCode, producers } of answers) {
              if (errorCode === NONE) for (const p of producers) found.push({ topic, partition, ...p });
              else if (errorCode === TOPIC_AUTHORIZATION_FAILED) told = false;
              else rejected.push({ item: { topic, partition }, errorCode });
            }
          }
        });
        return rejected;
      });
      return told || found.length > 0 ? found : undefined;
    },

    async transactionsOf(producerIds) {
      if (producerIds.length === 0) return [];
      await cluster.metadata([]);
      const answers = await cluster.patiently(() =>
        Promise.all(
          cluster.links.brokerIds.map(async (broker) => {
            const link = await cluster.links.broker(broker);
            if (!link.speaks(listTransactions.key, listTransactions.version)) return [];
            const { errorCode, transactions } = await cluster.links.send(broker, listTransactions, producerIds);
            if (errorCode !== NONE) throw requestFailure(cluster.side, "list transactions of", `broker ${broker}`, errorCode);
            return transactions;
          }),
        ),
      );
      return answers.flat();
    },
  };
}
