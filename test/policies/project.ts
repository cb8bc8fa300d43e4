import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pulumiEnvironment, supervise } from "@kafka-migration/sandbox";

const root = resolve(__dirname, "../..");
const PACKAGE = "node_modules/pulumi-kafka-migration";

export interface Review {
  code: number;
  stdout: string;
  stderr: string;
  /** The comment. */
  text: string;
}

/** A Pulumi project of a user who has installed the package. */
export interface PulumiProject {
  write(file: string, text: string): Promise<void>;
  /** Makes a stack; its configuration is `Pulumi.<name>.yaml`. */
  stack(name: string): Promise<void>;
  /** As that user runs it, with the pack that the package brings. */
  review(...args: string[]): Promise<Review>;
  stop(): Promise<void>;
}

export async function pulumiProject(): Promise<PulumiProject> {
  const supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-policies-")));
  const pulumi = await pulumiEnvironment({ folder: join(supervisor.folder, "pulumi") });
  const folder = join(supervisor.folder, "project");
  await install(folder);
  await startPacks(join(supervisor.folder, "pulumi", "bin", "pulumi-language-nodejs"));
  return {
    write: (file, text) => writeFile(join(folder, file), text),
    stack: async (name) => {
      const { exitCode, stderr } = await pulumi.run(["stack", "init", name], { cwd: folder, limitMs: 60_000 });
      if (exitCode !== 0) throw new Error(stderr);
    },
    review: async (...args) => {
      const comment = join(folder, "comment.md");
      const all = [
        join(folder, PACKAGE, "dist/policies/review/main.js"),
        "--cwd",
        folder,
        "--comment",
        comment,
        ...args,
      ];
      const run = await new Promise<Omit<Review, "text">>((done) =>
        execFile(process.execPath, all, { cwd: folder, env: pulumi.env, timeout: 200_000 }, (error, stdout, stderr) =>
          done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
        ),
      );
      return { ...run, text: await readFile(comment, "utf8").catch(() => run.stdout + run.stderr) };
    },
    stop: () => supervisor.stop(),
  };
}

/** Rules of the annotations, each once: `error gate-abandoned`. */
export const annotated = (stdout: string): string[] =>
  [
    ...new Set(
      [...stdout.matchAll(/^::(error|warning) file=Pulumi.yaml,title=([\w -]+)::/gm)].map(
        ([, kind, rule]) => `${kind} ${rule}`,
      ),
    ),
  ].sort();

/** As npm would: the package's own files, and beside it what it depends on. */
async function install(folder: string): Promise<void> {
  const own = join(folder, PACKAGE);
  await mkdir(own, { recursive: true });
  await cp(join(root, "dist"), join(own, "dist"), {
    recursive: true,
    filter: (path) => !/dist\/bench$/.test(path),
  });
  await cp(join(root, "package.json"), join(own, "package.json"));
  for (const name of await readdir(join(root, "node_modules")))
    if (!name.startsWith(".")) await symlink(join(root, "node_modules", name), join(folder, "node_modules", name));
}

/** Puts `language-host.cjs` before a language host that is too old to start packs. */
async function startPacks(host: string): Promise<void> {
  if ((await readFile(host)).includes("run-policy-pack")) return;
  // A link, or the script that the sandbox writes.
  const behind = `${host}-behind`;
  await rename(host, behind);
  const script = [
    "#!/bin/sh",
    `TEST_MODULES='${root}' TEST_LANGUAGE_HOST='${behind}' exec '${process.execPath}' ` +
      `'${join(__dirname, "language-host.cjs")}' "$@"`,
  ];
  await writeFile(host, `${script.join("\n")}\n`, { mode: 0o700 });
}
