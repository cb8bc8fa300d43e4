import { beforeEach } from "vitest";
import type { OffsetOptions, OffsetPlan, PlanOptions } from "../../../engine/offsets";
import { applyWith } from "../../../engine/offsets/apply";
import { planThrough } from "../../../engine/offsets/plan";
import type { MirrorModel } from "../../../engine/model";
import { silent } from "../../../engine/progress";
import { testMirror } from "../../support/models";
import { FakeCluster } from "./cluster";
import { logOf, mirror as mirrorLog, readerOf, type Log } from "./logs";

export const mirror: MirrorModel = testMirror({
  groupId: "mm2",
  offsetStorageTopic: "mm2-offsets",
  configStorageTopic: "mm2-configs",
  statusStorageTopic: "mm2-status",
  topicsPattern: "orders,payments,lists",
  groupsExcludePattern: "internal-.*",
});

export let origin: FakeCluster;
export let target: FakeCluster;
export let logs: { origin: Map<string, Log>; target: Map<string, Log> };

/** A topic on both sides: the origin's offsets are 10 ahead of the target's. */
function topic(name: string, records = 20): void {
  const here = logOf(
    Array.from({ length: records }, (_, i) => ({ body: `${name} ${i}` })),
    10,
  );
  const there = mirrorLog(here);
  for (const [cluster, map, log] of [
    [origin, logs.origin, here],
    [target, logs.target, there],
  ] as const) {
    map.set(`${name}:0`, log);
    cluster.topics.set(name, { partitions: [{ start: log.start, end: log.end }] });
  }
}

export const clusters = () => ({ origin: origin.port("origin"), target: target.port("target") });
export const plan = (options: PlanOptions = {}, model = mirror): Promise<OffsetPlan> =>
  planThrough(
    clusters(),
    { origin: readerOf(logs.origin, false), target: readerOf(logs.target, false), isolation: "read_uncommitted" },
    model,
    options,
    silent,
  );
export const apply = (p: OffsetPlan, options: OffsetOptions = {}) => applyWith(clusters(), mirror, p, options, silent);

/** Before each test of the file that calls it: two clusters in memory with the same three topics on both. */
export function useTwoClusters(): void {
  beforeEach(() => {
    origin = new FakeCluster();
    target = new FakeCluster();
    logs = { origin: new Map(), target: new Map() };
    for (const name of ["orders", "payments", "lists"]) topic(name);
  });
}
