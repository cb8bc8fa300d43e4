import type { KafkaPort } from "../kafka/port";
import type { Progress } from "../progress";
import { durationText } from "../units";
import type { OpenTask } from "./task-history";

/** Kubernetes has replaced a pod that hangs long before. */
const DEAD_AFTER_MS = 60_000;

/**
 * Workers that ended without stopping their tasks. A worker that hangs leaves the group too, but it may go on. Only
 * time separates the two: an operator replaces a worker that hangs.
 */
export class DeadWorkers {
  private readonly goneSince = new Map<string, number>();
  private readonly said = new Set<string>();

  constructor(
    private readonly target: Pick<KafkaPort, "describeGroups">,
    private readonly group: string,
    private readonly progress: Progress,
  ) {}

  /**
   * @param now the time of this computer, in ms since the epoch
   * @returns the texts of the tasks that a worker may still run
   */
  async without(open: readonly OpenTask[], now: number): Promise<string[]> {
    const isGone = open.some((t) => t.worker !== undefined) ? await this.goneFrom() : () => false;
    const left: string[] = [];
    for (const { worker, text } of open) {
      if (worker === undefined || !isGone(worker)) {
        if (worker !== undefined) this.goneSince.delete(worker);
        left.push(text);
        continue;
      }
      const since = this.goneSince.get(worker) ?? now;
      this.goneSince.set(worker, since);
      if (now - since < DEAD_AFTER_MS) left.push(`${text}; this worker has left the mirror's group`);
      else this.say(worker);
    }
    return left;
  }

  /** Connect names each member after its worker (Kafka 3 and later). If a member has another name, nobody is gone. */
  private async goneFrom(): Promise<(worker: string) => boolean> {
    const [group] = await this.target.describeGroups([this.group]);
    const names = (group?.members ?? []).map((m) => m.clientId);
    if (names.some((name) => !/^connect-.+:\d+$/.test(name))) return () => false;
    return (worker) => !names.includes(`connect-${worker}`);
  }

  private say(worker: string): void {
    if (this.said.has(worker)) return;
    this.said.add(worker);
    this.progress.warn(
      `worker ${worker} left the mirror's group ${this.group} without stopping its tasks, more than ` +
        `${durationText(DEAD_AFTER_MS)} ago: it is taken as dead`,
    );
  }
}
