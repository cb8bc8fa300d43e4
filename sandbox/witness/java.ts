import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SandboxError } from "../error";
import type { ClusterConnection, KafkaParts } from "../kafka";
import { classPath, environment, toolOptions } from "../kafka/java";
import { jaasQuoted, writeProperties } from "../kafka/properties";
import { packageRoot } from "../paths";
import { lastLines, type Supervisor } from "../processes";
import type { Goal, PartitionRead, ReadTask } from "./types";

/** Kafka's own client as an application, in its own JVM. */
export interface JavaWitness {
  /**
   * Runs tasks. The tasks of one stretch run at the same time; the stretches run one after the other.
   * @returns what was read
   * @throws SandboxError WITNESS_FAILED with the last lines of its log
   */
  run(connection: ClusterConnection, ...stretches: JavaTask[][]): Promise<PartitionRead[]>;
  /**
   * Logs in as each user, and tries what it may do with these topics. Writes records.
   * @throws SandboxError WITNESS_FAILED, also if a password is wrong
   */
  abilities(connection: ClusterConnection, users: readonly Login[], topics: readonly string[]): Promise<JavaAbility[]>;
}

/** A user of an application. */
export interface Login {
  user: string;
  password: string;
  /** An id of its own for transactions. */
  transactionalId?: string;
}

/** What Kafka's own client can do as one user. */
export interface JavaAbility {
  user: string;
  /** Topics that it may describe, write and read. */
  sees: string[];
  writes: string[];
  reads: string[];
  /** True: it may begin a transaction with its id. Null: it has none. */
  transactions: boolean | null;
  /** True: the brokers throttled its producer or its consumer, because it exceeded a quota. */
  slowWrites: boolean;
  slowReads: boolean;
}

/** One line of the plan. Witness.java describes the words. */
export type JavaTask = readonly string[];

const LIMIT_MS = 180_000;

/**
 * Compiles Witness.java into `folder`.
 * @throws SandboxError WITNESS_FAILED when it does not compile, for example because this Java is not a JDK
 */
export async function openJavaWitness(supervisor: Supervisor, parts: KafkaParts, folder: string): Promise<JavaWitness> {
  const classes = join(folder, "classes");
  await mkdir(classes, { recursive: true, mode: 0o700 });
  const jars = await classPath(parts.kafka);
  const quick = await toolOptions(parts, jars, folder);
  const java = async (what: string, args: readonly string[]): Promise<void> => {
    const log = join(folder, "witness.log");
    const process = supervisor.start({
      name: what,
      command: parts.java,
      args: [...quick, "-Xmx256m", ...args],
      cwd: folder,
      env: { ...environment(), CLASSPATH: `${jars}:${classes}` },
      log,
    });
    const timer = setTimeout(() => void process.kill(), LIMIT_MS);
    const exit = await process.exited.finally(() => clearTimeout(timer));
    if (exit.code !== 0) {
      throw new SandboxError(
        "WITNESS_FAILED",
        `${what} ended with ${exit.signal ?? `code ${exit.code}`}:\n${lastLines(log)}`,
        { fix: "read the lines above; compiling takes a JDK" },
      );
    }
  };
  const source = join(packageRoot, "witness", "Witness.java");
  await java("compiling the Java witness", ["-m", "jdk.compiler/com.sun.tools.javac.Main", "-d", classes, source]);
  let runs = 0;
  /** @param passwords by user, for tasks that log in as somebody else */
  const execute = async <Result>(
    connection: ClusterConnection,
    stretches: readonly (readonly JavaTask[])[],
    passwords: Record<string, string> = {},
  ): Promise<Result[]> => {
    const name = (what: string) => join(folder, `${what}-${runs}`);
    const [client, plan, results] = [name("client"), name("plan"), name("results")];
    runs++;
    try {
      await writeProperties(client, { ...clientSettings(connection), ...passwords });
      await writeFile(
        plan,
        stretches.map((tasks) => tasks.map((words) => `${words.join("\t")}\n`).join("")).join("then\n"),
      );
      await java("the Java witness", ["Witness", client, plan, results]);
      return (await readFile(results, "utf8"))
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Result);
    } finally {
      await rm(client, { force: true });
    }
  };
  return {
    run: (connection, ...stretches) => execute(connection, stretches),
    async abilities(connection, users, topics) {
      const tasks = users.map(({ user, transactionalId = "-" }) => ["may", user, topics.join(","), transactionalId]);
      const passwords = Object.fromEntries(users.map(({ user, password }) => [`witness.password.${user}`, password]));
      const found = await execute<JavaAbility>(connection, [tasks], passwords);
      return found.sort((a, b) => (a.user < b.user ? -1 : 1));
    },
  };
}

/** Reads only committed records, as an application does that reads a transactional topic. */
export function javaRead({ group, client, goals, metadata }: ReadTask): JavaTask {
  const topics = [...new Set(goals.map((g) => g.topic))];
  const text = ({ topic, partition, upTo }: Goal) => `${topic}:${partition}:${upTo}`;
  return ["read", group, client, "read_committed", metadata ?? "-", topics.join(","), goals.map(text).join(",")];
}

function clientSettings({ bootstrapServers, tls, sasl }: ClusterConnection): Record<string, string> {
  return {
    "bootstrap.servers": bootstrapServers,
    "security.protocol": "SASL_SSL",
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": tls.ca,
    "sasl.mechanism": sasl.mechanism,
    "sasl.jaas.config":
      `org.apache.kafka.common.security.scram.ScramLoginModule required username=${jaasQuoted(sasl.username)} ` +
      `password=${jaasQuoted(sasl.password)};`,
  };
}
