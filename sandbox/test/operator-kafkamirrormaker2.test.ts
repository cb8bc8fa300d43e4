import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONFIG_MAPS, SECRETS } from "../operator/kube/client";
import {
  application,
  main,
  MIRRORS_V1,
  MIRRORS_V1BETA2,
  settled,
  startWorld,
  until,
  USERS_V1,
  type Status,
  type World,
} from "../testing/operator";

let world: World;
const passwords: Record<string, string> = {};

beforeAll(async () => {
  world = await startWorld({ fullPassMs: 2_000 });
  for (const side of ["origin", "target"] as const) {
    const all = (type: string, name?: string): unknown => ({ resource: { type, name }, operations: ["All"] });
    await world.kube.create(USERS_V1, {
      metadata: { name: "mm2", namespace: `${side}-ns`, labels: { "strimzi.io/cluster": side } },
      spec: {
        authentication: { type: "scram-sha-512" },
        authorization: { type: "simple", acls: [all("topic", "*"), all("group", "*"), all("cluster")] },
      },
    });
    await settled(world.kube, USERS_V1, `${side}-ns`, "mm2");
    for (const [from, to, key] of [
      ["mm2", `${side}-credentials`, "password"],
      [`${side}-cluster-ca-cert`, `${side}-cluster-ca-cert`, "ca.crt"],
    ] as const) {
      const value = (await world.kube.get(SECRETS, `${side}-ns`, from))!.data![key]!;
      if (key === "password") passwords[side] = Buffer.from(value, "base64").toString();
      await world.kube.create(SECRETS, { metadata: { name: to, namespace: "migration" }, data: { [key]: value } });
    }
  }
  await produce("orders", 100);
}, 180_000);
afterAll(() => world?.stop(), 120_000);

async function produce(topic: string, count: number, size = 10): Promise<void> {
  const kafka = application(world.origin);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }], waitForLeaders: true });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({
    topic,
    messages: Array.from({ length: count }, (_, i) => ({ key: `${i}`, value: "x".repeat(size) })),
  });
  await producer.disconnect();
}

