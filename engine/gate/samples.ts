import { gap, verdictOf } from "./rule";
import type { Look } from "./look";
import type { Sample } from "./types";

const MOST = 500;

/** Keeps the progress of a wait of any length in at most 500 evenly spaced points, including the first and the last. */
export class Samples {
  private kept: Sample[] = [];
  private last: Sample | undefined;
  private seen = 0;
  private every = 1;

  add(look: Look): void {
    this.last = sampleOfLook(look);
    if (this.seen++ % this.every !== 0) return;
    if (this.kept.length === MOST - 1) {
      this.kept = this.kept.filter((_, i) => i % 2 === 0);
      this.every *= 2;
      if ((this.seen - 1) % this.every !== 0) return;
    }
    this.kept.push(this.last);
  }

  list(): Sample[] {
    return this.last === undefined || this.kept.at(-1) === this.last ? [...this.kept] : [...this.kept, this.last];
  }
}

function sampleOfLook(look: Look): Sample {
  const sample = {
    at: new Date(look.at).toISOString(),
    partitions: look.topics.reduce((sum, t) => sum + t.partitions.length, 0),
    complete: 0,
    left: 0,
  };
  for (const { facts } of look.partitions.values()) {
    const { from, to } = gap(facts);
    if (verdictOf(facts) === "complete") sample.complete++;
    else sample.left += Math.max(0, to - from);
  }
  return sample;
}
