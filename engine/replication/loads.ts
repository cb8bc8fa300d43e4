import type { BrokerNow, TopicNow } from "./types";

/** The load of each broker in replicas and bytes. It is updated while a plan is made. */
export class BrokerLoads {
  private readonly replicas = new Map<number, number>();
  private readonly bytes = new Map<number, number>();
  private readonly meanReplicas: number;
  private readonly meanBytes: number;

  constructor(brokers: readonly BrokerNow[], topics: readonly TopicNow[]) {
    for (const b of brokers) {
      this.replicas.set(b.id, b.otherReplicas ?? 0);
      this.bytes.set(b.id, b.otherBytes ?? 0);
    }
    for (const topic of topics) for (const p of topic.partitions) for (const id of p.replicas) this.add(id, p.bytes);
    // The weights are fixed at the start of the plan, so that replicas and bytes count equally whatever their sizes
    // are.
    this.meanReplicas = Math.max(1, sum(this.replicas) / brokers.length);
    this.meanBytes = Math.max(1, sum(this.bytes) / brokers.length);
  }

  add(id: number, bytes: number): void {
    this.replicas.set(id, (this.replicas.get(id) ?? 0) + 1);
    this.bytes.set(id, (this.bytes.get(id) ?? 0) + bytes);
  }

  remove(id: number, bytes: number): void {
    this.replicas.set(id, (this.replicas.get(id) ?? 0) - 1);
    this.bytes.set(id, (this.bytes.get(id) ?? 0) - bytes);
  }

  /** The broker with the lowest load; the lowest id if equal. */
  lightest(ids: readonly number[]): number {
    return [...ids].sort((a, b) => this.load(a) - this.load(b) || a - b)[0]!;
  }

  /** The broker with the highest load; the highest id if equal. */
  heaviest(ids: readonly number[]): number {
    return [...ids].sort((a, b) => this.load(b) - this.load(a) || b - a)[0]!;
  }

  private load(id: number): number {
    return (this.replicas.get(id) ?? 0) / this.meanReplicas + (this.bytes.get(id) ?? 0) / this.meanBytes;
  }
}

function sum(values: ReadonlyMap<number, number>): number {
  let total = 0;
  for (const v of values.values()) total += v;
  return total;
}
