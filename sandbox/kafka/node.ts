import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:net";
import { SandboxError } from "../error";
import { lastLines, type Supervisor } from "../processes";
import { issueCertificate, type Authority } from "../tls";
import { archiveGraceMs, classPath, environment, startJava, toolOptions, type JavaProcess } from "./java";
import { writeProperties } from "./properties";
import { nodeName, nodeSettings, type ClusterPlan, type NodePlan } from "./settings";
import type { ClusterConnection, KafkaParts } from "./types";
import { withBroker } from "./wire";

export interface NodeContext {
  /** Name of the cluster, e.g. `origin`. */
  cluster: string;
  clusterId: string;
  plan: ClusterPlan;
  authority: Authority;
  /** PEM certificate of the CA of clients that log in with certificates. */
  clientsCa?: string;
  connection: ClusterConnection;
  parts: KafkaParts;
  heap: string;
  jvmOptions: readonly string[];
  supervisor: Supervisor;
}

const formatLimitMs = 120_000;
const bootLimitMs = 180_000;
const snapshotLimitMs = 60_000;

/** The files and the process of one broker (and controller) of a cluster. */
export class KafkaNode {
  private java: JavaProcess | undefined;
  /** Why the last login by the administrator failed. */
  private refusal = "";

  constructor(
    readonly plan: NodePlan,
    private readonly context: NodeContext,
  ) {}

  get id(): number {
    return this.plan.id;
  }

  private get name(): string {
    return `${this.context.cluster} broker ${this.id}`;
  }

  /** Writes keys and settings, and formats the data folder. */
  async prepare(): Promise<void> {
    const { folder } = this.plan;
    await mkdir(join(folder, "data"), { recursive: true, mode: 0o700 });
    const own = await issueCertificate(this.context.authority, {
      commonName: nodeName,
      hosts: ["127.0.0.1", "localhost"],
      usage: "both",
    });
    await writeFile(join(folder, "node.pem"), `${own.key}${own.cert}${own.ca}`, { mode: 0o600 });
    await writeFile(join(folder, "ca.pem"), own.ca, { mode: 0o600 });
    const { clientsCa } = this.context;
    if (clientsCa !== undefined) await writeFile(join(folder, "clients-ca.pem"), clientsCa, { mode: 0o600 });
    await writeProperties(join(folder, "server.properties"), nodeSettings(this.context.plan, this.plan));
    if (this.plan.controller) await this.format();
    else await this.markData();
  }

  /** Starts the node. `ready` returns when it serves clients. */
  async start(): Promise<void> {
    this.java = await startJava(this.context.supervisor, {
      name: this.name,
      mainClass: "kafka.Kafka",
      args: [join(this.plan.folder, "server.properties")],
      heap: this.context.heap,
      jvmOptions: this.context.jvmOptions,
      folder: this.plan.folder,
      logName: "broker",
      parts: this.context.parts,
      kind: "broker",
      // A broker without a controller role cannot shut down normally once its controller is gone.
      mayArchive: this.plan.controller,
    });
  }

  /** Returns when this node accepts the administrator's login and knows `brokers` brokers, including itself. */
  async ready(brokers: number): Promise<void> {
    if (!this.java)
      throw new SandboxError("BROKER_NOT_STARTED", `${this.name} is not running`, { fix: "start it first" });
    const what = () => `a login by the administrator${this.refusal === "" ? "" : ` (last: ${this.refusal})`}`;
    await this.java.process.until(what, () => this.serves(brokers), bootLimitMs, 100);
    this.java.archive?.keep();
  }

  /**
   * `crash`: SIGKILL, for a cluster that is being deleted. `controlled`: a controlled shutdown, which moves leadership
   * to other brokers.
   */
  async stop(how: "crash" | "controlled"): Promise<void> {
    const java = this.java;
    if (how === "controlled") await this.snapshot();
    this.java = undefined;
    if (!java) return;
    if (how === "controlled" || java.archive) await java.process.stop(how === "controlled" ? 60_000 : archiveGraceMs);
    else await java.process.kill();
  }

