import type { KafkaPort } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { Progress } from "../progress";
import { Rate } from "../rate";
import { bytesText, countText, durationText, someOf } from "../units";
import { gap, verdictOf } from "./rule";
import type { GateFinding } from "./types";
import type { Look } from "./look";

const BETWEEN_LINES_MS = 5_000;
const BETWEEN_SIZES_MS = 60_000;
const RATE_OVER_MS = 30_000;

/** Reports the progress of the copy: complete topics and partitions, what is left, the rate and the remaining time. */
export class Pace {
  private readonly left = new Rate(RATE_OVER_MS);
  private saidAt = 0;
  private said = "";
  private warned = new Set<string>();
  private sizes = new Map<string, bigint>();
  private sizedAt = 0;

  constructor(
    private readonly origin: KafkaPort,
    private readonly progress: Progress,
  ) {}

  async report(look: Look, against: readonly GateFinding[], windowMs: number): Promise<void> {
    this.warn(against);
    const behind = [...look.partitions.values()].filter((p) => verdictOf(p.facts) !== "complete");
    const left = behind
      .map((p) => ({ ...p, records: Math.max(0, gap(p.facts).to - gap(p.facts).from) }))
      .sort((a, b) => b.records - a.records);
    const records = left.reduce((sum, p) => sum + p.records, 0);
    const now = Date.now();
    this.left.add(records, look.at);
    if (now - this.saidAt < BETWEEN_LINES_MS) return;
    const open = new Set(behind.map((p) => p.topic));
    const done =
      `${look.topics.filter((t) => !open.has(t.origin)).length} of ${countText(look.topics.length, "topic")}, ` +
      `${look.partitions.size - behind.length} of ${countText(look.partitions.size, "partition")} complete`;
    const line =
      records > 0
        ? `${done}; ${await this.rest(left, records)}`
        : against.length > 0
          ? `${done}; waiting: ${kinds(against)}`
          : `${done}; watching the origin for another ${durationText(Math.max(0, windowMs))}`;
    if (line === this.said && now - this.saidAt < 4 * BETWEEN_LINES_MS) return;
    this.progress.info(line);
    this.said = line;
    this.saidAt = now;
  }

  /** Reports each problem once, when it is first seen. */
  private warn(against: readonly GateFinding[]): void {
    const fresh = against.filter((f) => f.kind !== "behind" && !this.warned.has(f.kind + f.subject));
    for (const f of fresh) this.warned.add(f.kind + f.subject);
    const byKind = new Map<string, GateFinding[]>();
    for (const f of fresh) {
      const same = byKind.get(f.kind);
      if (same === undefined) byKind.set(f.kind, [f]);
      else same.push(f);
    }
    for (const [kind, same] of byKind) {
      this.progress.warn(
        same.length === 1
          ? same[0]!.text
          : `${kind}: ${someOf(
              same.map((f) => f.subject),
              5,
            )}`,
      );
    }
  }

  private async rest(
    left: readonly { topic: string; partition: number; records: number; facts: { start: number; end: number } }[],
    records: number,
  ): Promise<string> {
    if (Date.now() - this.sizedAt > BETWEEN_SIZES_MS) {
      // Sizes are optional. A user who may not read them sees only the number of records.
      this.sizes = await this.origin
        .partitionSizes([...new Set(left.map((p) => p.topic))])
        .catch(() => new Map<string, bigint>());
      this.sizedAt = Date.now();
    }
    const bytes = left.reduce(
      (sum, p) =>
        sum + (Number(this.sizes.get(partitionKey(p)) ?? 0n) * p.records) / Math.max(1, p.facts.end - p.facts.start),
      0,
    );
    const rate = -this.left.perSecond();
    const most = left
      .slice(0, 3)
      .filter((p) => p.records > 0)
      .map((p) => `${p.topic}-${p.partition} (${p.records})`)
      .join(", ");
    return [
      `${records} records${bytes > 0 ? ` (about ${bytesText(bytes)})` : ""} left`,
      ...(rate > 0 ? [`${Math.round(rate)} records/s`, `about ${durationText((records / rate) * 1000)}`] : []),
      `most: ${most}`,
    ].join(", ");
  }
}

function kinds(against: readonly GateFinding[]): string {
  const counts = new Map<string, number>();
  for (const f of against) counts.set(f.kind, (counts.get(f.kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => (count === 1 ? kind : `${kind} (${count})`)).join(", ");
}
