import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { expect, test } from "vitest";
import {
  applicationClient,
  kubernetesObjects,
  type Project,
  resumeGroup,
  stopGroup,
  type Stopped,
} from "@kafka-migration/sandbox/story";
import { createTopic, ownStack, produce, recordsIn, settingsFor, until, withSandbox } from "./support";

const MINUTES = 60_000;
const PREFIX = "open";

/**
 * Neither cluster asks for a login: the origin's listener is plain text, the target's has TLS. No authorizer, no
 * operator.
 */
const at = withSandbox({ origin: { managed: false, open: true }, target: { managed: false, open: true, brokers: 1 } });
let project: Project;
let stopped: Stopped;

/** A client without a login, as the migration's own. */
function openClient(side: "origin" | "target"): Kafka {
  const cluster = at.sandbox[side];
  const ssl = side === "target" ? { ssl: { ca: [cluster.ca] } } : {};
  const brokers = cluster.open![side === "target" ? "tls" : "plain"].split(",");
  return new Kafka({ clientId: "tests", brokers, logLevel: logLevel.NOTHING, ...ssl });
}

async function topicsOf(side: "origin" | "target"): Promise<string[]> {
  const admin = openClient(side).admin();
  await admin.connect();
  try {
    return (await admin.listTopics()).filter((name) => !name.startsWith("__")).sort();
  } finally {
    await admin.disconnect();
  }
}

test(
  "without authentication, the copy runs and preflight warns once",
  async () => {
    const { sandbox } = at;
    await createTopic(sandbox, "open-orders", 3);
    await produce(sandbox, "open-orders", 300, { partitions: 3 });
    stopped = await stopGroup(applicationClient(sandbox.origin.connection, "tests"), {
      groupId: "open-billing",
      topic: "open-orders",
      at: 0.4,
    });
    project = await ownStack(sandbox, PREFIX, { profile: "least" });
    await writeFile(join(project.folder, "target.pem"), sandbox.target.ca);
    const { groupId, offsetStorageTopic, configStorageTopic, statusStorageTopic } = settingsFor(sandbox, PREFIX)[
      "target"
    ] as Record<string, string>;
    await project.set({
      origin: { bootstrapServers: sandbox.origin.open!.plain, brokers: 1, users: "anonymous", tls: false },
      target: {
        bootstrapServers: sandbox.target.open!.tls,
        brokers: 1,
        users: "anonymous",
        caFile: "target.pem",
        groupId: groupId!,
        offsetStorageTopic: offsetStorageTopic!,
        configStorageTopic: configStorageTopic!,
        statusStorageTopic: statusStorageTopic!,
      },
    });
    const { stdout } = await project.up();
    expect(stdout).toContain(
      "NO_AUTHENTICATION: the origin and the target are used without a login (User:ANONYMOUS), the origin in " +
        "plain text",
    );
    await until(
      "the copy",
      () => recordsIn(sandbox.target, "open-orders"),
      (n) => n === 300,
    );
    expect((await kubernetesObjects(sandbox)).filter((o) => /^(Secret|KafkaUser)/.test(o))).toEqual([
      expect.stringContaining("target-cluster-ca-cert"),
    ]);
  },
  10 * MINUTES,
);

test(
  "without authentication, offsets are exact and nothing is left behind",
  async () => {
    const { sandbox } = at;
    await project.set({ phase: "cutover" });
    await project.up();
    const { summary } = (await project.outputs()) as {
      summary: { verification: { equal: boolean }; offsets: { written: number } };
    };
    expect(summary.verification.equal).toBe(true);
    expect(summary.offsets.written).toBe(3);
    expect(await resumeGroup(openClient("target"), stopped)).toEqual([]);
    await project.set({ phase: "cleanup" });
    await project.up();
    await project.destroy();
    expect(await kubernetesObjects(sandbox)).toEqual([]);
    for (const side of ["origin", "target"] as const) expect(await topicsOf(side)).toEqual(["open-orders"]);
  },
  10 * MINUTES,
);
