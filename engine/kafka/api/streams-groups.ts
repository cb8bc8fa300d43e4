import type { In } from "../wire";
import { type DescribedGroup, describeNewer } from "./groups";

/**
 * StreamsGroupDescribe v0 (KIP-1071, Kafka 4.1 and later). No other request describes groups of the Streams protocol.
 */
export const describeStreamsGroups = describeNewer({
  name: "StreamsGroupDescribe",
  key: 89,
  protocolType: "streams",
  skipToMembers: (body) => nullable(body, skipTopology),
  readMember,
});

function readMember(body: In): DescribedGroup["members"][number] {
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
  return member;
}

/** Skips a nullable structure. Its first byte is negative if it is null. */
function nullable(body: In, skip: (body: In) => void): void {
  if (body.int8() < 0) return;
  skip(body);
  body.tags();
}

function skipTopology(body: In): void {
  body.int32();
  // The list of subtopologies is null if there are none.
  body.list(() => {
    body.string();
    body.values(() => body.string());
    body.values(() => body.string());
    for (let lists = 2; lists > 0; lists--) {
      body.list(() => {
        body.string();
        body.int32();
        body.int16();
        body.list(() => skipPair(body));
      });
    }
  });
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
