import { type ConnectorState, currentTasks, type Status } from "../connect-state";
import type { TopicPartition } from "../kafka/port";
import { partitionKey } from "../log/partition";
import type { MirrorModel } from "../model";
import { ownsTopic } from "../parts";
import { durationText } from "../units";
import { explain } from "./refused";
import { verdictOf } from "./rule";
import type { Against, FindingOptions } from "./types";
import type { Look } from "./look";

/** The reasons that the states and settings of the connectors give. */
export function checkConnectors(
  look: Look,
  mirror: MirrorModel,
  options: FindingOptions,
  against: Against,
  warnings: string[],
  incomplete: boolean,
): void {
  const { source, missingTopics } = look.connect;
  for (const topic of missingTopics)
    against(
      "no storage topics",
      topic,
      `Connect's storage topic ${topic} is not on the target: the mirror never ran, or with other settings`,
    );
  if (source === undefined) {
    if (missingTopics.length === 0)
      against(
        "no connector",
        mirror.configStorageTopic,
        `no source connector for ${mirror.originAlias}->${mirror.targetAlias} is configured in ` +
          `${mirror.configStorageTopic}`,
      );
    return;
  }
  settings(source, mirror, against);
  // A failure keeps the gate closed if something is missing, or with `strictConnectors`. Otherwise it is a warning.
  const failed = (
    kind: "connector failed" | "task failed",
    what: string,
    status: Status,
    task?: number,
    done = false,
  ) => {
    const outOfMemory = status.trace?.includes("java.lang.OutOfMemoryError") === true;
    // Memory is the whole worker's.
    const counts = (incomplete && (outOfMemory || !done)) || options.strictConnectors;
    const why = task === undefined ? undefined : explain(task, status.trace, look);
    const trace = status.trace === undefined ? "" : `: ${inShort(status.trace)}`;
    const text = `${what} is FAILED${trace}${why === undefined ? "" : `; ${why.text}`}`;
    if (counts) against(outOfMemory ? "out of memory" : (why?.kind ?? kind), what, text, true);
    else warnings.push(text);
  };
  const others = [
    ["checkpoint connector", look.connect.checkpoint],
    ["heartbeat connector", look.connect.heartbeat],
  ] as const;
  if (source.status?.state === "FAILED") failed("connector failed", "source connector", source.status);
  const own = ownsTopic(mirror);
  for (const assignment of look.connect.assignments) {
    const { task, status } = assignment;
    if (status?.state !== "FAILED") continue;
    const { partitions } = assignment;
    // A task that copies only topics of other waves does not hold up this one.
    const ofOthers = partitions.length > 0 && !partitions.some((p) => own(p.topic));
    if (ofOthers) warnings.push(`source task ${task}, which copies topics of other waves, is FAILED`);
    else failed("task failed", `source task ${task}`, status, task, hasCopiedAll(look, partitions));
  }
  // These connectors do not copy records, so the copy can be complete without them. Group offsets need no checkpoints.
  for (const [what, connector] of others) {
    if (connector === undefined) continue;
    const tasks = currentTasks(connector).map(
      ({ task, status, config }) => [`${what}'s task ${task}`, status, brokenGroups(config)] as const,
    );
    for (const [name, status, hint] of [[what, connector.status, ""] as const, ...tasks]) {
      if (status?.state !== "FAILED") continue;
      const text = `${name} is FAILED${status.trace === undefined ? "" : `: ${inShort(status.trace)}`}${hint}`;
      if (options.strictConnectors) against(name === what ? "connector failed" : "task failed", name, text, true);
      else warnings.push(text);
    }
  }
  if (!incomplete) return;
  if (source.target !== "STARTED") {
    against(
      "connector not running",
      "source connector",
      `the source connector is ${source.target}, so nothing more will be copied`,
      true,
    );
  } else if (look.connect.assignments.length === 0 && !source.inconsistent) {
    const state = source.status?.state ?? "not started";
    against(
      "no tasks",
      "source connector",
      `the source connector is ${state} with no tasks: it found no topic to copy, or could not list them (look ` +
        "for a warning in the worker's log; next try within " +
        `${durationText(mirror.refreshTopicsIntervalSeconds * 1000)})`,
    );
  }
}

