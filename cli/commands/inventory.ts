import { writeFile } from "node:fs/promises";
import { MigrationError } from "../../engine/errors";
import { printInventory, takeInventory } from "../../engine/inventory";
import { defined } from "../../engine/objects";
import type { Command } from "../command";
import { EXIT } from "../exit";
import { type OriginOperator, readOperatorObjects } from "../inventory/kubernetes";
import { inventoryLines } from "../inventory/lines";
import type { LoadedMigration } from "../source";
import { Reader } from "../values";

/** Lists everything on the origin, and what the migration does with it. Changes nothing on the clusters. */
export const inventory: Command = {
  summary: "list topics, groups, users, connectors and more, and say whether each of them moves; changes nothing",
  whole: true,
  options: {
    out: { type: "string", value: "FILE", help: "write the inventory as YAML, to be committed (default: no file)" },
    own: {
      type: "string",
      multiple: true,
      value: "PRINCIPAL",
      help: "a user of this migration on the origin, such as User:mm2, which does not move; may be repeated",
    },
    namespace: {
      type: "string",
      value: "NAME",
      help: "namespace of the origin's KafkaUsers and KafkaTopics (default: the stack's; with --model: no operator)",
    },
    kafka: { type: "string", value: "NAME", help: "name of the origin's Kafka resource (default: the stack's)" },
    kubeconfig: { type: "string", value: "FILE", help: "kubeconfig for them (default: the stack's)" },
    context: { type: "string", value: "NAME", help: "context in that kubeconfig" },
    seconds: { type: "string", value: "SECONDS", help: "time over which rates are measured (default: 5)" },
    all: { type: "boolean", help: "list everything, not only the first rows" },
  },
  async run({ migration, values, progress, signal }) {
    const read = new Reader(values);
    const measureMs = read.seconds("seconds");
    const operator = operatorOf(migration, read);
    read.check("inventory");
    if (operator !== undefined) progress.info(`inventory: reading the resources in namespace ${operator.namespace}`);
    const found = operator === undefined ? undefined : await readOperatorObjects(operator);
    const taken = await takeInventory(
      migration.model,
      defined({
        offsets: migration.options.offsets,
        connectors: [migration.options, ...migration.waves].flatMap(({ connectors }) => connectors),
        own: [...migration.principals, ...read.list("own")],
        ownership: migration.ownership,
        objects: found?.objects as NonNullable<typeof found>["objects"],
        unread: found?.unread as string[],
        targetHasOperator: migration.operators.target,
        measureMs: measureMs as number,
      }),
      progress,
      signal,
    );
    const out = read.text("out");
    if (out !== undefined) await write(out, printInventory(taken));
    const wrote = out === undefined ? [] : ["", `wrote ${out}: commit it, and set inventory to its path`];
    return { exit: EXIT.fine, lines: [...inventoryLines(taken, read.flag("all")), ...wrote], json: taken };
  },
};

/** The options of the command override what the stack says. */
function operatorOf({ operators }: LoadedMigration, read: Reader): OriginOperator | undefined {
  const given = defined({
    namespace: read.text("namespace"),
    cluster: read.text("kafka"),
    kubeconfig: read.text("kubeconfig"),
    context: read.text("context"),
  }) as Partial<OriginOperator>;
  const { origin } = operators;
  if (origin !== undefined) return { ...origin, ...given };
  const { namespace } = given;
  if (namespace !== undefined) return { ...given, namespace };
  if (Object.keys(given).length > 0)
    read.mistake("--kafka, --kubeconfig and --context need --namespace: the migration names no operator of the origin");
  return undefined;
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new MigrationError("CLI_OUT_FILE", `${file} can't be written: ${(error as Error).message}`, {
      fix: "use a file for --out in an existing folder that you may write to",
    });
  }
}