  /** Waits for the node's first snapshot of the metadata, which a restart needs (settings.ts). */
  private async snapshot(): Promise<void> {
    if (!this.running) return;
    const folder = join(this.plan.folder, "data", "__cluster_metadata-0");
    const seen = async () => ((await readdir(folder)).some((file) => file.endsWith(".checkpoint")) ? true : undefined);
    await this.java?.process.until("its first snapshot of the metadata", seen, snapshotLimitMs);
  }

  /** The end of the log, to find out why the node stopped. */
  logEnd(lines: number): string {
    return this.java ? lastLines(this.java.process.log, lines) : "";
  }

  /** True if this node writes the archive of its classes when it exits. This needs a working cluster. */
  get archives(): boolean {
    return this.java?.archive !== undefined;
  }

  get running(): boolean {
    return this.java !== undefined && this.java.process.exit === undefined;
  }

  private async serves(brokers: number): Promise<true | undefined> {
    const address = { host: "127.0.0.1", port: this.plan.port };
    if (!(await listens(address.port))) return undefined;
    try {
      return await withBroker(this.context.connection, address, async (link, library) => {
        const answer = await library.describeClusterV0.api.async(link, false, 1);
        const known = answer.brokers.some((broker) => broker.brokerId === this.id) && answer.brokers.length >= brokers;
        this.refusal = known ? "" : `it knows ${answer.brokers.length} of ${brokers} brokers`;
        return known && answer.clusterId === this.context.clusterId ? true : undefined;
      });
    } catch (error) {
      // The node listens before it has read the credentials from the metadata log.
      this.refusal = withCauses(error as Error);
      return undefined;
    }
  }

  /**
   * Runs `StorageTool format`. It sets the cluster id, and makes the administrator's credential the first record of the
   * metadata log. The tool accepts the password only as an argument. The arguments therefore go into a file that java
   * reads (`java @file`), and the process list shows only the name of the file.
   */
  private async format(): Promise<void> {
    const { folder } = this.plan;
    const { username, password } = this.context.plan.admin;
    const args = join(folder, "format.args");
    const path = await classPath(this.context.parts.kafka);
    const words = [
      ...(await toolOptions(this.context.parts, path, folder)),
      "kafka.tools.StorageTool",
      "format",
      "-t",
      this.context.clusterId,
      "-c",
      join(folder, "server.properties"),
      "--add-scram",
      `SCRAM-SHA-512=[name=${username},password=${password}]`,
    ];
    const log = join(folder, "format.log");
    try {
      await writeFile(args, words.map((word) => `"${word.replace(/[\\"]/g, (char) => `\\${char}`)}"`).join("\n"), {
        mode: 0o600,
      });
      const tool = this.context.supervisor.start({
        name: `${this.name}: format`,
        command: this.context.parts.java,
        args: [`@${args}`],
        cwd: folder,
        env: { ...environment(), CLASSPATH: path },
        log,
      });
      const timer = setTimeout(() => void tool.kill(), formatLimitMs);
      const exit = await tool.exited.finally(() => clearTimeout(timer));
      if (exit.code !== 0) {
        throw new SandboxError(
          "FORMAT_FAILED",
          `${this.name}: formatting its data folder ended with ${exit.signal ?? exit.code}\n${lastLines(log)}`,
          {
            fix: `read ${log}`,
          },
        );
      }
    } finally {
      await rm(args, { force: true });
    }
  }

  /** A node that is only a broker needs just this file (KIP-631, KIP-858). Writing it saves one JVM per broker. */
  private async markData(): Promise<void> {
    const lines = ["version=1", `cluster.id=${this.context.clusterId}`, `node.id=${this.id}`];
    await writeFile(join(this.plan.folder, "data", "meta.properties"), `${lines.join("\n")}\n`, { mode: 0o600 });
  }
}

/** The message of an error and of what caused it: a client's own message often says only that it could not connect. */
function withCauses(error: Error): string {
  return error.cause instanceof Error ? `${error.message} ${withCauses(error.cause)}` : error.message;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}
