import { didYouMean } from "../near-miss";
import type { Side } from "../model";
import type { ConnectorFacts, ConnectSide, OffsetEntry } from "./read";
import type { ConnectCluster, ConnectorPlan } from "./types";

/** A plan for one connector, with the entries to write on the target. */
export interface ConnectorDecision extends ConnectorPlan {
  entries: readonly OffsetEntry[];
}

/** Decides for each source connector of one Connect cluster whether, and which of, its offsets are copied. Pure. */
export function decide(cluster: ConnectCluster, origin: ConnectSide, target: ConnectSide): ConnectorDecision[] {
  const byConnector = new Map<string, OffsetEntry[]>();
  for (const entry of origin.offsets.values()) {
    const known = byConnector.get(entry.connector);
    if (known === undefined) byConnector.set(entry.connector, [entry]);
    else known.push(entry);
  }
  const excluded = new Set(cluster.exclude);
  const names = (cluster.include ?? [...byConnector.keys()]).filter((name) => !excluded.has(name));
  return [...new Set(names)].sort().map((connector) => {
    const entries = byConnector.get(connector) ?? [];
    const plan = { cluster: cluster.name, connector, ...compare(entries, target) };
    const refused = refusal(cluster, connector, entries, { origin, target }) ?? later(connector, entries, target);
    return refused === undefined ? plan : { ...plan, refused };
  });
}

function compare(
  entries: readonly OffsetEntry[],
  target: ConnectSide,
): Pick<ConnectorDecision, "entries" | "write" | "same"> {
  const write: OffsetEntry[] = [];
  let same = 0;
  for (const entry of entries) {
    const there = target.offsets.get(entry.key.toString("latin1"));
    if (equal(entry.value, there?.value ?? null)) same += entry.value === null ? 0 : 1;
    else write.push(entry);
  }
  return { entries: write, write: write.length, same };
}

const equal = (one: Buffer | null, other: Buffer | null): boolean =>
  one === null || other === null ? one === other : one.equals(other);

type Refusal = NonNullable<ConnectorPlan["refused"]>;

function refusal(
  cluster: ConnectCluster,
  connector: string,
  entries: readonly OffsetEntry[],
  sides: Record<Side, ConnectSide>,
): Refusal | undefined {
  const facts = sides.origin.connector(connector);
  if (entries.length === 0 && facts.config === undefined) {
    const known = [...new Set([...sides.origin.offsets.values()].map((entry) => entry.connector))];
    const why = `the Connect cluster on the origin has no connector and no offsets of this name`;
    return { why, fix: `correct connectors.include${didYouMean(connector, known)}` };
  }
  if (copiesKafka(facts, entries)) {
    const why = "it copies from another Kafka cluster, and its offsets count records of that cluster";
    return { why, fix: `add "${connector}" to connectors.exclude` };
  }
  const own = facts.config?.["offsets.storage.topic"];
  if (own !== undefined && own !== cluster.origin.offsetStorageTopic) {
    const why = `it keeps its offsets in a topic of its own, ${own}`;
    const fix = `exclude "${connector}" here, and add another entry to connectors, for the offsets topic "${own}"`;
    return { why, fix };
  }
  for (const side of ["origin", "target"] as const) {
    const running = whyNotStopped(sides[side].connector(connector), sides[side].workers);
    if (running !== undefined)
      return { why: `on the ${side} ${running.why}`, fix: `${running.fix} on the ${side}`, running: true };
  }
  return undefined;
}

/** A task in one of these states exists at its worker. */
const ALIVE = new Set(["RUNNING", "PAUSED", "RESTARTING"]);

/**
 * Why a connector does not count as stopped. A stopped connector has saved its last offsets, and reads them again when
 * it starts.
 *
 * - A connector that does not exist is stopped, and so is one whose target state is STOPPED (KIP-875, Kafka 3.5), when
 *   none of its tasks is alive.
 * - If no worker runs, every connector is stopped that its worker stopped. A worker that was killed leaves the state
 *   RUNNING behind, and has not saved the last offsets.
 * - A paused connector is not stopped: on the origin it may not have saved its last offsets, and on the target it goes
 *   on from what it has in memory.
 *
 * @param workers number of workers. Undefined: not known
 * @returns undefined: it is stopped
 */
export function whyNotStopped(facts: ConnectorFacts, workers: number | undefined): Refusal | undefined {
  const { target, statuses } = facts;
  const alive = statuses.filter(({ status }) => ALIVE.has(status.state));
  const stop = "stop it (Connect: PUT /connectors/NAME/stop; KafkaConnector: state: stopped; or delete it)";
  if (alive.length > 0) {
    const seen = alive.map(
      ({ task, status }) =>
        `${task === undefined ? "the connector" : `task ${task}`} is ${status.state}` +
        (status.worker === undefined ? "" : ` at worker ${status.worker}`),
    );
    const why = seen.slice(0, 3).join(", ") + (seen.length > 3 ? ` and ${seen.length - 3} more tasks` : "");
    if (workers !== 0) return { why, fix: stop };
    const fix = `start a worker of the Connect cluster, and ${stop}`;
    return { why: `${why}, but no worker runs: the last one was killed`, fix };
  }
  if (target === undefined || target === "STOPPED" || workers === 0) return undefined;
  return { why: `its target state is ${target}`, fix: stop };
}

/** MirrorMaker 2 and replicators. A deleted connector is known by its offsets: they name a topic and a partition. */
function copiesKafka({ config }: ConnectorFacts, entries: readonly OffsetEntry[]): boolean {
  const type = config?.["connector.class"];
  if (type !== undefined && /(^|[.])(Mirror(Source|Checkpoint|Heartbeat)|\w*Replicator\w*)(Connector)?$/.test(type))
    return true;
  return entries.some(({ key }) => {
    const [, partition] = JSON.parse(key.toString("utf8")) as [string, unknown];
    if (typeof partition !== "object" || partition === null) return false;
    const keys = Object.keys(partition);
    return (
      (keys.includes("topic") && keys.includes("partition")) ||
      (keys.includes("sourceClusterAlias") && keys.includes("targetClusterAlias"))
    );
  });
}

/** Offsets on the target that are newer than the origin's: the connector has already run there. */
function later(connector: string, entries: readonly OffsetEntry[], target: ConnectSide): Refusal | undefined {
  const newer = compare(entries, target).entries.flatMap((entry) => {
    const there = target.offsets.get(entry.key.toString("latin1"));
    // An offset that was removed there is none.
    return there !== undefined && there.value !== null && there.at >= entry.at ? [there] : [];
  });
  if (newer.length === 0) return undefined;
  const last = new Date(newer.reduce((at, entry) => Math.max(at, entry.at), 0)).toISOString();
  return {
    why: `the target has newer offsets for it (${newer.length} of ${entries.length}, the last of ${last}): it ran there`,
    fix:
      `if the connector should go on from there, add "${connector}" to connectors.exclude; otherwise reset its ` +
      "offsets on the target (Connect: DELETE /connectors/NAME/offsets)",
  };
}
