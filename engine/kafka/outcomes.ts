import type * as topics from "./api/topics";
import { partitionName, type Cluster } from "./cluster";
import { isRetriable, NONE, NOT_ANSWERED } from "./error-codes";
import type { ByTopic } from "./api/records";
import type { TopicPartition } from "./port";

/**
 * Sends a request that has a single outcome. Sends it again while the error is temporary.
 * @param isWhole returns true if the response contains the requested data. Default: always true
 */
export async function single<A extends topics.Outcome>(
  cluster: Cluster,
  action: string,
  resource: string,
  send: () => Promise<A>,
  isWhole: (answer: A) => boolean = () => true,
): Promise<A> {
  let answer: A | undefined;
  await cluster.untilAllAnswered(
    action,
    [resource],
    (name) => name,
    async (_, settle) => {
      answer = await send();
      settle(resource, codeOf(cluster, action, resource, answer) || (isWhole(answer) ? NONE : NOT_ANSWERED));
    },
  );
  return answer!;
}

/** Returns the outcome's error code. Throws permanent errors with the broker's own message. */
export function codeOf(cluster: Cluster, action: string, resource: string, outcome: topics.Outcome): number {
  if (outcome.errorCode !== NONE && !isRetriable(outcome.errorCode)) throw cluster.fail(action, resource, outcome);
  return outcome.errorCode;
}

/** Calls `take` with the outcome of each requested partition in the response. */
export function takeOutcomes<T extends TopicPartition>(
  asked: readonly T[],
  answer: ByTopic<topics.Outcome & { partition: number }>[],
  take: (item: T, outcome: topics.Outcome) => void,
): void {
  const byName = new Map(asked.map((item) => [partitionName(item), item]));
  for (const { topic, partitions } of answer) {
    for (const outcome of partitions) {
      const item = byName.get(partitionName({ topic, partition: outcome.partition }));
      if (item !== undefined) take(item, outcome);
    }
  }
}