/** True if nothing is missing of what a task has to copy here. Then its failure holds up nothing. */
function hasCopiedAll(look: Look, partitions: readonly TopicPartition[]): boolean {
  const selected = new Set(look.topics.map((t) => t.origin));
  const own = partitions.filter(({ topic }) => selected.has(topic));
  const isComplete = (partition: TopicPartition) => {
    const facts = look.partitions.get(partitionKey(partition))?.facts;
    return facts !== undefined && verdictOf(facts) === "complete";
  };
  return own.length > 0 && own.every(isComplete);
}

/** A task fails after each restart if its list of groups has an empty name, or a name that was split at a comma. */
function brokenGroups(config: Record<string, string>): string {
  const list = config["task.assigned.groups"];
  if (list === undefined || !list.split(",").some((name) => name.trim() === "")) return "";
  return (
    " (it has a group with an empty or blank name, or with a comma in it; restarting does not help: leave it out with " +
    'mirror.groupsExcludePattern, "\\s*" matches an empty or blank name, ".*\\x2c.*" one with a comma)'
  );
}

/** The trace's first line and its last `Caused by` line. The first line alone often says only that a callback threw. */
export function inShort(trace: string): string {
  const lines = trace.split("\n").map((line) => line.trim());
  const cause = lines.filter((line) => line.startsWith("Caused by: ")).at(-1);
  return [lines[0]!, ...(cause === undefined ? [] : [`(${cause.charAt(0).toLowerCase()}${cause.slice(1)})`])]
    .map((line) => line.slice(0, 300))
    .join(" ");
}

/** Reports connector settings with which a copy can look complete but is not. */
function settings(source: ConnectorState, mirror: MirrorModel, against: Against): void {
  const { config } = source;
  const wrong = (key: string, why: string) =>
    against("connector setting", key, `the source connector has ${key}=${config[key]}: ${why}`, true);
  if (config["errors.tolerance"] !== undefined && config["errors.tolerance"] !== "none")
    wrong("errors.tolerance", "records that fail are left out silently");
  if ((config["transforms"] ?? "").trim() !== "")
    wrong("transforms", "records may be changed or left out, so that completeness can't be proved");
  for (const key of ["consumer.auto.offset.reset", "source.consumer.auto.offset.reset"]) {
    if (config[key] !== undefined && config[key] !== "earliest")
      wrong(key, "records from before the mirror's start are not copied");
  }
  for (const [key, wanted] of [
    ["topics", mirror.topicsPattern],
    ["topics.exclude", mirror.topicsExcludePattern],
  ] as const) {
    const actual = config[key];
    if (actual === undefined || wanted === undefined) continue;
    if (normal(key === "topics" ? actual : withoutLeaving(actual, mirror)) !== normal(wanted)) {
      against(
        "connector setting",
        key,
        `the source connector has ${key}=${actual}, but the migration asks for ${wanted}: the operator has not ` +
          "applied it yet",
      );
    }
  }
}

const normal = (list: string): string => entriesOf(list).join(",");

const entriesOf = (list: string): string[] => list.split(",").map((pattern) => pattern.trim());

/** Parts with a way back leave the mirror one by one, so any of them may be excluded now. */
function withoutLeaving(exclude: string, { leaving = [], topicsExcludePattern = "" }: MirrorModel): string {
  const own = new Set(entriesOf(topicsExcludePattern));
  const left = new Set(leaving.flatMap(entriesOf).filter((pattern) => !own.has(pattern)));
  return entriesOf(exclude)
    .filter((pattern) => !left.has(pattern))
    .join(",");
}
