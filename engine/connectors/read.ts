import { setTimeout as sleep } from "node:timers/promises";
import { Connectors, type Status } from "../connect-state";
import { isMigrationError, MigrationError } from "../errors";
import type { KafkaPort } from "../kafka/port";
import { readLogs } from "../log/bounds";
import { partitionKey } from "../log/partition";
import { scan } from "../records/scan";
import { retryIfRecordsGone } from "../records/retry";
import type { StorageNames } from "./storage";

/** The latest record of one key in an offsets topic. */
export interface OffsetEntry {
  connector: string;
  key: Buffer;
  /** null: the connector, or somebody else, has removed the offset. */
  value: Buffer | null;
  /** Timestamp of the record, ms since the epoch. */
  at: number;
}

/** What Connect's storage topics say about one connector. */
export interface ConnectorFacts {
  /** Its configuration. Undefined: the connector does not exist. */
  config?: Readonly<Record<string, string>>;
  /** The requested state: `STARTED`, `PAUSED` or `STOPPED`. Undefined: the connector does not exist. */
  target?: string;
  /** The last states of the connector (without `task`) and its tasks, also of a deleted connector. */
  statuses: readonly { task?: number; status: Status }[];
}

/** One Connect cluster, as its storage topics show it. */
export interface ConnectSide {
  /** Latest offsets, by the bytes of their key (`latin1`). */
  offsets: ReadonlyMap<string, OffsetEntry>;
  /** Number of partitions of the offsets topic. */
  partitions: number;
  connector(name: string): ConnectorFacts;
  /** Number of workers. Undefined: the group is not named. */
  workers?: number;
}

/** A transaction that has been committed may look open for a moment: the brokers write its markers later. */
const MARKERS_MS = 5_000;
const BETWEEN_READS_MS = 200;

/**
 * Reads the storage topics of one Connect cluster completely. Changes nothing.
 * @throws MigrationError CONNECT_STORAGE_MISSING if a topic does not exist, CONNECT_TRANSACTION_OPEN if an open
 *   transaction hides the last offsets
 */
export async function readConnect(port: KafkaPort, names: StorageNames, signal?: AbortSignal): Promise<ConnectSide> {
  for (const deadline = Date.now() + MARKERS_MS; ; await sleep(BETWEEN_READS_MS, undefined, { signal })) {
    try {
      return await retryIfRecordsGone(() => readOnce(port, names, signal));
    } catch (error) {
      if (!isMigrationError(error) || error.code !== "CONNECT_TRANSACTION_OPEN" || Date.now() > deadline) throw error;
    }
  }
}

async function readOnce(port: KafkaPort, names: StorageNames, signal?: AbortSignal): Promise<ConnectSide> {
  const wanted = [names.offsets, names.configs, names.status];
  const topics = await port.describeTopics(wanted);
  const absent = wanted.filter((name) => !topics.some((t) => t.name === name));
  if (absent.length > 0) throw missing(port, absent);
  const connectors = new Connectors();
  const offsets = new Map<string, OffsetEntry>();
  const ranges = await readLogs(
    port,
    topics.flatMap((t) => t.partitions.map((p) => ({ topic: t.name, partition: p.partition }))),
  );
  const reached = new Map<string, bigint>();
  // With exactly-once support, Connect writes offsets in the transaction of their records. An aborted one counts not.
  await scan(port, ranges, {
    isolation: "read_committed",
    visit({ topic }, record) {
      const [key, value] = [record.key(), record.value()];
      if (topic === names.configs) connectors.addConfig(key, value);
      else if (topic === names.status) connectors.addStatus(key, value);
      else {
        const connector = key === null ? undefined : connectorOf(key);
        if (key === null || connector === undefined) return;
        const at = record.timestamp;
        offsets.set(key.toString("latin1"), {
          connector,
          key: Buffer.from(key),
          value: value && Buffer.from(value),
          at,
        });
      }
    },
    reached: (range, next) => reached.set(partitionKey(range), next),
    ...(signal === undefined ? {} : { signal }),
  });
  const open = ranges.filter((r) => r.from < r.to && (reached.get(partitionKey(r)) ?? r.from) < r.to);
  if (open.length > 0) throw transactionOpen(port, [...new Set(open.map((r) => r.topic))]);
  const [group] = names.group === undefined ? [] : await port.describeGroups([names.group]);
  return {
    offsets,
    partitions: topics.find((t) => t.name === names.offsets)!.partitions.length,
    connector(name) {
      const known = connectors.byName.get(name);
      const statuses = connectors.statusesOf(name);
      return known === undefined ? { statuses } : { config: known.config, target: known.target, statuses };
    },
    ...(names.group === undefined ? {} : { workers: group?.members.length ?? 0 }),
  };
}

/** A key is JSON: the connector's name, and the partition of its source. Undefined: it is something else. */
function connectorOf(key: Buffer): string | undefined {
  try {
    const parsed: unknown = JSON.parse(key.toString("utf8"));
    return Array.isArray(parsed) && typeof parsed[0] === "string" ? parsed[0] : undefined;
  } catch {
    return undefined;
  }
}

function missing({ side }: KafkaPort, topics: readonly string[]): MigrationError {
  return new MigrationError("CONNECT_STORAGE_MISSING", `the ${side} has no topic ${topics.join(" and no topic ")}`, {
    fix: `correct the names of the storage topics in connectors${
      side === "target" ? ", or start the workers of the Connect cluster on the target: they create its topics" : ""
    }`,
  });
}

function transactionOpen({ side }: KafkaPort, topics: readonly string[]): MigrationError {
  return new MigrationError(
    "CONNECT_TRANSACTION_OPEN",
    `an open transaction in ${topics.join(" and ")} of the ${side} hides the last records; nothing was copied`,
    { fix: "stop the connectors and run again; if it stays, end the transaction (kafka-transactions.sh find-hanging)" },
  );
}
