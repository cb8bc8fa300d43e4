import { readFile, stat, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { startConnectWorker } from "../connect";
import { applicationClient } from "../estate/seed";
import { supervise, type Supervisor } from "../processes";
import { uniqueName, withClusters } from "../testing/clusters";

const clusters = withClusters();
const group = uniqueName("sandbox-connect");
const storage = {
  "config.storage.topic": `${group}-configs`,
  "offset.storage.topic": `${group}-offsets`,
  "status.storage.topic": `${group}-status`,
};
let supervisor: Supervisor | undefined;

const folder = async (): Promise<string> => {
  if (!supervisor) supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-connect-")));
  return join(supervisor.folder, uniqueName("worker"));
};

/** What an operator would write, for the cluster's administrator. */
function properties(password: string): Record<string, string> {
  const common = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.jaas.config": `org.apache.kafka.common.security.scram.ScramLoginModule required username="admin" password="${password}";`,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": clusters.target.ca,
  };
  const converter = "org.apache.kafka.connect.converters.ByteArrayConverter";
  return {
    "bootstrap.servers": clusters.target.bootstrapServers,
    "group.id": group,
    ...storage,
    "key.converter": converter,
    "value.converter": converter,
    "header.converter": converter,
    ...common,
    ...Object.fromEntries(
      ["admin", "producer", "consumer"].flatMap((role) =>
        Object.entries(common).map(([key, value]) => [`${role}.${key}`, value]),
      ),
    ),
  };
}

afterAll(async () => {
  await supervisor?.stop();
  const admin = applicationClient(clusters.target.connection, "tests").admin();
  await admin.connect();
  const there = await admin.listTopics();
  await admin.deleteTopics({ topics: Object.values(storage).filter((topic) => there.includes(topic)) });
  await admin.disconnect();
});

describe("a Connect worker", () => {
  it("serves MirrorMaker 2's connectors on localhost, keeps secrets in its own file, and can be stopped", async () => {
    const own = await folder();
    const { password } = clusters.target.admin;
    const worker = await startConnectWorker({ folder: own, properties: properties(password) });
    expect(worker.restUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const version = (await (await fetch(worker.restUrl)).json()) as { version: string; kafka_cluster_id: string };
    expect(version).toMatchObject({ version: "4.3.1", kafka_cluster_id: clusters.target.clusterId });
    const plugins = (await (await fetch(`${worker.restUrl}/connector-plugins`)).json()) as { class: string }[];
    expect(plugins.map((plugin) => plugin.class)).toEqual(
      expect.arrayContaining([
        "org.apache.kafka.connect.mirror.MirrorSourceConnector",
        "org.apache.kafka.connect.mirror.MirrorCheckpointConnector",
      ]),
    );
    expect((await stat(join(own, "worker.properties"))).mode & 0o777).toBe(0o600);
    if (process.platform === "linux") {
      const seen = await readFile(`/proc/${worker.pid}/cmdline`, "latin1");
      expect(seen).toContain("ConnectDistributed");
      expect(seen).not.toContain(password);
      expect(await readFile(`/proc/${worker.pid}/environ`, "latin1")).not.toContain(password);
    }
    expect(await readFile(worker.log, "utf8")).not.toContain(password);
    await worker.stop();
    await expect(worker.exited).resolves.toMatchObject({ code: 143 });
    await expect(fetch(worker.restUrl)).rejects.toThrow();
  });

  it("that cannot log in reports the end of its log, without the password", async () => {
    const failure = startConnectWorker({
      folder: await folder(),
      name: "mirror worker",
      properties: properties("not-the-password"),
      limitMs: 60_000,
    });
    await expect(failure).rejects.toMatchObject({
      code: "PROCESS_EXITED",
      message: expect.stringMatching(/mirror worker ended[\s\S]*authentication/i) as string,
    });
    await expect(failure).rejects.not.toThrow("not-the-password");
  });
});
