/**
 * The topics in a member's assignment of the classic consumer protocol (ConsumerProtocolAssignment, all versions): an
 * int16 version, then the topics, each with an int16 length and its partitions. undefined: there is none (the group
 * rebalances), or an assignor of its own uses another format.
 */
export function assignedTopics(assignment: Buffer): string[] | undefined {
  if (assignment.length === 0) return undefined;
  try {
    const topics: string[] = [];
    let at = 2;
    const count = assignment.readInt32BE(at);
    at += 4;
    for (let i = 0; i < count; i++) {
      const length = assignment.readInt16BE(at);
      if (length < 0) return undefined;
      topics.push(assignment.toString("utf8", at + 2, at + 2 + length));
      at += 2 + length;
      at += 4 + 4 * assignment.readInt32BE(at);
      if (at > assignment.length) return undefined;
    }
    return topics;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
