import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { SandboxError } from "../error";
import { freePorts, isPortClash, supervise } from "../processes";
import { createAuthority } from "../tls";
import { kafkaParts, startsQuickly } from "./java";
import { KafkaNode, type NodeContext } from "./node";
import type { ClusterConnection, KafkaCluster, KafkaClusterOptions } from "./types";

/** Maximum attempts to set up a cluster when another process takes one of its ports. */
const attempts = 4;

/**
 * Starts a real cluster with SCRAM-SHA-512 over TLS and StandardAuthorizer. Only the administrator may do anything
 * without an ACL. Returns when every broker accepts the administrator's login and knows all other brokers.
 * @throws SandboxError with the last lines of the log of the node that failed
 */
export async function startKafkaCluster(options: KafkaClusterOptions): Promise<KafkaCluster> {
  const parts = await kafkaParts(options.parts, options.progress);
  const supervisor = supervise(options.folder);
  const started = Date.now();
  for (let attempt = 1; ; attempt++) {
    const nodes = await planNodes(options, attempt, { parts, supervisor });
    try {
      await boot(nodes.all);
      options.progress(
        `${options.name}: ${options.brokers === 1 ? "1 broker" : `${options.brokers} brokers`} ready in ` +
          `${seconds(started)} s`,
      );
      return new RunningCluster(options.name, nodes.context, nodes.all);
    } catch (error) {
      const clash = nodes.all.some((node) => isPortClash(node.logEnd(60)));
      await Promise.all(nodes.all.map((node) => node.stop("crash")));
      if (!clash || attempt === attempts) throw error;
      options.progress(`${options.name}: another process took a port, once more with other ports`);
    }
  }
}

async function planNodes(
  options: KafkaClusterOptions,
  attempt: number,
  base: Pick<NodeContext, "parts" | "supervisor">,
): Promise<{ all: KafkaNode[]; context: NodeContext }> {
  const { brokers, open, clientsCa } = options;
  const listeners = 1 + (open === true ? 2 : 0) + (clientsCa === undefined ? 0 : 1);
  const [controllerPort = 0, ...free] = await freePorts(brokers * listeners + 1);
  /** One port of each broker for the next listener. */
  const portsOfListener = () => free.splice(0, brokers);
  const ports = portsOfListener();
  const [plain, tls] = open === true ? [portsOfListener(), portsOfListener()] : [];
  const mutualTls = clientsCa === undefined ? undefined : portsOfListener();
  const admin = { username: "admin", password: randomBytes(24).toString("base64url") };
  const authority = await createAuthority(`${options.name} cluster CA`);
  const connection: ClusterConnection = {
    bootstrapServers: ports.map((port) => `127.0.0.1:${port}`).join(","),
    tls: { ca: authority.cert },
    sasl: { mechanism: "SCRAM-SHA-512", ...admin },
  };
  const context: NodeContext = {
    ...base,
    cluster: options.name,
    // A Kafka cluster id is 16 bytes in URL-safe base64. The tools would take an id that starts with a dash for an
    // option.
    clusterId: randomBytes(16).toString("base64url").replace(/^-/, "A"),
    plan: { brokers, admin, brokerConfig: options.brokerConfig ?? {}, quickStart: startsQuickly(options.jvmOptions) },
    authority,
    ...(clientsCa === undefined ? {} : { clientsCa }),
    connection,
    heap: options.heap ?? "384m",
    jvmOptions: options.jvmOptions ?? [],
  };
  const racks = options.racks ?? (brokers === 1 ? [] : ["rack-1", "rack-2", "rack-3"]);
  const all = ports.map((port, index) => {
    const folder = join(options.folder, `${attempt === 1 ? "" : `attempt-${attempt}-`}broker-${index + 1}`);
    const rack = racks[index];
    return new KafkaNode(
      {
        id: index + 1,
        controller: index === 0,
        port,
        controllerPort,
        folder,
        ...(rack === undefined ? {} : { rack }),
        ...(plain && tls ? { openPorts: { plain: plain[index]!, tls: tls[index]! } } : {}),
        ...(mutualTls ? { mutualTlsPort: mutualTls[index]! } : {}),
      },
      context,
    );
  });
  return { all, context };
}

async function boot(nodes: readonly KafkaNode[]): Promise<void> {
  // The brokers' JVMs load while the controller's data folder is being formatted. The brokers wait for the controller.
  await settled(
    nodes.map(async (node) => {
      await node.prepare();
      await node.start();
    }),
  );
  // If the controller has failed, a broker would wait for its whole limit. The first failure therefore ends the wait.
  await Promise.all(nodes.map((node) => node.ready(nodes.length)));
}

/** Waits for all, then throws the first failure, so that nothing is still starting when the caller cleans up. */
async function settled(work: Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) {
    if (result.status === "rejected") throw result.reason;
  }
}

const seconds = (startedAt: number): string => ((Date.now() - startedAt) / 1000).toFixed(1);

class RunningCluster implements KafkaCluster {
  readonly bootstrapServers: string;
  readonly ca: string;
  readonly clusterId: string;
  readonly admin: { username: string; password: string };
  readonly connection: ClusterConnection;
  readonly brokerIds: readonly number[];
  readonly open?: { plain: string; tls: string };
  readonly mutualTls?: string;

  constructor(
    readonly name: string,
    context: NodeContext,
    private readonly nodes: readonly KafkaNode[],
  ) {
    this.connection = context.connection;
    this.bootstrapServers = context.connection.bootstrapServers;
    this.ca = context.authority.cert;
    this.clusterId = context.clusterId;
    this.admin = context.plan.admin;
    this.brokerIds = nodes.map((node) => node.id);
    const openPorts = nodes.flatMap((node) => (node.plan.openPorts === undefined ? [] : [node.plan.openPorts]));
    if (openPorts.length > 0) {
      const at = (listener: "plain" | "tls") => openPorts.map((ports) => `127.0.0.1:${ports[listener]}`).join(",");
      this.open = { plain: at("plain"), tls: at("tls") };
    }
    const mutualTls = nodes.flatMap(({ plan }) => (plan.mutualTlsPort === undefined ? [] : [plan.mutualTlsPort]));
    if (mutualTls.length > 0) this.mutualTls = mutualTls.map((port) => `127.0.0.1:${port}`).join(",");
  }

  async stopBroker(id: number): Promise<void> {
    await this.node(id).stop("controlled");
  }

  async startBroker(id: number): Promise<void> {
    const node = this.node(id);
    if (node.running) return;
    await node.start();
    await node.ready(1);
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) if (node.archives) await node.stop("crash");
    await Promise.all(this.nodes.map((node) => node.stop("crash")));
  }

  private node(id: number): KafkaNode {
    const node = this.nodes.find((one) => one.id === id);
    if (!node) {
      throw new SandboxError("NO_SUCH_BROKER", `${this.name} has no broker ${id}`, {
        fix: `take one of ${this.brokerIds.join(", ")}`,
      });
    }
    return node;
  }
}
