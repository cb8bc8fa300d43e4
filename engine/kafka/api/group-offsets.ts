import type { CommittedOffset } from "../port";
import type { Api, In } from "../wire";
import type { ByTopic } from "./records";

export interface FetchedGroupOffsets {
  groupId: string;
  errorCode: number;
  offsets: (CommittedOffset & { errorCode: number })[];
}

function readOffsets(body: In): (CommittedOffset & { errorCode: number })[] {
  return body
    .list(() => {
      const topic = body.string();
      return body.list(() => ({
        topic,
        partition: body.int32(),
        offset: body.int64(),
        leaderEpoch: body.int32(),
        metadata: body.string(),
        errorCode: body.int16(),
      }));
    })
    .flat();
}

/**
 * OffsetFetch: v8 for many groups in one request (Kafka 3.0 and later), v7 for one group (2.5). Requests stable
 * offsets, so no offset of an open transaction is returned.
 */
export const offsetFetchMany: Api<readonly string[], FetchedGroupOffsets[]> = {
  name: "OffsetFetch",
  key: 9,
  version: 8,
  flexible: true,
  write(out, groups) {
    out.list(groups, (g) => out.string(g).list(null, () => {}));
    out.boolean(true).tags();
  },
  read(body) {
    body.throttleTime();
    return body.list(() => {
      const groupId = body.string();
      const offsets = readOffsets(body);
      return { groupId, offsets, errorCode: body.int16() };
    });
  },
};

export const offsetFetchOne: Api<string, { errorCode: number; offsets: (CommittedOffset & { errorCode: number })[] }> =
  {
    name: "OffsetFetch",
    key: 9,
    version: 7,
    flexible: true,
    write: (out, group) =>
      out
        .string(group)
        .list(null, () => {})
        .boolean(true)
        .tags(),
    read(body) {
      body.throttleTime();
      const offsets = readOffsets(body);
      return { offsets, errorCode: body.int16() };
    },
  };

export interface CommitRequest {
  groupId: string;
  topics: ByTopic<CommittedOffset>[];
}

/** OffsetCommit v8 (Kafka 2.4 and later). Sent as an administrator, without a generation and a member. */
export const offsetCommit: Api<CommitRequest, ByTopic<{ partition: number; errorCode: number }>[]> = {
  name: "OffsetCommit",
  key: 8,
  version: 8,
  flexible: true,
  write(out, request) {
    out.string(request.groupId).int32(-1).string("").string(null);
    out.list(request.topics, ({ topic, partitions }) => {
      out.string(topic).list(partitions, (p) => {
        out
          .int32(p.partition)
          .int64(p.offset)
          .int32(p.leaderEpoch ?? -1)
          .string(p.metadata);
      });
    });
    out.tags();
  },
  read(body) {
    body.throttleTime();
    return body.list(() => ({
      topic: body.string(),
      partitions: body.list(() => ({ partition: body.int32(), errorCode: body.int16() })),
    }));
  },
};

/** OffsetDelete v0 (KIP-496, Kafka 2.4 and later). */
export const offsetDelete: Api<
  { groupId: string; topics: ByTopic<number>[] },
  { errorCode: number; topics: ByTopic<{ partition: number; errorCode: number }>[] }
> = {
  name: "OffsetDelete",
  key: 47,
  version: 0,
  flexible: false,
  write(out, request) {
    out.string(request.groupId);
    out.list(request.topics, ({ topic, partitions }) => out.string(topic).values(partitions, (p) => out.int32(p)));
  },
  read(body) {
    const errorCode = body.int16();
    body.throttleTime();
    const topics = body.list(() => ({
      topic: body.string(),
      partitions: body.list(() => ({ partition: body.int32(), errorCode: body.int16() })),
    }));
    return { errorCode, topics };
  },
};
