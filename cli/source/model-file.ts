import { open } from "node:fs/promises";
import { basename, extname } from "node:path";
import { z } from "zod";
import { connectClusterShape } from "../../engine/connectors/types";
import { MigrationError } from "../../engine/errors";
import { modelConnectionShape, mirrorModelShape } from "../../engine/model";
import { list, objectOf } from "../../engine/setting";
import { checkOf } from "../../engine/setting-check";
import { DEFAULT_OPTIONS, type LoadedMigration, type Options } from "./types";

const connection = checkOf(objectOf(modelConnectionShape));
const options = z.record(z.string(), z.unknown());

const schema = z.strictObject({
  origin: connection,
  target: connection,
  mirror: checkOf(objectOf(mirrorModelShape)),
  /** In the form that the engine takes. The command's own options override them. */
  options: z
    .strictObject({
      preflight: options,
      gate: options,
      verify: options,
      offsets: options,
      replication: options,
      fence: options,
      access: options,
      connectors: checkOf(list(objectOf(connectClusterShape))),
    })
    .partial()
    .optional(),
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
      details: parsed.error.issues.map((i) => `${i.path.map(String).join(".") || "the file"}: ${i.message}`),
    });
  }
  const { origin, target, mirror: model, options: written } = parsed.data;
  return {
    name: basename(path, extname(path)),
    waves: [],
    model: { origin, target, mirror: model } as LoadedMigration["model"],
    options: { ...DEFAULT_OPTIONS, ...written } as Options,
    done: {},
    principals: [],
    operators: { target: false },
  };
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
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new MigrationError(
        "CLI_MODEL_READABLE",
        `${path} holds passwords and has mode ${(mode & 0o777).toString(8).padStart(4, "0")}: others may read it`,
        { fix: `chmod 600 ${path}` },
      );
    }
    const content = await file.readFile("utf8");
    try {
      return JSON.parse(content);
    } catch {
      throw new MigrationError("CLI_MODEL_INVALID", `${path} is not JSON`, {
        fix: "write the model as shown in docs/command-line.md",
      });
    }
  } finally {
    await file.close();
  }
}
