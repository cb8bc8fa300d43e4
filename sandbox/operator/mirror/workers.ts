import { rm } from "node:fs/promises";
import { join } from "node:path";

/** One Connect worker process. */
export interface Worker {
  /** `http://127.0.0.1:port`. */
  readonly restUrl: string;
  stop(): Promise<void>;
  /** Sends SIGKILL, as in a crash. Uncommitted work is lost. */
  kill(): void;
  /** Settles when the process has exited. */
  readonly exited: Promise<unknown>;
}

/**
 * Starts one worker. Resolves when its REST interface answers, rejects when it does not. Aborting `signal` cancels the
 * start and leaves no process.
 */
export type StartWorker = (
  options: { folder: string; name: string; signal: AbortSignal } & WorkerSettings,
) => Promise<Worker>;

/** Settings that all workers of a mirror share. */
export interface WorkerSettings {
  properties: Record<string, string>;
  /** Maximum heap, e.g. `1g`. */
  heap?: string;
}

export interface WorkersOptions {
  startWorker: StartWorker;
  /** Folder of all workers of one mirror. */
  folder: string;
  /** Name of a worker, in the form of a pod name: `<name>-mirrormaker2-<n>`. */
  nameOf: (index: number) => string;
  /** Called when a worker exits without being stopped. */
  onLost: (name: string) => void;
}

/** The worker processes of one KafkaMirrorMaker2. They replace its pods. */
export class Workers {
  private workers: { worker: Worker; fingerprint: string; stopping: boolean }[] = [];

  constructor(private readonly options: WorkersOptions) {}

  get count(): number {
    return this.workers.length;
  }

  /** URL of the first worker. Any worker answers for all. */
  get restUrl(): string | undefined {
    return this.workers[0]?.worker.restUrl;
  }

  /**
   * Brings the processes to this number and these settings, one after the other. Restarts a worker whose fingerprint
   * (settings and secrets) differs.
   */
  async settle(
    replicas: number,
    settings: WorkerSettings,
    fingerprint: string,
    signal: AbortSignal,
  ): Promise<{ started: number; stopped: number }> {
    const done = { started: 0, stopped: 0 };
    while (this.workers.length > replicas) {
      await this.end(this.workers.length - 1);
      done.stopped++;
    }
    for (let index = 0; index < replicas; index++) {
      const current = this.workers[index];
      if (current?.fingerprint === fingerprint) continue;
      if (current) {
        await this.end(index);
        done.stopped++;
      }
      await this.begin(index, settings, fingerprint, signal);
      done.started++;
    }
    return done;
  }

  /** Kills every process. Each starts again, like a lost worker. */
  crash(): number {
    for (const { worker } of this.workers) worker.kill();
    return this.workers.length;
  }

  /** Stops all processes and removes their folder. */
  async remove(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((each) => this.stop(each)));
    await rm(this.options.folder, { recursive: true, force: true });
  }

  private async begin(
    index: number,
    settings: WorkerSettings,
    fingerprint: string,
    signal: AbortSignal,
  ): Promise<void> {
    const name = this.options.nameOf(index);
    const worker = await this.options.startWorker({
      folder: join(this.options.folder, name),
      name,
      signal,
      ...settings,
    });
    const entry = { worker, fingerprint, stopping: false };
    this.workers.splice(index, 0, entry);
    void worker.exited.then(() => {
      if (entry.stopping) return;
      this.workers = this.workers.filter((each) => each !== entry);
      this.options.onLost(name);
    });
  }

  private async end(index: number): Promise<void> {
    for (const each of this.workers.splice(index, 1)) await this.stop(each);
  }

  private async stop(entry: { worker: Worker; stopping: boolean }): Promise<void> {
    entry.stopping = true;
    await entry.worker.stop();
  }
}
