import { readdir, readFile, mkdtemp, stat } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { startConnectWorker } from "../connect";
import { createScramUser, deleteScramUser, startKafkaCluster, type KafkaCluster } from "../kafka";
import { startKubernetes } from "../kubernetes";
import { freePorts, supervise, type Supervisor } from "../processes";

/** Ports that are given out before free ones are looked for. */
const poisoned: number[] = [];
vi.mock("../processes/ports", async (original) => {
  const real = await original<typeof import("../processes/ports")>();
  return {
    ...real,
    freePorts: async (count: number) =>
      [...poisoned.splice(0, count), ...(await real.freePorts(count))].slice(0, count),
  };
});

const supervisors: Supervisor[] = [];
const servers: Server[] = [];
const newFolder = async (): Promise<string> => {
  const supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-own-")));
  supervisors.push(supervisor);
  return join(supervisor.folder, "part");
};
const takenPort = async (): Promise<number> => {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return (server.address() as { port: number }).port;
};

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => Promise.all(supervisors.map((supervisor) => supervisor.stop())));

const kafkaOf = ({ connection }: KafkaCluster): Kafka =>
  new Kafka({
    brokers: connection.bootstrapServers.split(","),
    ssl: { ca: [connection.tls.ca] },
    sasl: { ...connection.sasl, mechanism: "scram-sha-512" },
    logLevel: logLevel.NOTHING,
  });

const highWatermark = async (cluster: KafkaCluster, topic: string): Promise<string | undefined> => {
  const admin = kafkaOf(cluster).admin();
  await admin.connect();
  const [partition] = await admin.fetchTopicOffsets(topic).finally(() => admin.disconnect());
  return partition?.high;
};

let cluster: KafkaCluster;

describe("a separate cluster", () => {
  it("starts although a port was taken meanwhile, and shows its password to nobody", async () => {
    poisoned.push(await takenPort());
    const folder = await newFolder();
    const lines: string[] = [];
    const seen = new Set<string>();
    const watching = setInterval(
      () => void commandLines(folder).then((found) => found.forEach((line) => seen.add(line))),
      40,
    );
    try {
      cluster = await startKafkaCluster({
        name: "single",
        brokers: 1,
        folder,
        progress: (line) => lines.push(line),
        brokerConfig: { "num.partitions": "7" },
      });
    } finally {
      clearInterval(watching);
    }
    expect(lines.join("\n")).toMatch(/single: another process took a port/);
    if (process.platform === "linux") expect([...seen].some((line) => line.includes("format.args"))).toBe(true);
    expect([...seen].filter((line) => line.includes(cluster.admin.password))).toEqual([]);
    for (const file of await filesWith(folder, cluster.admin.password))
      expect((await stat(file)).mode & 0o077, file).toBe(0);
    expect((await filesWith(folder, cluster.admin.password)).map((file) => file.split("/").at(-1))).toEqual([
      "server.properties",
    ]);
  });

  it("uses the given broker settings", async () => {
    const admin = kafkaOf(cluster).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "by-default" }], waitForLeaders: true });
    const { topics } = await admin.fetchTopicMetadata({ topics: ["by-default"] });
    await admin.disconnect();
    expect(topics[0]?.partitions).toHaveLength(7);
  });

  it("keeps its data and its address if its broker is stopped and started", async () => {
    const producer = kafkaOf(cluster).producer();
    await producer.connect();
    await producer.send({ topic: "by-default", messages: [{ partition: 0, value: "kept" }] });
    await producer.disconnect();
    // A removed user with this name is what a broker reads first, so it makes the fault in Kafka certain (settings.ts).
    await createScramUser(cluster, "p", "a password");
    await deleteScramUser(cluster, "p");
    await cluster.stopBroker(1);
    await expect(kafkaOf(cluster).admin().connect()).rejects.toThrow();
    await cluster.startBroker(1);
    expect(await highWatermark(cluster, "by-default")).toBe("1");
  });

  it("names its brokers if asked for another one", async () => {
    await expect(cluster.stopBroker(4)).rejects.toThrow(/NO_SUCH_BROKER: single has no broker 4\nfix: take one of 1/);
  });

  it("reports the log if a broker cannot start", async () => {
    const failure = startKafkaCluster({
      name: "broken",
      brokers: 1,
      folder: await newFolder(),
      progress: () => {},
      brokerConfig: { "log.cleaner.threads": "none" },
    });
    await expect(failure).rejects.toThrow(/broken broker 1[\s\S]*log\.cleaner\.threads/);
  });
});

describe("if a port was taken meanwhile", () => {
  it("a Connect worker uses another one", async () => {
    const port = await takenPort();
    poisoned.push(port);
    const lines: string[] = [];
    const { connection } = cluster;
    const security = {
      "security.protocol": "SASL_SSL",
      "sasl.mechanism": "SCRAM-SHA-512",
      "sasl.jaas.config":
        `org.apache.kafka.common.security.scram.ScramLoginModule required username="admin" ` +
        `password="${connection.sasl.password}";`,
      "ssl.truststore.type": "PEM",
      "ssl.truststore.certificates": connection.tls.ca,
    };
    const converter = "org.apache.kafka.connect.converters.ByteArrayConverter";
    const worker = await startConnectWorker({
      folder: await newFolder(),
      progress: (line) => lines.push(line),
      properties: {
        "bootstrap.servers": connection.bootstrapServers,
        "group.id": "g",
        ...Object.fromEntries(
          ["config", "offset", "status"].flatMap((kind) => [
            [`${kind}.storage.topic`, `g-${kind}`],
            [`${kind}.storage.replication.factor`, "1"],
          ]),
        ),
        "key.converter": converter,
        "value.converter": converter,
        ...security,
      },
    });
    expect(lines.join("\n")).toMatch(new RegExp(`connect: another process took port ${port}`));
    expect(worker.restUrl).not.toContain(`:${port}`);
    await worker.stop();
  });

  for (const [index, what] of ["the API server", "etcd"].entries()) {
    it(`${what} uses another one`, async () => {
      poisoned.push(...(await freePorts(index)), await takenPort());
      const lines: string[] = [];
      const api = await startKubernetes({ folder: await newFolder(), progress: (line) => lines.push(line) });
      expect(lines.join("\n")).toMatch(/another process took a port/);
      await api.createNamespace("there");
      await api.stop();
    });
  }
});

/** Command lines of the processes that mention the folder; empty where there is no /proc. */
async function commandLines(folder: string): Promise<string[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")));
  return all.filter((line) => line.includes(folder));
}

async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const checked = await Promise.all(
    files.map(async (file) => ((await readFile(file).catch(() => Buffer.alloc(0))).includes(text) ? [file] : [])),
  );
  return checked.flat();
}
