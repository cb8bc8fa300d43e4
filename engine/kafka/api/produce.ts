import type { Api } from "../wire";
import type { ByTopic } from "./records";

export interface ProduceRequest {
  timeoutMs: number;
  /** One set of record batches (format v2) for each partition. */
  topics: ByTopic<{ partition: number; records: Buffer }>[];
}

/** Produce v8 (Kafka 2.4 and later, also 4.x) with acks=all. The last version without tagged fields. */
export const produce: Api<ProduceRequest, ByTopic<{ partition: number; errorCode: number; message: string | null }>[]> =
  {
    name: "Produce",
    key: 0,
    version: 8,
    flexible: false,
    write(out, request) {
      out.string(null).int16(-1).int32(request.timeoutMs);
      out.list(request.topics, ({ topic, partitions }) => {
        out.string(topic).list(partitions, ({ partition, records }) => out.int32(partition).data(records));
      });
    },
    read(body) {
      const topics = body.list(() => ({
        topic: body.string(),
        partitions: body.list(() => {
          const [partition, errorCode] = [body.int32(), body.int16()];
          // Skip base offset, append time and log start offset.
          for (let i = 0; i < 3; i++) body.int64();
          body.list(() => [body.int32(), body.nullableString()]);
          return { partition, errorCode, message: body.nullableString() };
        }),
      }));
      body.throttleTime();
      return topics;
    },
  };
