import { openKafka } from "../../engine/kafka/client";
import { isMigrationError } from "../../engine/errors";
import type { Connection, Side } from "../../engine/model";
import { findRecreatedTopics } from "../../engine/gate";
import { preflight } from "../../engine/preflight";
import type { Progress } from "../../engine/progress";
import { countText } from "../../engine/units";
import { COPY_APART } from "../../engine/ways-out";
import type { Command } from "../command";
import { EXIT, exitCodeOf, type ExitCode } from "../exit";
import { type LoadedMigration, pulumiVersion } from "../source";

interface Check {
  what: string;
  ok: boolean;
  text: string;
}

/** Checks connection, privileges and versions, then everything else that preflight checks. Changes nothing. */
export const doctor: Command = {
  summary: "check versions, connections and privileges, and run the preflight checks",
  whole: true,
  options: {},
  async run({ migration, progress, signal }) {
    const { model, options, done } = migration;
    const checks: Check[] = [await versions(signal)];
    let exit: ExitCode = EXIT.fine;
    const failed = (what: string, error: unknown) => {
      if (!isMigrationError(error)) throw error;
      checks.push({ what, ok: false, text: error.message });
      exit = Math.max(exit, exitCodeOf(error)) as ExitCode;
    };
    for (const side of ["origin", "target"] as const) {
      signal.throwIfAborted();
      try {
        checks.push(await cluster(model[side], side, progress));
      } catch (error) {
        failed(side, error);
      }
    }
    const reachable = checks.every((c) => c.ok);
    if (reachable && done.phase === "cleanup")
      checks.push({ what: "preflight", ok: true, text: "not checked: the mirror is deleted" });
    else if (reachable) {
      try {
        const result = await preflight(
          model,
          {
            ...options.preflight,
            waves: migration.waves.length > 0,
            ...(done.preflight === undefined ? {} : { running: model.mirror }),
          },
          progress,
        );
        checks.push({
          what: "preflight",
          ok: true,
          text:
            `${countText(result.topics, "topic")}, ${countText(result.partitions, "partition")}, ` +
            `${countText(result.groups, "group")}; privileges are sufficient; ` +
            `${countText(result.warnings.length, "warning")}`,
        });
      } catch (error) {
        failed("preflight", error);
      }
      try {
        const check = await topics(migration, signal, progress);
        checks.push(check);
        if (!check.ok) exit = Math.max(exit, EXIT.no) as ExitCode;
      } catch (error) {
        failed("topics", error);
      }
    }
    return {
      exit,
      lines: checks.map((c) => `${c.ok ? "ok  " : "FAIL"}  ${c.what}: ${c.text.split("\n").join("\n      ")}`),
      json: { ok: exit === EXIT.fine, checks },
    };
  },
};

async function versions(signal: AbortSignal): Promise<Check> {
  const pulumi = await pulumiVersion(signal);
  return { what: "versions", ok: true, text: `Node ${process.versions.node}, Pulumi ${pulumi ?? "not on the PATH"}` };
}

/** The maximum number of topics to list. The others are only counted. */
const NAMED = 20;

/**
 * A topic that was deleted and created again can look complete. Only its id or its first records show the difference.
 */
async function topics({ model, done }: LoadedMigration, signal: AbortSignal, progress: Progress): Promise<Check> {
  const found = await findRecreatedTopics(model, done.gate !== undefined, signal, undefined, progress);
  if (found.length === 0)
    return {
      what: "topics",
      ok: true,
      text: "no topic looks as if it was deleted and created again since the mirror started",
    };
  const more = found.length > NAMED ? [`and ${found.length - NAMED} more`] : [];
  const fix = `copy each of these again: ${COPY_APART}`;
  return { what: "topics", ok: false, text: [...found.slice(0, NAMED).map((f) => f.text), ...more, fix].join("\n") };
}

/** A successful connection shows that the address, TLS and the credentials are right and that Kafka is 2.4 or newer. */
async function cluster(connection: Connection, side: Side, progress: Progress): Promise<Check> {
  const port = await openKafka(connection, side, { progress });
  try {
    const { clusterId, brokers } = await port.describeCluster();
    const racks = new Set(brokers.map((b) => b.rack).filter((r) => r !== undefined)).size;
    const login =
      connection.sasl === undefined
        ? connection.tls?.cert === undefined
          ? "no login"
          : "mutual TLS"
        : connection.sasl.mechanism;
    return {
      what: side,
      ok: true,
      text:
        `cluster ${clusterId}, ${countText(brokers.length, "broker")} in ${countText(racks, "rack")}, ` +
        `${connection.tls === undefined ? "no TLS" : "TLS"}, ${login}`,
    };
  } finally {
    await port.close();
  }
}
