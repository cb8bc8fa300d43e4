import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import { MigrationError } from "../errors";
import { openKafka } from "../kafka/client";
import type { MigrationModel } from "../model";
import { type Progress, silent } from "../progress";
import { inTurn, sideBySide } from "../side-by-side";
import { countText } from "../units";
import { type ConnectorDecision, decide } from "./decide";
import { readConnect } from "./read";
import { type StorageNames, storageOf } from "./storage";
import type { ConnectCluster, ConnectorPlan, CopiedConnector } from "./types";

interface ClusterDecision {
  cluster: ConnectCluster;
  target: StorageNames;
  partitions: number;
  connectors: ConnectorDecision[];
}

type Model = Pick<MigrationModel, "origin" | "target">;

/** How often the offsets are compared again if they changed while they were copied. */
const TRIES = 3;

/**
 * Compares the offsets of source connectors on both sides. Changes nothing.
 * @throws MigrationError CONNECT_STORAGE_MISSING, CONNECT_TRANSACTION_OPEN
 */
export async function planConnectors(
  model: Model,
  clusters: readonly ConnectCluster[],
  signal?: AbortSignal,
  open: OpenKafka = openKafka,
): Promise<ConnectorPlan[]> {
  if (clusters.length === 0) return [];
  const options = signal === undefined ? {} : { signal };
  const decisions = await withClusters(model, (sides) => decideAll(sides, clusters, signal), open, options);
  return decisions.flatMap(({ connectors }) => connectors.map(({ entries: _, ...plan }) => plan));
}

/**
 * Copies the offsets of stopped source connectors to the Connect clusters of the target: the bytes of key and value,
 * the timestamp, to the partition that Connect's own producer chooses. Copies nothing if one connector is refused.
 * Reads everything again afterwards: a connector that was started meanwhile is reported. Can be killed and repeated: an
 * offset that the target already has is not written again.
 *
 * @throws MigrationError CONNECTORS_REFUSED with every connector that runs, or that has newer offsets on the target;
 *   CONNECTORS_CHANGED if the offsets on the origin keep changing; those of {@link planConnectors}
 */
export async function copyConnectorOffsets(
  model: Model,
  clusters: readonly ConnectCluster[],
  progress: Progress = silent,
  signal?: AbortSignal,
  open: OpenKafka = openKafka,
): Promise<CopiedConnector[]> {
  const options = signal === undefined ? { progress } : { progress, signal };
  // Two waves may share a Connect cluster.
  const work = () => withClusters(model, (sides) => copyAll(sides, clusters, signal), open, options);
  const copied = await inTurn(`connectors of ${model.target.bootstrapServers}`, work);
  for (const line of copiedLines(copied)) progress.info(line);
  return copied;
}

async function copyAll(
  sides: Clusters,
  clusters: readonly ConnectCluster[],
  signal?: AbortSignal,
): Promise<CopiedConnector[]> {
  const results = new Map<string, CopiedConnector>();
  const idOf = ({ cluster, connector }: ConnectorPlan) => JSON.stringify([cluster, connector]);
  let hasWritten = false;
  for (let tries = 0; tries <= TRIES; tries++) {
    const decisions = await decideAll(sides, clusters, signal);
    const connectors = decisions.flatMap((d) => d.connectors);
    requireNoneRefused(connectors, hasWritten ? "it changed while the offsets were copied" : "no offset was copied");
    for (const plan of connectors) {
      const { cluster, connector, write, same } = plan;
      const known = results.get(idOf(plan)) ?? { cluster, connector, written: 0, same };
      results.set(idOf(plan), { ...known, written: Math.max(known.written, write) });
    }
    if (connectors.every(({ write }) => write === 0)) return [...results.values()];
    for (const { target, partitions, connectors: some } of decisions) {
      const records = some.flatMap(({ entries }) =>
        entries.map(({ key, value, at }) => ({ key, value, timestamp: at })),
      );
      if (records.length > 0) await sides.target.appendByKey(target.offsets, partitions, records);
    }
    hasWritten = true;
  }
  throw new MigrationError("CONNECTORS_CHANGED", "offsets of source connectors changed while they were copied", {
    fix: "find out what writes to the offsets topics, stop it, and run again",
  });
}

async function decideAll(
  { origin, target }: Clusters,
  clusters: readonly ConnectCluster[],
  signal?: AbortSignal,
): Promise<ClusterDecision[]> {
  const decisions: ClusterDecision[] = [];
  for (const cluster of clusters) {
    const names = { origin: storageOf(cluster, "origin"), target: storageOf(cluster, "target") };
    const [from, to] = await sideBySide(
      (one) => readConnect(origin, names.origin, one),
      (one) => readConnect(target, names.target, one),
      signal,
    );
    const connectors = decide(cluster, from, to);
    decisions.push({ cluster, target: names.target, partitions: to.partitions, connectors });
  }
  return decisions;
}

/**
 * @param so what follows from it, after the number of refused connectors
 * @throws MigrationError CONNECTORS_REFUSED
 */
export function requireNoneRefused(connectors: readonly ConnectorPlan[], so: string): void {
  const refused = connectors.filter((plan) => plan.refused !== undefined);
  if (refused.length === 0) return;
  throw new MigrationError(
    "CONNECTORS_REFUSED",
    `the offsets of ${countText(refused.length, "source connector")} cannot be copied; ${so}`,
    {
      details: refused.map(refusedLine),
      fix: [...new Set(refused.map((plan) => plan.refused!.fix))].join("; "),
    },
  );
}

/** `connector "files" of connect: ...` */
const nameOf = ({ cluster, connector }: Pick<ConnectorPlan, "cluster" | "connector">): string =>
  `connector "${connector}" of ${cluster}`;

/** `connector "files" of connect: ` and why it is refused. */
export const refusedLine = (plan: ConnectorPlan): string => `${nameOf(plan)}: ${plan.refused!.why}`;

/** A plan in a few lines: what will be copied, and what is refused. */
export function planLines(plans: readonly ConnectorPlan[]): string[] {
  if (plans.length === 0) return [NONE];
  return plans.map((plan) =>
    plan.refused === undefined
      ? `${nameOf(plan)}: ${countText(plan.write, "offset")} to copy, ${plan.same} already there`
      : `${refusedLine(plan)}; ${plan.refused.fix}`,
  );
}

/** What was copied, one line for each connector. */
export function copiedLines(copied: readonly CopiedConnector[]): string[] {
  if (copied.length === 0) return [NONE];
  return copied.map((one) => `${nameOf(one)}: ${countText(one.written, "offset")} copied, ${one.same} already there`);
}

const NONE = "no source connector has offsets on the origin";
