import type { OngoingReassignment } from "../port";
import type { Api } from "../wire";
import type { ByTopic } from "./records";

const TIMEOUT_MS = 25_000;

export interface NewTopic {
  name: string;
  partitions: number;
  replicationFactor: number;
  configs: readonly (readonly [string, string])[];
}

export interface Outcome {
  errorCode: number;
  message?: string | null;
}

/** CreateTopics v5 (Kafka 2.4 and later). */
export const createTopics: Api<readonly NewTopic[], (Outcome & { name: string })[]> = {
  name: "CreateTopics",
  key: 19,
  version: 5,
  flexible: true,
  write(out, topics) {
    out.list(topics, (t) => {
      out
        .string(t.name)
        .int32(t.partitions)
        .int16(t.replicationFactor)
        .list([], () => {});
      out.list(t.configs, ([name, value]) => out.string(name).string(value));
    });
    out.int32(TIMEOUT_MS).boolean(false).tags();
  },
  read(body) {
    body.throttleTime();
    return body.list(() => {
      const outcome = { name: body.string(), errorCode: body.int16(), message: body.nullableString() };
      body.int32();
      body.int16();
      body.list(() => {
        body.string();
        body.nullableString();
        body.boolean();
        body.int8();
        body.boolean();
      });
      return outcome;
    });
  },
};

/** DeleteTopics v4 (Kafka 2.4 and later). */
export const deleteTopics: Api<readonly string[], (Outcome & { name: string })[]> = {
  name: "DeleteTopics",
  key: 20,
  version: 4,
  flexible: true,
  write: (out, names) =>
    out
      .values(names, (n) => out.string(n))
      .int32(TIMEOUT_MS)
      .tags(),
  read(body) {
    body.throttleTime();
    return body.list(() => ({ name: body.string(), errorCode: body.int16() }));
  },
};

/** AlterPartitionReassignments v0 (KIP-455, Kafka 2.4 and later). */
export const alterReassignments: Api<
  ByTopic<{ partition: number; replicas: number[] | null }>[],
  Outcome & { topics: ByTopic<Outcome & { partition: number }>[] }
> = {
  name: "AlterPartitionReassignments",
  key: 45,
  version: 0,
  flexible: true,
  write(out, topics) {
    out.int32(TIMEOUT_MS);
    out.list(topics, ({ topic, partitions }) => {
      out.string(topic).list(partitions, (p) => out.int32(p.partition).values(p.replicas, (r) => out.int32(r)));
    });
    out.tags();
  },
  read(body) {
    body.throttleTime();
    const errorCode = body.int16();
    const message = body.nullableString();
    const topics = body.list(() => ({
      topic: body.string(),
      partitions: body.list(() => ({
        partition: body.int32(),
        errorCode: body.int16(),
        message: body.nullableString(),
      })),
    }));
    return { errorCode, message, topics };
  },
};

/** ListPartitionReassignments v0 (KIP-455), for all topics. */
export const listReassignments: Api<null, Outcome & { ongoing: OngoingReassignment[] }> = {
  name: "ListPartitionReassignments",
  key: 46,
  version: 0,
  flexible: true,
  write: (out) =>
    out
      .int32(TIMEOUT_MS)
      .list(null, () => {})
      .tags(),
  read(body) {
    body.throttleTime();
    const errorCode = body.int16();
    const message = body.nullableString();
    const ongoing = body
      .list(() => {
        const topic = body.string();
        return body.list(() => ({
          topic,
          partition: body.int32(),
          replicas: body.int32s(),
          adding: body.int32s(),
          removing: body.int32s(),
        }));
      })
      .flat();
    return { errorCode, message, ongoing };
  },
};

/** ElectLeaders v2 (KIP-460, Kafka 2.4 and later), preferred leaders. */
export const electLeaders: Api<ByTopic<number>[], Outcome & { topics: ByTopic<Outcome & { partition: number }>[] }> = {
  name: "ElectLeaders",
  key: 43,
  version: 2,
  flexible: true,
  write(out, topics) {
    out.int8(0);
    out.list(topics, ({ topic, partitions }) => out.string(topic).values(partitions, (p) => out.int32(p)));
    out.int32(TIMEOUT_MS).tags();
  },
  read(body) {
    body.throttleTime();
    const errorCode = body.int16();
    const topics = body.list(() => ({
      topic: body.string(),
      partitions: body.list(() => ({
        partition: body.int32(),
        errorCode: body.int16(),
        message: body.nullableString(),
      })),
    }));
    return { errorCode, topics };
  },
};
