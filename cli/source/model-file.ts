import { open, readlink } from "node:fs/promises";
import { basename, extname } from "node:path";
import { z } from "zod";
import { MigrationError } from "../../engine/errors";
import { modelConnectionShape, mirrorModelShape, type Scope, scopeShape } from "../../engine/model";
import { didYouMean } from "../../engine/near-miss";
import { block, list, objectOf, text } from "../../engine/setting";
import { defined } from "../../engine/objects";
import { parseJson } from "../../engine/plain";
import { checkOf } from "../../engine/setting-check";
import { OPTION_SHAPES, optionsCheck } from "./options";
import { DEFAULT_OPTIONS, type LoadedMigration, type Options } from "./types";

const connection = checkOf(objectOf(modelConnectionShape));
const id = z.string().optional();
const ends = z.array(z.number());

const schema = z.strictObject({
  origin: connection,
  target: connection,
  mirror: checkOf(
    objectOf({ ...mirrorModelShape, scope: block<Scope>(scopeShape).optional(), leaving: list(text).optional() }),
  ),
  /** The topics' ids when the mirror was started, by the topic's name on the origin. */
  recorded: z.record(z.string(), z.strictObject({ origin: id, target: id })).optional(),
  /** Where both sides ended when they were last proved equal: the comparison begins there. */
  proved: z.record(z.string(), z.strictObject({ target: z.string(), originEnds: ends, targetEnds: ends })).optional(),
  /** When the gate passed, ISO 8601. `verify --shard` writes it into its result. */
  gatePassedAt: z.string().optional(),
  /** In the form that the engine takes. The command's own options override them. */
  options: checkOf(optionsCheck).optional(),
});

/**
 * Reads a migration without Pulumi: a MigrationModel as JSON, with optional `options`.
 * @throws MigrationError CLI_MODEL_FILE, CLI_MODEL_READABLE if others may read the passwords in it, CLI_MODEL_INVALID
 *   with every mistake
 */
export async function readModelFile(path: string): Promise<LoadedMigration> {
  const parsed = schema.safeParse(await readJson(path));
  if (!parsed.success) {
    // Report the place and the problem, but never the value. It may be a password.
    throw new MigrationError("CLI_MODEL_INVALID", `${path} is not a valid migration model`, {
      fix: "write the model as shown in docs/command-line.md",
      details: parsed.error.issues.flatMap(issueTexts),
    });
  }
  const { origin, target, mirror: model, recorded, proved, gatePassedAt, options: written } = parsed.data;
  return {
    name: basename(path, extname(path)),
    waves: [],
    model: defined({ origin, target, mirror: model, recorded, proved }) as LoadedMigration["model"],
    options: { ...DEFAULT_OPTIONS, ...written } as Options,
    ...defined({ gatePassedAt }),
    done: {},
    principals: [],
    operators: { target: false },
  };
}

/** The mistakes at one place. */
function issueTexts(issue: z.core.$ZodIssue): string[] {
  const place = issue.path.map(String).join(".") || "the file";
  if (issue.code !== "unrecognized_keys") return [`${place}: ${issue.message}`];
  const [first, name] = issue.path.map(String);
  const known =
    first === undefined
      ? Object.keys(schema.shape)
      : first === "mirror"
        ? Object.keys(mirrorModelShape)
        : first !== "options"
          ? []
          : Object.keys(name === undefined ? { ...OPTION_SHAPES, connectors: {} } : (OPTION_SHAPES[name] ?? {}));
  return issue.keys.map((key) => `${place}: unknown key "${key}"${didYouMean(key, known)}`);
}

async function readJson(path: string): Promise<unknown> {
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    throw new MigrationError("CLI_MODEL_FILE", `${path} cannot be opened (${error.code ?? "unknown reason"})`, {
      fix: "check the path after --model",
    });
  });
  try {
    // Check the mode of the open file, so that nobody can replace the file between the check and the read. Windows has
    // no such mode bits.
    const { mode } = await file.stat();
    if (process.platform !== "win32" && (mode & 0o077) !== 0 && !(await isInSecretVolume(path))) {
      throw new MigrationError(
        "CLI_MODEL_READABLE",
        `${path} holds passwords and has mode ${(mode & 0o777).toString(8).padStart(4, "0")}: others may read it`,
        { fix: `chmod 600 ${path}` },
      );
    }
    const content = await file.readFile("utf8");
    try {
      return parseJson(content);
    } catch {
      throw new MigrationError("CLI_MODEL_INVALID", `${path} is not JSON`, {
        fix: "write the model as shown in docs/command-line.md",
      });
    }
  } finally {
    await file.close();
  }
}

/**
 * True for a file of a Secret that Kubernetes mounted: a link to `..data/<name>`. Only the pod's own containers see the
 * volume, so others cannot read the file whatever its mode is.
 */
async function isInSecretVolume(path: string): Promise<boolean> {
  return (await readlink(path).catch(() => "")) === `..data/${basename(path)}`;
}
