import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectWorker, type KafkaCluster, startConnectWorker } from "@kafka-migration/sandbox/kafka";
import type { KubeObject } from "@kafka-migration/sandbox/kubernetes";
import {
  connectorDefinitions,
  ConnectRest,
  hasFailed,
  type MirrorMaker,
  readMirrorMaker,
  trustedKey,
  workerProperties,
  writeFiles,
} from "@kafka-migration/sandbox/operator";
import { describeMirror } from "../components/mirror/text";
import type { MigrationModel, MirrorModel, Profile } from "../engine/model";
import { fullSpeed, progress, type Workspace } from "./common";

export interface MirrorOptions {
  profile: Profile;
  origin: KafkaCluster;
  target: KafkaCluster;
  /** Bootstrap address at which the mirror reaches the target. */
  targetBootstrap: string;
  /** Name of this mirror. Its files, Connect group and storage topics use it. */
  name: string;
  /** Maximum heap of the worker. Default `2g`. */
  heap?: string;
  /** Number of brokers of the origin. Default 1. */
  originBrokers?: 1 | 3;
  /** Number of brokers of the target. It determines the profiles' replication factors. Default 1. */
  targetBrokers?: 1 | 3;
  /** Number of workers, which share the tasks. Default 1. */
  workers?: number;
  /** More settings of the source connector. Default: those of the profile. */
  source?: Record<string, number>;
  /** The model of a return mirror. `origin` and `target` are then those of the return. Default: a forward mirror. */
  back?: MirrorModel;
}

const CONNECT_LIMIT_MS = 120_000;

/**
 * A MirrorMaker 2 with the configuration of a profile. The operator code derives it from the KafkaMirrorMaker2 that the
 * component writes. The worker stays warm. Each copy has its own connectors, so that it starts from the beginning.
 */
export class BenchMirror {
  private readonly abort = new AbortController();

  private constructor(
    private readonly options: MirrorOptions,
    private readonly folder: string,
    private readonly workers: readonly ConnectWorker[],
  ) {}

  static async start(workspace: Workspace, options: MirrorOptions): Promise<BenchMirror> {
    const folder = join(workspace.folder, options.name);
    const { mirror } = mirrorMaker(options, "nothing", "first");
    await secrets(folder, options, mirror);
    const start = (i: number): Promise<ConnectWorker> =>
      startConnectWorker({
        folder: join(folder, `worker-${i}`),
        properties: workerProperties(mirror.target, folder),
        name: i === 0 ? options.name : `${options.name}-${i}`,
        heap: options.heap ?? "2g",
        jvmOptions: fullSpeed,
        limitMs: CONNECT_LIMIT_MS,
        parts: workspace.parts,
        progress,
      });
    // One after the other: the first one creates the storage topics.
    const workers: ConnectWorker[] = [];
    for (let i = 0; i < (options.workers ?? 1); i++) workers.push(await start(i));
    return new BenchMirror(options, folder, workers);
  }

  /** The engine's model for the connectors that `copy` starts with the same arguments. */
  model(topics: string, round: string): MigrationModel {
    const { origin, target } = this.options;
    return {
      origin: origin.connection,
      target: target.connection,
      mirror: mirrorMaker(this.options, topics, round).model,
    };
  }

  /**
   * Starts connectors that copy these topics, or changes what they copy.
   * @param topics a pattern
   * @param exclude a pattern of topics that are not copied. Default: none
   * @returns a function that deletes the connectors
   */
  async copy(topics: string, round: string, exclude?: string): Promise<() => Promise<void>> {
    const { mirror } = mirrorMaker(this.options, topics, round, exclude);
    await secrets(this.folder, this.options, mirror);
    const rest = new ConnectRest(this.workers[0]!.restUrl, this.abort.signal);
    const definitions = connectorDefinitions(mirror, this.folder);
    for (const { name, config } of definitions) await until(() => rest.putConfig(name, config));
    return async () => {
      for (const { name } of definitions) await rest.delete(name);
    };
  }

  /** Returns the worker's status, for a copy that does not finish, and whether a connector or task has failed. */
  async status(): Promise<{ text: string; failed: boolean }> {
    const rest = new ConnectRest(this.workers[0]!.restUrl, this.abort.signal);
    const all = await Promise.all((await rest.list()).map((name) => rest.status(name)));
    return { text: JSON.stringify(all, undefined, 1), failed: all.some(hasFailed) };
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }
}

function mirrorMaker(
  {
    profile,
    origin,
    target,
    targetBootstrap,
    name,
    originBrokers = 1,
    targetBrokers = 1,
    workers = 1,
    source,
    back,
  }: MirrorOptions,
  topics: string,
  round: string,
  exclude = back?.topicsExcludePattern,
): { mirror: MirrorMaker; model: MirrorModel } {
  const login = (secretName: string, cluster: KafkaCluster) => ({
    authentication: {
      type: "scram-sha-512",
      username: cluster.admin.username,
      passwordSecret: { secretName, password: "password" },
    } as const,
    tls: { trustedCertificates: [{ secretName, certificate: "ca.crt" }] },
  });
  // Connect's default for its storage topics is three replicas, and `guide` does not change it. A target with one
  // broker cannot provide them.
  const storage: Record<string, number> =
    profile === "guide" && targetBrokers === 1
      ? {
          "offset.storage.replication.factor": 1,
          "config.storage.replication.factor": 1,
          "status.storage.replication.factor": 1,
        }
      : {};
  const { text, model } = describeMirror({
    profile,
    kafkaVersion: "4.3.1",
    ...(workers === 1 ? {} : { replicas: workers }),
    topicsPattern: topics,
    ...(exclude === undefined ? {} : { topicsExcludePattern: exclude }),
    ...(source === undefined ? {} : { sourceConnector: { config: source } }),
    ...(back === undefined
      ? {}
      : { checkpointConnector: false, sourceConnector: { config: { "offset-syncs.topic.location": "target" } } }),
    origin: {
      bootstrapServers: origin.bootstrapServers,
      alias: back?.originAlias ?? `origin-${round}`,
      brokers: originBrokers,
      ...login("origin", origin),
    },
    target: {
      bootstrapServers: targetBootstrap,
      alias: back?.targetAlias ?? "target",
      brokers: targetBrokers,
      config: storage,
      groupId: back?.groupId ?? name,
      offsetStorageTopic: back?.offsetStorageTopic ?? `${name}-offsets`,
      configStorageTopic: back?.configStorageTopic ?? `${name}-configs`,
      statusStorageTopic: back?.statusStorageTopic ?? `${name}-status`,
      ...login("target", target),
    },
  });
  return { mirror: readMirrorMaker(text as unknown as KubeObject, "strimzi.io"), model };
}

async function secrets(folder: string, { origin, target }: MirrorOptions, mirror: MirrorMaker): Promise<void> {
  await writeFiles(
    folder,
    new Map([
      [join("trusted", trustedKey(mirror.target.alias)), target.ca],
      [join("trusted", trustedKey(mirror.mirrors[0]!.source.alias)), origin.ca],
      [join("secrets", "origin", "password"), origin.admin.password],
      [join("secrets", "target", "password"), target.admin.password],
    ]),
  );
}

/**
 * Retries until the work succeeds, for at most CONNECT_LIMIT_MS. A worker that has not yet joined its group rejects
 * requests.
 */
async function until(work: () => Promise<void>): Promise<void> {
  for (const limit = Date.now() + CONNECT_LIMIT_MS; ; await sleep(200)) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > limit) throw error;
    }
  }
}
