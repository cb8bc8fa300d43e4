import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type Sandbox, type SandboxOptions, startSandbox } from "@kafka-migration/sandbox";
import {
  applicationClient,
  hosted,
  openProject,
  ownProject,
  type Project,
  type Settings,
  storySettings,
} from "@kafka-migration/sandbox/story";
import { openKafka } from "../../engine/kafka/client";

/** One sandbox for the tests of a file; read it inside tests. */
export function withSandbox(options: Partial<SandboxOptions> = {}): { readonly sandbox: Sandbox; log: string[] } {
  const log: string[] = [];
  let sandbox: Sandbox | undefined;
  beforeAll(async () => {
    sandbox = await startSandbox({ progress: (line) => log.push(line), ...options });
  }, 1_800_000);
  afterAll(() => sandbox?.stop(), 240_000);
  return {
    log,
    get sandbox() {
      if (sandbox === undefined) throw new Error("the sandbox is there inside tests only");
      return sandbox;
    },
  };
}

/** A stack of the repository's own project for topics that start with `prefix-`. */
export async function ownStack(sandbox: Sandbox, prefix: string, settings: Settings = {}): Promise<Project> {
  const folder = join(sandbox.folder, `project-${prefix}`);
  mkdirSync(folder, { recursive: true });
  const project = await openProject(sandbox.pulumi!, ownProject(folder), prefix, () => {});
  await project.set(merge(settingsFor(sandbox, prefix), settings));
  return project;
}

export function settingsFor(sandbox: Sandbox, prefix: string): Settings {
  const story = storySettings({
    originBootstrap: sandbox.origin.connection.bootstrapServers,
    targetBootstrap: sandbox.target.connection.bootstrapServers,
    kubeconfig: sandbox.kubeconfig!,
    report: join(sandbox.folder, "report"),
    origin: sandbox.origin,
    target: sandbox.target,
  });
  return merge(story, {
    mirror: { topicsPattern: `${prefix}-.*`, groupsPattern: `${prefix}-.*`, name: `mirror-${prefix}` },
    target: {
      groupId: `mirror-${prefix}`,
      offsetStorageTopic: `mirror-${prefix}-offsets`,
      configStorageTopic: `mirror-${prefix}-configs`,
      statusStorageTopic: `mirror-${prefix}-status`,
    },
  });
}

/** Objects key by key, everything else replaced. */
export function merge(base: Settings, over: Settings): Settings {
  const merged: Settings = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    const both = [before, value].every((v) => typeof v === "object" && v !== null && !Array.isArray(v));
    merged[key] = both ? merge(before as Settings, value as Settings) : value;
  }
  return merged;
}

/** A sandbox, or another cluster in its place. */
type WithOrigin = { origin: Pick<Sandbox["origin"], "connection"> };

/** Numbered records, one partition after the other, through an application's own client. */
export async function produce(
  sandbox: WithOrigin,
  topic: string,
  count: number,
  options: { partitions?: number; from?: number; valueBytes?: number } = {},
): Promise<void> {
  const kafka = applicationClient(sandbox.origin.connection, "tests");
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    const { partitions = 2, from = 0, valueBytes } = options;
    const messages = Array.from({ length: count }, (_, i) => {
      const text = `${topic}#${from + i}`;
      return {
        partition: (from + i) % partitions,
        key: `k${(from + i) % 10}`,
        value: valueBytes === undefined ? text : Buffer.alloc(valueBytes, text),
        headers: { n: String(from + i) },
      };
    });
    await producer.send({ topic, messages });
  } finally {
    await producer.disconnect();
  }
}

export async function createTopic(
  sandbox: WithOrigin,
  topic: string,
  partitions = 2,
  configs: Record<string, string> = {},
): Promise<void> {
  const admin = applicationClient(sandbox.origin.connection, "tests").admin();
  await admin.connect();
  try {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }] });
    await hosted(admin, { name: topic, partitions });
  } finally {
    await admin.disconnect();
  }
}

/** High watermarks summed up, as kafkajs sees them. */
export async function recordsIn(cluster: Sandbox["origin"], topic: string): Promise<number> {
  const admin = applicationClient(cluster.connection, "tests").admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.reduce((sum, o) => sum + Number(o.high) - Number(o.low), 0);
  } catch {
    return 0;
  } finally {
    await admin.disconnect();
  }
}

/** The quotas of each user, by Kafka's names. */
export async function quotasOn(cluster: Sandbox["origin"]): Promise<Record<string, Record<string, number>>> {
  const port = await openKafka(cluster.connection, "origin");
  const quotas = await port.clientQuotas().finally(() => port.close());
  return Object.fromEntries(quotas!.flatMap(({ user, values }) => (user ? [[user, values]] : [])));
}

/**
 * Restarts the tasks of the only mirror. A task that ends commits the offsets that it has copied to. Waits until it has
 * committed the last record of each partition of these topics.
 */
export async function commitMirror(sandbox: Sandbox, topics: readonly string[]): Promise<void> {
  const [url, ...others] = sandbox.mirrorUrls();
  if (url === undefined || others.length > 0) throw new Error(`${others.length + 1} mirrors run instead of one`);
  const ask = async (path: string, method = "GET"): Promise<any> => {
    const answer = await fetch(`${url}/connectors${path}`, { method });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  const source = `/${encodeURIComponent(((await ask("")) as string[]).find((name) => name.includes("Source"))!)}`;
  const admin = applicationClient(sandbox.origin.connection, "tests").admin();
  await admin.connect();
  const wanted = await Promise.all(
    topics.map(async (topic) => {
      const ends = await admin.fetchTopicOffsets(topic);
      return ends.map(({ partition, high }) => `${topic}-${partition} ${Number(high) - 1}`);
    }),
  ).finally(() => admin.disconnect());
  await ask(`${source}/restart?includeTasks=true`, "POST");
  await until(
    `a commit of ${topics.join(" and ")}`,
    async () => {
      const { offsets } = await ask(`${source}/offsets`);
      return offsets.map(
        ({ partition: { topic, partition }, offset }: any) => `${topic}-${partition} ${offset.offset}`,
      );
    },
    (committed: string[]) => wanted.flat().every((one) => committed.includes(one)),
  );
}

/** Asks until the condition holds; the last answer is part of the error. */
export async function until<T>(
  what: string,
  probe: () => Promise<T>,
  holds: (value: T) => boolean,
  limitMs = 120_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await probe();
    if (holds(value)) return value;
    if (Date.now() > end)
      throw new Error(`${what} did not come within ${limitMs / 1000} s; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
