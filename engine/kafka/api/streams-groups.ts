import type { In } from "../wire";
import { describeNewer, type ReadingMember } from "./groups";

/**
 * StreamsGroupDescribe v0 (KIP-1071, Kafka 4.1 and later). No other request describes groups of the Streams protocol.
 */
export const describeStreamsGroups = describeNewer({
  name: "StreamsGroupDescribe",
  key: 89,
  protocolType: "streams",
  readToMembers(body) {
    const topics: string[] = [];
    nullable(body, () => topics.push(...readTopology(body)));
    return topics;
  },
  readMember,
});

function readMember(body: In): ReadingMember {
  const memberId = body.string();
  body.int32();
  body.nullableString();
  body.nullableString();
  const member = { memberId, clientId: body.string(), clientHost: body.string() };
  body.int32();
  body.string();
  nullable(body, () => {
    body.string();
    body.int16();
  });
  body.list(() => skipPair(body));
  for (let lists = 2; lists > 0; lists--) body.list(() => skipTaskOffset(body));
  for (let assignments = 2; assignments > 0; assignments--) skipTasks(body);
  body.boolean();
  return { ...member, reads: [] };
}

/** Skips a nullable structure. Its first byte is negative if it is null. */
function nullable(body: In, skip: (body: In) => void): void {
  if (body.int8() < 0) return;
  skip(body);
  body.tags();
}

/** Returns the source topics and the internal topics of all subtopologies. */
function readTopology(body: In): string[] {
  body.int32();
  const topics: string[] = [];
  // The list of subtopologies is null if there are none.
  body.list(() => {
    body.string();
    topics.push(...body.values(() => body.string()));
    topics.push(...body.values(() => body.string()));
    // State changelogs, then repartition topics.
    for (let lists = 2; lists > 0; lists--) {
      body.list(() => {
        topics.push(body.string());
        body.int32();
        body.int16();
        body.list(() => skipPair(body));
      });
    }
  });
  return topics;
}

function skipPair(body: In): void {
  body.string();
  body.string();
}

function skipTaskOffset(body: In): void {
  body.string();
  body.int32();
  body.int64();
}

/** Skips the active, standby and warm-up tasks. */
function skipTasks(body: In): void {
  for (let lists = 3; lists > 0; lists--) {
    body.list(() => {
      body.string();
      body.int32s();
    });
  }
  body.tags();
}
