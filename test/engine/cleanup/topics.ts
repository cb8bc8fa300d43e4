import type { TopicDescription } from "../../../engine/kafka/port";

/** A topic as a cluster with one broker describes it. */
export const described = ({ name, partitions }: { name: string; partitions: number }): TopicDescription => ({
  name,
  topicId: name,
  internal: false,
  partitions: Array.from({ length: partitions }, (_, partition) => ({ partition, leader: 1, replicas: [1], isr: [1] })),
});
