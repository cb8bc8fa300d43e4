import { randomUUID } from "node:crypto";
import type { ClusterConnection } from "@kafka-migration/sandbox/kafka";
import type { Api } from "../../../engine/kafka/wire";
import { Cluster } from "../../../engine/kafka/cluster";

interface Heartbeat {
  group: string;
  member: string;
  /** 0 joins, -1 leaves. */
  epoch: number;
  topic: string;
}

/** The answers are read as far as their error. */
const heartbeat = (
  name: string,
  key: number,
  version: number,
  write: Api<Heartbeat, number>["write"],
): Api<Heartbeat, number> => ({
  name,
  key,
  version,
  flexible: true,
  write,
  read(body) {
    body.int32();
    return body.int16();
  },
});

/** StreamsGroupHeartbeat v0 (KIP-1071), with a topology of one subtopology that reads one topic. */
const streamsHeartbeat = heartbeat("StreamsGroupHeartbeat", 88, 0, (out, { group, member, epoch, topic }) => {
  out
    .string(group)
    .string(member)
    .int32(epoch)
    .int32(0)
    .string(null)
    .string(null)
    .int32(epoch === 0 ? 60_000 : -1);
  if (epoch === 0) {
    out.int8(1).int32(0);
    out.list(["0"], (id) => {
      out.string(id).values([topic], (t) => out.string(t));
      // A pattern of topics, changelogs, repartition topics both ways, topics that go together: none.
      for (let lists = 5; lists > 0; lists--) out.values([], () => {});
    });
    out.tags();
  } else out.int8(-1);
  // Tasks of three kinds.
  for (let lists = 3; lists > 0; lists--) out.values(epoch === 0 ? [] : null, () => {});
  out.string(epoch === 0 ? member : null).int8(-1);
  out.values(epoch === 0 ? [] : null, () => {});
  for (let lists = 2; lists > 0; lists--) out.values(null, () => {});
  out.boolean(false).tags();
});

/** ShareGroupHeartbeat v1 (KIP-932). */
const shareHeartbeat = heartbeat("ShareGroupHeartbeat", 76, 1, (out, { group, member, epoch, topic }) => {
  out
    .string(group)
    .string(member)
    .int32(epoch)
    .string(null)
    .values(epoch === 0 ? [topic] : null, (t) => out.string(t))
    .tags();
});

/** A member of a group of a newer protocol, without the application. */
export async function joinGroup(
  connection: ClusterConnection,
  protocol: "streams" | "share",
  group: string,
  topic: string,
): Promise<{ leave(): Promise<void> }> {
  const cluster = await Cluster.open(connection, "origin", {});
  const member =
    protocol === "share" ? Buffer.from(randomUUID().replaceAll("-", ""), "hex").toString("base64url") : randomUUID();
  const beat = async (epoch: number): Promise<void> => {
    await cluster.untilAllAnswered(
      `heartbeat of`,
      [group],
      (g) => g,
      async (open, settle) => {
        const groups = await cluster.byCoordinator(open, settle);
        for (const broker of groups.keys()) {
          const errorCode = await cluster.links.send(
            broker,
            protocol === "streams" ? streamsHeartbeat : shareHeartbeat,
            { group, member, epoch, topic },
          );
          settle(group, errorCode);
        }
      },
    );
  };
  await beat(0);
  return {
    async leave() {
      await beat(-1);
      await cluster.links.close();
    },
  };
}
