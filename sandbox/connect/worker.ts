import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { archiveGraceMs, kafkaParts, startJava } from "../kafka/java";
import { writeProperties } from "../kafka/properties";
import { freePorts, isPortClash, lastLines, supervise } from "../processes";
import type { ConnectWorker, ConnectWorkerOptions } from "./types";

/**
 * All plugins of Kafka's own jars are listed in files (KIP-898). By default a worker also scans every class of every
 * jar for more of them, which is half of the processor time of its start.
 */
const QUICK_START = { "plugin.discovery": "service_load" };

/** Maximum time in milliseconds for a worker to flush its offsets when it is stopped. */
const STOP_MS = 20_000;

/** Maximum attempts to start a worker when another process takes its port. */
const attempts = 4;

/**
 * Runs one Connect worker in distributed mode, as Strimzi does for MirrorMaker 2. Returns when its REST interface
 * answers. The interface answers before the worker has joined its group. Until then, requests that need the group wait
 * or get 409 or 500.
 * @throws SandboxError `PROCESS_EXITED` or `PROCESS_NOT_READY` with the last lines of the worker's log
 */
export async function startConnectWorker(options: ConnectWorkerOptions): Promise<ConnectWorker> {
  const progress = options.progress ?? (() => {});
  const parts = await kafkaParts(options.parts, progress);
  const supervisor = supervise(options.folder);
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const name = options.name ?? "connect";
  const started = Date.now();
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    const [port = 0] = await freePorts(1);
    const file = join(options.folder, "worker.properties");
    await writeProperties(file, {
      ...QUICK_START,
      ...options.properties,
      listeners: `http://127.0.0.1:${port}`,
      "rest.advertised.host.name": "127.0.0.1",
      "rest.advertised.port": String(port),
    });
    const { process: java, archive } = await startJava(supervisor, {
      name,
      mainClass: "org.apache.kafka.connect.cli.ConnectDistributed",
      args: [file],
      heap: options.heap ?? "512m",
      jvmOptions: options.jvmOptions ?? [],
      folder: options.folder,
      logName: attempt === 1 ? "worker" : `worker-${attempt}`,
      parts,
      kind: "connect",
      mayArchive: true,
    });
    const restUrl = `http://127.0.0.1:${port}`;
    const giveUp = (): void => void java.kill();
    options.signal?.addEventListener("abort", giveUp, { once: true });
    // The signal may have aborted while the process was starting, before the listener was added.
    if (options.signal?.aborted) giveUp();
    try {
      await java.until("an answer of its REST interface", () => answers(restUrl), options.limitMs ?? 60_000, 100);
    } catch (error) {
      await java.kill();
      if (!isPortClash(lastLines(java.log, 60)) || attempt === attempts) throw error;
      progress(`${name}: another process took port ${port}, once more with another one`);
      continue;
    } finally {
      options.signal?.removeEventListener("abort", giveUp);
    }
    archive?.keep();
    progress(`${name}: REST interface ready in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    return {
      restUrl,
      pid: java.pid,
      log: java.log,
      exited: java.exited,
      kill: () => void java.kill(),
      stop: async (graceMs = archive === undefined ? STOP_MS : archiveGraceMs) => {
        await java.stop(graceMs);
      },
    };
  }
}

async function answers(restUrl: string): Promise<true | undefined> {
  try {
    const response = await fetch(restUrl, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok ? true : undefined;
  } catch {
    return undefined;
  }
}
