/**
 * Internal topics of a Streams application. Their names are `<application.id>-...`, and its group is named
 * `<application.id>` (Kafka 4.3, InternalTopologyBuilder).
 */
const INTERNAL = /-(changelog|repartition)$/;

export function isStreamsTopic(topic: string): boolean {
  return INTERNAL.test(topic);
}

/**
 * The Streams application that owns an internal topic. If the names of several groups are a start of the topic's name,
 * the longest one. undefined: not an internal topic, or none of these groups owns it.
 */
export function applicationOf(topic: string, groups: ReadonlySet<string>): string | undefined {
  if (!isStreamsTopic(topic)) return undefined;
  for (let at = topic.lastIndexOf("-"); at > 0; at = topic.lastIndexOf("-", at - 1)) {
    const group = topic.slice(0, at);
    if (groups.has(group)) return group;
  }
  return undefined;
}
