import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { MigrationError } from "../../engine/errors";
import type { Progress } from "../../engine/progress";
import { inParallel } from "../../engine/side-by-side";
import {
  type DifferingTopic,
  type FileState,
  fileState,
  fileText,
  type KafkaTopicText,
  managedAnnotation,
  type TopicResourcePlan,
} from "../../engine/topic-resources";
import { countText } from "../../engine/units";
import type { KubernetesAccess } from "../kubernetes/kubeconfig";
import { openWriter } from "../kubernetes/writer";

/** What a run has written, and what it has left alone. */
export interface Written {
  /** Those of an earlier run in which somebody has set a field to another value since then. Absent: none. */
  changed?: DifferingTopic[];
  /** KafkaTopics or files that were created or changed. */
  written: number;
  /** Those that were right already. */
  unchanged: number;
  /** Those that say something else, and that belong to somebody else. */
  differ: DifferingTopic[];
}

const SAY_EVERY = 500;

/**
 * Creates the KafkaTopics of the plan, and updates those of an earlier run. A field that somebody else has changed
 * since then is not taken back.
 * @throws MigrationError KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE, KUBERNETES_REFUSED
 */
export async function writeResources(
  { write, equal, differ }: TopicResourcePlan,
  access: KubernetesAccess,
  manager: string,
  progress: Progress,
): Promise<Written> {
  const writer = openWriter(access);
  const changed: DifferingTopic[] = [];
  let done = 0;
  await inParallel(write, async ({ topic, text, exists }) => {
    const { apiVersion, kind, metadata } = text;
    const place = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name };
    // A roll-back may have set it. It is not part of the applied text.
    if (exists) await writer.merge(place, managed(apiVersion, null), manager);
    const answer = await writer.apply(text, manager);
    if ("taken" in answer) {
      const differences = answer.taken.map(({ field, message }) => {
        const path = field.replace(/^\./, "");
        const wanted = valueAtField(text, path);
        return `${path}${wanted === undefined ? "" : ` is not ${JSON.stringify(wanted)}`}: ${message}`;
      });
      changed.push({ topic, resource: `${metadata.namespace}/${metadata.name}`, differences });
    }
    done += 1;
    if (done % SAY_EVERY === 0) progress.info(`${done} of ${countText(write.length, "KafkaTopic")} written`);
  });
  changed.sort((a, b) => (a.topic < b.topic ? -1 : 1));
  return {
    written: write.length - changed.length,
    unchanged: equal.length,
    differ,
    ...(changed.length === 0 ? {} : { changed }),
  };
}

/** The value at a field of a conflict, such as `spec.config.retention.ms`: a key may have dots. */
function valueAtField(value: unknown, path: string): unknown {
  if (path === "") return value;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const rest = path === key ? "" : path.startsWith(`${key}.`) ? path.slice(key.length + 1) : undefined;
    const found = rest === undefined ? undefined : valueAtField(inner, rest);
    if (found !== undefined) return found;
  }
  return undefined;
}

const managed = (apiVersion: string, value: "false" | null) => ({
  metadata: { annotations: { [managedAnnotation(apiVersion)]: value } },
});

/** Asks the API server whether it would accept the first KafkaTopic. Changes nothing. */
export async function askToWrite({ write }: TopicResourcePlan, access: KubernetesAccess, manager: string) {
  const [first] = write;
  if (first !== undefined) await openWriter(access).apply(first.text, manager, "ask");
}

/** The Topic Operator leaves the topics of these KafkaTopics alone from now on. Returns how many still exist. */
export async function handBack(
  texts: readonly Pick<KafkaTopicText, "apiVersion" | "kind" | "metadata">[],
  access: KubernetesAccess,
  manager: string,
): Promise<number> {
  const writer = openWriter(access);
  let count = 0;
  await inParallel(texts, async ({ apiVersion, kind, metadata }) => {
    const place = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name };
    if (await writer.merge(place, managed(apiVersion, "false"), manager)) count += 1;
  });
  return count;
}

/** A file with one object. */
export interface ObjectFile {
  /** The topic or user, for messages. */
  of: string;
  /** Name in the folder. */
  name: string;
  object: object;
}

/** A KafkaUser as it is written to a file. */
export interface UserText {
  apiVersion: string;
  kind: "KafkaUser";
  metadata: { name: string; namespace: string; labels?: Record<string, string> };
  spec: Record<string, unknown>;
}

export const filesOf = ({ write }: TopicResourcePlan, change = (text: KafkaTopicText): object => text): ObjectFile[] =>
  write.map(({ topic, text }) => ({ of: topic, name: `${text.metadata.name}.yaml`, object: change(text) }));

/** Names of KafkaTopics are in lower case, so these are other files. */
export const userFiles = (users: readonly UserText[] = []): ObjectFile[] =>
  users.map((user) => ({
    of: `user ${user.metadata.name}`,
    name: `KafkaUser-${user.metadata.name}.yaml`,
    object: user,
  }));

/** Compares the files in the folder with the objects. Changes nothing. */
export async function compareFiles(
  folder: string,
  files: readonly ObjectFile[],
): Promise<{ file: ObjectFile; state: FileState }[]> {
  const states: { file: ObjectFile; state: FileState }[] = [];
  for (const file of files)
    states.push({ file, state: fileState(await contentOf(join(folder, file.name)), file.object) });
  return states;
}

/**
 * Writes one file for each object. A file that somebody has edited, or that this package has not written, stays as it
 * is. No file is deleted.
 * @throws MigrationError TOPIC_FILES_UNWRITABLE
 */
export async function writeFiles(folder: string, files: readonly ObjectFile[]): Promise<Written> {
  const states = await compareFiles(folder, files);
  const wanted = states.filter(({ state }) => state === "new" || state === "outdated");
  await trying(folder, async () => {
    if (wanted.length > 0) await mkdir(folder, { recursive: true });
    for (const { file } of wanted) {
      const path = join(folder, file.name);
      const draft = `${path}.${process.pid}.tmp`;
      await writeFile(draft, fileText(file.object));
      await rename(draft, path);
    }
  });
  return {
    written: wanted.length,
    unchanged: states.filter(({ state }) => state === "equal").length,
    differ: states.flatMap(({ file, state }) =>
      state === "edited"
        ? [{ topic: file.of, resource: relative("", join(folder, file.name)), differences: ["edited by hand"] }]
        : [],
    ),
  };
}

async function contentOf(path: string): Promise<string | undefined> {
  return trying(path, async () => {
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  });
}

async function trying<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new MigrationError("TOPIC_FILES_UNWRITABLE", `the KafkaTopics cannot be written to ${path}`, {
      fix: "set topicsFolder to a folder that this user may write, and run `pulumi up` again",
      details: [(error as Error).message],
      cause: error,
    });
  }
}
