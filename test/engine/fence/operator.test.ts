import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SECRETS } from "@kafka-migration/sandbox/kubernetes";
import { application, settled, startWorld, until, USERS_V1, type World } from "@kafka-migration/sandbox/testing";
import { checkFence, type FenceGap, lowerFence, raiseFence, whileFenced, writtenOnOrigin } from "../../../engine/fence";
import { openKafka } from "../../../engine/kafka/client";
import type { KafkaPort } from "../../../engine/kafka/port";
import type { MigrationModel } from "../../../engine/model";
import { silent } from "../../../engine/progress";
import { eventually, modelFor } from "../support/mirror";

/** Strimzi's operator looks every 120 s; this one every three, and removes the same. */
const FULL_PASS_MS = 3_000;
const topic = "offs-data-orders";
let world: World;
let origin: KafkaPort;
let model: MigrationModel;
let password: string;

const rule = (type: "allow" | "deny", operations: string[]) => ({
  type,
  resource: { type: "topic", name: topic },
  operations,
});

beforeAll(async () => {
  world = await startWorld({ fullPassMs: FULL_PASS_MS });
  model = modelFor(world as never, "offs");
  origin = await openKafka(world.origin.connection, "origin");
  await origin.createTopic(topic, { partitions: 1, replicationFactor: 1 });
  await world.kube.create(USERS_V1, {
    metadata: { name: "app", namespace: "origin-ns", labels: { "strimzi.io/cluster": "origin" } },
    spec: {
      authentication: { type: "scram-sha-512" },
      authorization: { type: "simple", acls: [rule("allow", ["Write", "Describe", "Read"])] },
    },
  });
  await settled(world.kube, USERS_V1, "origin-ns", "app");
  const secret = await until("the user's Secret", () => world.kube.get(SECRETS, "origin-ns", "app"));
  password = Buffer.from(secret.data?.password as string, "base64").toString();
}, 240_000);

afterAll(async () => {
  await origin?.close();
  await world?.stop();
}, 120_000);

async function write(): Promise<string> {
  const producer = application(world.origin, "app", password).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ value: "x" }] });
    return "written";
  } catch (error) {
    return (error as { type?: string }).type ?? String(error);
  } finally {
    await producer.disconnect();
  }
}

describe("a fence on a cluster whose operator owns the principals", () => {
  it("is removed if no one holds it, and leaves no marker behind", async () => {
    expect(await write()).toBe("written");
    await raiseFence(model, {}, silent);
    await eventually("the wipe", async () => (await checkFence(model, {})).state === "down", 5 * FULL_PASS_MS);
    expect((await origin.describeAcls()).filter((a) => a.permission === "deny")).toEqual([]);
    await eventually("writes again", async () => (await write()) === "written");
  });

  it("is renewed while it is held, and every gap is reported", async () => {
    const { report } = await whileFenced(model, { everyMs: 300, settleMs: 200 }, silent, async () => {
      const wipes = () => world.lines.filter((line) => line.includes("has no KafkaUser: removed")).length;
      const before = wipes();
      await eventually("two wipes", async () => wipes() >= before + 2);
      await eventually("the renewed fence", async () => (await checkFence(model, {})).state === "up");
    });
    expect(report.gaps.length).toBeGreaterThanOrEqual(2);
    expect(report.gaps.every((g) => g.topics.includes(topic) && g.wrote.length === 0)).toBe(true);
    expect(report.wrote).toEqual([]);
    expect(await write()).toBe("TOPIC_AUTHORIZATION_FAILED");
    await lowerFence(model, {}, silent);
    // The controller has taken them away; the broker that is asked hears of it a moment later.
    await eventually("no ACL and no marker", async () =>
      (await origin.describeAcls()).every((a) => a.permission !== "deny"),
    );
  });

  it("reports writes between two steps that hold it", async () => {
    const end = async () => Number((await origin.listOffsets([{ topic, partition: 0 }], "latest"))[0]!.offset);
    const gateEnds = { [topic]: [await end()] };
    const quick = { everyMs: 300, settleMs: 200, gateEnds };
    const first = await whileFenced(model, quick, silent, async () => "the first step");
    expect(first.result).toBe("the first step");
    expect(await writtenOnOrigin(model, gateEnds)).toEqual([]);
    await eventually("a write behind the wiped fence", async () => (await write()) === "written", 5 * FULL_PASS_MS);
    const from = gateEnds[topic]![0]!;
    const to = await end();
    expect(await writtenOnOrigin(model, gateEnds)).toEqual([
      { topic, partition: 0, from: String(from), to: String(to) },
    ]);
    let ran = false;
    const gaps: FenceGap[] = [];
    const second = { ...quick, wholeAt: first.report.until, onGap: (gap: FenceGap) => void gaps.push(gap) };
    await expect(whileFenced(model, second, silent, async () => (ran = true))).rejects.toThrow(
      `FENCE_BREACHED: 1 partition of the origin received writes since the gate passed\n  - ${topic}-0: ${from} ` +
        `-> ${to}`,
    );
    expect(ran).toBe(false);
    // The step's own raise closed the gap, so nothing else would report it.
    const wrote = [{ topic, partition: 0, from: String(from), to: String(to) }];
    expect(gaps).toEqual([expect.objectContaining({ after: first.report.until, rules: 1, wrote })]);
    await lowerFence(model, {}, silent);
    await eventually("no ACL and no marker", async () =>
      (await origin.describeAcls()).every((a) => a.permission !== "deny"),
    );
  });

  it("stays up without being held if it uses the KafkaUser's own rules", async () => {
    const user = await until("the user", () => world.kube.get(USERS_V1, "origin-ns", "app"));
    const authorization = {
      type: "simple",
      acls: [rule("allow", ["Write", "Describe", "Read"]), rule("deny", ["Write"])],
    };
    await world.kube.replace(USERS_V1, { ...user, spec: { ...user.spec, authorization } });
    await settled(world.kube, USERS_V1, "origin-ns", "app");
    await eventually("the user's denial", async () => (await write()) === "TOPIC_AUTHORIZATION_FAILED");
    const end = async () => (await origin.listOffsets([{ topic, partition: 0 }], "latest"))[0]?.offset;
    const before = await end();
    for (const until = Date.now() + 2.5 * FULL_PASS_MS; Date.now() < until; )
      expect(await write()).toBe("TOPIC_AUTHORIZATION_FAILED");
    expect(await end()).toBe(before);
  });
});