/** Records of a topic on the target; undefined when it is not there. */
async function copied(topic: string): Promise<number | undefined> {
  const admin = application(world.target).admin();
  await admin.connect();
  try {
    if (!(await admin.listTopics()).includes(topic)) return undefined;
    return (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}

const connection = (side: "origin" | "target"): Record<string, unknown> => ({
  alias: side,
  bootstrapServers: world[side].bootstrapServers,
  authentication: {
    type: "scram-sha-512",
    username: "mm2",
    passwordSecret: { secretName: `${side}-credentials`, password: "password" },
  },
  tls: { trustedCertificates: [{ secretName: `${side}-cluster-ca-cert`, certificate: "ca.crt" }] },
});
/** A worker starts within seconds, but not on a machine where everybody else starts something as well. */
const START_MS = 180_000;
/** One broker: Connect's own default of 3 would not do, and the operator sets nothing else. */
const REPLICATION = {
  "config.storage.replication.factor": 1,
  "offset.storage.replication.factor": 1,
  "status.storage.replication.factor": 1,
};
/** Connect would wait 5 minutes for a worker that was killed before it gives its tasks to another. */
const CONFIG = { ...REPLICATION, "offset.flush.interval.ms": 1000, "scheduled.rebalance.max.delay.ms": 1000 };
const STORAGE = {
  groupId: "mirrormaker2-cluster",
  configStorageTopic: "m-configs",
  offsetStorageTopic: "m-offsets",
  statusStorageTopic: "m-status",
};
const policy = { "replication.policy.class": "org.apache.kafka.connect.mirror.IdentityReplicationPolicy" };
const sourceConfig = {
  ...policy,
  "replication.factor": 1,
  "offset-syncs.topic.replication.factor": 1,
  "refresh.topics.interval.seconds": 1,
  "sync.topic.acls.enabled": "false",
};
const connectors = (
  source: Record<string, unknown> = {},
  config: Record<string, unknown> = {},
): Record<string, unknown> => ({
  sourceConnector: { tasksMax: 2, config: { ...sourceConfig, ...config }, ...source },
  checkpointConnector: { config: { ...policy, "checkpoints.topic.replication.factor": 1 } },
  topicsPattern: "orders|late|large",
  groupsPattern: ".*",
});

const oldForm = (mirror: Record<string, unknown>): Record<string, unknown> => ({
  replicas: 1,
  connectCluster: "target",
  clusters: [
    connection("origin"),
    {
      ...connection("target"),
      config: {
        "config.storage.topic": "m-configs",
        "offset.storage.topic": "m-offsets",
        "status.storage.topic": "m-status",
        ...CONFIG,
      },
    },
  ],
  mirrors: [{ sourceCluster: "origin", targetCluster: "target", ...mirror }],
});
const newForm = (
  mirror: Record<string, unknown>,
  more: { replicas?: number; target?: Record<string, unknown>; config?: Record<string, unknown> } = {},
): Record<string, unknown> => ({
  replicas: more.replicas ?? 1,
  target: { ...connection("target"), ...STORAGE, config: { ...CONFIG, ...more.config }, ...more.target },
  mirrors: [{ source: connection("origin"), ...mirror }],
});

async function change(name: string, spec: Record<string, unknown>): Promise<void> {
  // The operator may write the status in between.
  await until("a change without a conflict", async () => {
    const live = (await world.kube.get(MIRRORS_V1, "migration", name))!;
    return world.kube.replace(MIRRORS_V1, { ...live, spec }).catch((error: { status?: number }) => {
      if (error.status !== 409) throw error;
      return undefined;
    });
  });
}

const ready = (status: Status): boolean => main(status).type === "Ready";
type Connector = { name: string; connector: { state: string }; tasks: { id: number; state: string; trace?: string }[] };
const find = (status: Status, kind: string): Connector | undefined =>
  (status.connectors as Connector[] | undefined)?.find(({ name }) => name.endsWith(kind));
const running = (): World["workers"] => world.workers.filter(({ gone }) => !gone);

describe("the operator with a KafkaMirrorMaker2", { timeout: 400_000 }, () => {
  it("copies a topic between two real clusters, with the form that has clusters", async () => {
    await world.kube.create(MIRRORS_V1BETA2, {
      metadata: { name: "m", namespace: "migration" },
      spec: oldForm(connectors()),
    });
    const status = await settled(world.kube, MIRRORS_V1BETA2, "migration", "m", ready, START_MS);
    await until("100 records on the target", async () => ((await copied("orders")) === 100 ? true : undefined), 30_000);
    expect(status).toMatchObject({ url: "http://m-mirrormaker2-api.migration.svc:8083", replicas: 1 });
    expect(status.conditions.map(({ type, reason }) => [type, reason])).toEqual([
      ["Ready", undefined],
      ...Array.from({ length: 4 }, () => ["Warning", "DeprecatedFields"]),
    ]);
    const later = await settled(
      world.kube,
      MIRRORS_V1BETA2,
      "migration",
      "m",
      (each) => find(each, "MirrorSourceConnector")?.tasks.some(({ state }) => state === "RUNNING") ?? false,
    );
    expect((later.connectors as Connector[]).map(({ name, connector }) => [name, connector.state])).toEqual([
      ["origin->target.MirrorSourceConnector", "RUNNING"],
      ["origin->target.MirrorCheckpointConnector", "RUNNING"],
    ]);
  });

  it("keeps passwords out of properties, process arguments, Connect's configuration and its output", async () => {
    const [worker] = running();
    const config = await (
      await fetch(`${worker!.restUrl}/connectors/${encodeURIComponent("origin->target.MirrorSourceConnector")}/config`)
    ).text();
    expect(config).toContain("${strimzidir:");
    const properties = await readFile(join(worker!.folder, "worker.properties"), "utf8");
    const seen = [config, properties, ...world.lines];
    const files = await readdir(join(world.folder, "operator"), { recursive: true, withFileTypes: true });
    const holders: string[] = [];
    for (const entry of files.filter((each) => each.isFile() && !/\.(jsa|aot)$/.test(each.name))) {
      const path = join(entry.parentPath, entry.name);
      const text = await readFile(path, "utf8");
      if (!Object.values(passwords).some((password) => text.includes(password))) continue;
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      holders.push(path.slice(-45));
    }
    expect(holders.map((path) => path.replace(/^.*secrets/, "secrets")).sort()).toEqual([
      "secrets/origin-credentials/password",
      "secrets/target-credentials/password",
    ]);
    for (const password of Object.values(passwords)) expect(seen.join("\n")).not.toContain(password);
  });

  it("accepts the same resource in its v1 form without restarting the worker", async () => {
    const before = running().map(({ restUrl }) => restUrl);
    await change("m", newForm(connectors()));
    const status = await settled(world.kube, MIRRORS_V1BETA2, "migration", "m", ready);
    expect(status.conditions).toHaveLength(1);
    expect(running().map(({ restUrl }) => restUrl)).toEqual(before);
  });

  it("stops, pauses, resumes and reconfigures connectors without restarting the worker", async () => {
    const before = running().map(({ restUrl }) => restUrl);
    const reaches = (state: string, check: (each: Connector) => boolean = () => true): Promise<Status> =>
      settled(world.kube, MIRRORS_V1, "migration", "m", (each) => {
        const connector = find(each, "MirrorSourceConnector");
        return connector?.connector.state === state && check(connector);
      });
    await change("m", newForm(connectors({ state: "stopped" })));
    // Connect says STOPPED when it was asked to. The tasks disappear when the worker has ended them.
    await reaches("STOPPED", ({ tasks }) => tasks.length === 0);
    await produce("orders", 50);
    await change("m", newForm(connectors({ state: "paused" })));
    await reaches("PAUSED");
    expect(await copied("orders")).toBe(100);
    await change("m", newForm(connectors({ state: "running" }, { "refresh.topics.interval.seconds": 2 })));
    await reaches("RUNNING");
    await until("150 records on the target", async () => ((await copied("orders")) === 150 ? true : undefined), 30_000);
    const config = (await (
      await fetch(`${before[0]}/connectors/${encodeURIComponent("origin->target.MirrorSourceConnector")}/config`)
    ).json()) as Record<string, string>;
    expect(config).toMatchObject({
      "refresh.topics.interval.seconds": "2",
      "tasks.max": "2",
      topics: "orders|late|large",
    });
    expect(running().map(({ restUrl }) => restUrl)).toEqual(before);
  });

  it("lists and alters a connector's offsets if annotations request it, and only while the connector is stopped", async () => {
    const name = "origin->target.MirrorSourceConnector";
    const source = {
      listOffsets: { toConfigMap: { name: "listed" } },
      alterOffsets: { fromConfigMap: { name: "altered" } },
    };
    const key = "origin--target.MirrorSourceConnector.json";
    const request = (annotations: Record<string, string>): Promise<unknown> =>
      until("the annotations", async () => {
        const live = (await world.kube.get(MIRRORS_V1, "migration", "m"))!;
        const all = Object.entries(annotations).map(([each, value]) => [`strimzi.io/${each}`, value]);
        const metadata = { ...live.metadata, annotations: Object.fromEntries(all) };
        return world.kube.replace(MIRRORS_V1, { ...live, metadata }).catch(() => undefined);
      });
    const carriedOut = (): Promise<unknown> =>
      until("the annotations are removed", async () =>
        Object.keys((await world.kube.get(MIRRORS_V1, "migration", "m"))!.metadata.annotations ?? {}).length === 0
          ? true
          : undefined,
      );
    const warned = (message: RegExp): Promise<Status> =>
      settled(world.kube, MIRRORS_V1, "migration", "m", ({ conditions }) =>
        conditions.some((each) => each.type === "Warning" && message.test(`${each.reason}: ${each.message}`)),
      );
    const entry = (offset: number) => ({
      partition: { cluster: "origin", topic: "orders", partition: 0 },
      offset: { offset },
    });
    await world.kube.create(CONFIG_MAPS, {
      metadata: { name: "altered", namespace: "migration" },
      data: { [key]: JSON.stringify({ offsets: [entry(139)] }) },
    });
    await change("m", newForm(connectors(source)));
    await request({ "connector-offsets": "alter" });
    await warned(/^AlterOffsets: .*must both be set/);
    await request({ "connector-offsets": "alter", "mirrormaker-connector": name });
    await warned(/^AlterOffsets: PATCH .*origin->target\.MirrorSourceConnector\/offsets returned 400/);
    await change("m", newForm(connectors({ ...source, state: "stopped" })));
    await carriedOut();
    await request({ "connector-offsets": "list", "mirrormaker-connector": name });
    await carriedOut();
    const listed = (await world.kube.get(CONFIG_MAPS, "migration", "listed"))!.data![key]!;
    expect(JSON.parse(listed)).toMatchObject({ offsets: [entry(139)] });
    await change("m", newForm(connectors({ ...source, state: "running" })));
    await until(
      "the last 10 records once more",
      async () => ((await copied("orders")) === 160 ? true : undefined),
      30_000,
    );
  });

  it("reports Ready while a task has FAILED, and shows the task", async () => {
    await change("m", newForm(connectors({}, { "producer.override.max.request.size": 2000 })));
    await produce("large", 1, 5_000);
    const status = await settled(
      world.kube,
      MIRRORS_V1,
      "migration",
      "m",
      (each) => find(each, "MirrorSourceConnector")?.tasks.some(({ state }) => state === "FAILED") ?? false,
      40_000,
    );
    expect(main(status).type).toBe("Ready");
    expect(find(status, "MirrorSourceConnector")!.tasks.find(({ state }) => state === "FAILED")!.trace).toContain(
      "RecordTooLargeException",
    );
  });

  it("reports Connect's message if it refuses a connector", async () => {
    await change(
      "m",
      newForm(
        connectors({}, { "replication.policy.class": "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy" }),
      ),
    );
    const status = await settled(world.kube, MIRRORS_V1, "migration", "m", (each) => !ready(each));
    expect(main(status)).toMatchObject({ type: "NotReady", status: "True", reason: "ConnectRestException" });
    expect(main(status).message).toMatch(
      /^PUT \/connectors\/origin->target\.MirrorSourceConnector\/config returned 400 \(400\): .*replication\.policy\.class/s,
    );
    expect(status.replicas).toBe(1);
  });

  it.each([
    [
      "InvalidConfigurationException",
      "Secret nothing not found in namespace migration",
      { target: { tls: { trustedCertificates: [{ secretName: "nothing", certificate: "ca.crt" }] } } },
    ],
    [
      "InvalidConfigurationException",
      "Items with key(s) [nothing] are missing in Secret target-cluster-ca-cert",
      { target: { tls: { trustedCertificates: [{ secretName: "target-cluster-ca-cert", certificate: "nothing" }] } } },
    ],
    [
      "InvalidResourceException",
      "The target and source cluster aliases must be unique.",
      { target: { alias: "origin" } },
    ],
  ])("reports NotReady, %s: %s", async (reason, message, more) => {
    const before = running().map(({ restUrl }) => restUrl);
    await change("m", newForm(connectors(), more));
    const status = await settled(world.kube, MIRRORS_V1, "migration", "m");
    expect(main(status)).toMatchObject({ type: "NotReady", reason, message });
    expect(running().map(({ restUrl }) => restUrl)).toEqual(before);
  });

  it("runs the requested number of workers, and restarts those that die or get new properties", async () => {
    await change("m", newForm(connectors(), { replicas: 2 }));
    await settled(world.kube, MIRRORS_V1, "migration", "m", ready, START_MS);
    expect(
      running()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["m-mirrormaker2-0", "m-mirrormaker2-1"]);

    await change("m", newForm(connectors(), { config: { "offset.flush.interval.ms": 1500 } }));
    await settled(world.kube, MIRRORS_V1, "migration", "m", ready, START_MS);
    const [survivor, ...others] = running();
    expect([survivor!.name, others]).toEqual(["m-mirrormaker2-0", []]);
    expect(await readFile(join(survivor!.folder, "worker.properties"), "utf8")).toContain(
      "offset.flush.interval.ms=1500",
    );

    process.kill(survivor!.pid, "SIGKILL");
    await until(
      "another worker",
      async () => (running().some(({ pid }) => pid !== survivor!.pid) ? true : undefined),
      START_MS,
    );
    await produce("late", 7);
    await until(
      "7 late records on the target",
      async () => ((await copied("late")) === 7 ? true : undefined),
      START_MS,
    );
  });

  it("reports Ready without workers if replicas is 0", async () => {
    await change("m", newForm(connectors(), { replicas: 0 }));
    const status = await settled(world.kube, MIRRORS_V1, "migration", "m", ready, 40_000);
    expect(status).not.toHaveProperty("url");
    expect([status.replicas, running()]).toEqual([0, []]);
  });

  it("reports NotReady if the workers cannot start because of a wrong password", async () => {
    await world.kube.create(SECRETS, {
      metadata: { name: "wrong", namespace: "migration" },
      data: { password: Buffer.from("wrong").toString("base64") },
    });
    const authentication = {
      type: "scram-sha-512",
      username: "mm2",
      passwordSecret: { secretName: "wrong", password: "password" },
    };
    await change("m", newForm(connectors(), { target: { authentication } }));
    const status = await settled(world.kube, MIRRORS_V1, "migration", "m", (each) => !ready(each), START_MS);
    expect(main(status)).toMatchObject({ type: "NotReady", reason: "TimeoutException" });
    expect(main(status).message).toMatch(
      /^Exceeded timeout of 300000ms while waiting for StrimziPodSet resource m-mirrormaker2 to be ready/,
    );
  });

  it("stops workers at once if their resource is deleted, even if Connect is silent, and keeps topics", async () => {
    // Nothing sets the replication of Connect's topics but the resource: three replicas do not fit on one broker, and
    // Connect waits.
    const config = Object.fromEntries(Object.keys(REPLICATION).map((key) => [key, 3]));
    await change(
      "m",
      newForm(connectors(), {
        config,
        target: {
          groupId: "other",
          configStorageTopic: "o-configs",
          offsetStorageTopic: "o-offsets",
          statusStorageTopic: "o-status",
        },
      }),
    );
    await until("a worker", async () => (running().length === 1 ? true : undefined), START_MS);
    await world.kube.delete(MIRRORS_V1, "migration", "m");
    await until("no worker is left", async () => (running().length === 0 ? true : undefined), 40_000);
    await until("its folder is gone", async () =>
      (await readdir(join(world.folder, "operator", "mirrors"))).length === 0 ? true : undefined,
    );
    const admin = application(world.target).admin();
    await admin.connect();
    expect(await admin.listTopics()).toEqual(
      expect.arrayContaining(["m-configs", "m-offsets", "m-status", "orders", "origin.checkpoints.internal"]),
    );
    expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).toContain("mirrormaker2-cluster");
    await admin.disconnect();
  });
});
