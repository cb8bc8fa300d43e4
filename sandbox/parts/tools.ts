import { execFile } from "node:child_process";
import { access, constants, readdir, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** Returns the first executable file of that name on the PATH. */
export async function onPath(name: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  for (const folder of (env.PATH ?? "").split(delimiter).filter((entry) => entry !== "")) {
    const path = join(folder, name);
    if (await isProgram(path)) return path;
  }
  return undefined;
}

export async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs a program and returns its output of both streams, regardless of the exit code. Undefined if the program cannot
 * be started or does not end within 15 s.
 */
export function ask(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [...args],
      { timeout: 15_000, killSignal: "SIGKILL", env, cwd: "/" },
      (error, stdout, stderr) => {
        const ended = !error || (typeof error.code === "number" && !error.killed);
        resolve(ended ? `${stdout}\n${stderr}` : undefined);
      },
    );
    child.stdin?.end();
  });
}

/** A Java runtime: the `java` program, its home folder and major version. */
export interface Java {
  path: string;
  home: string;
  version: string;
  major: number;
}

/**
 * Finds the newest Java on this machine with at least major version `min` (such as 17). Looks in JAVA_HOME, on the
 * PATH, and in the folders of Linux distributions, macOS, SDKMAN and IDEs.
 */
export async function findJava(min: number, env: NodeJS.ProcessEnv = process.env): Promise<Java | undefined> {
  const homes = env.JAVA_HOME ? [env.JAVA_HOME] : [];
  const first = await onPath("java", env);
  if (first) homes.push(join(await realpath(first), "..", ".."));
  for (const [parent, inner] of [
    ["/usr/lib/jvm", ""],
    ["/opt", ""],
    ["/opt/java", ""],
    ["/Library/Java/JavaVirtualMachines", "Contents/Home"],
    [join(homedir(), ".sdkman/candidates/java"), ""],
    [join(homedir(), ".jdks"), ""],
  ] as const) {
    const entries = await readdir(parent).catch(() => []);
    homes.push(...entries.map((entry) => join(parent, entry, inner)));
  }
  const found = new Map<string, Java>();
  for (const home of homes) {
    const path = join(home, "bin", "java");
    if (!(await isProgram(path))) continue;
    const real = await realpath(path);
    // macOS has a /usr/bin/java even without an installed Java, so run it to find out.
    const said = found.has(real) ? undefined : await ask(path, ["-version"], env);
    const version = said === undefined ? undefined : /version "([^"]+)"/.exec(said)?.[1];
    if (version) found.set(real, { path, home, version, major: Number.parseInt(version, 10) });
  }
  return [...found.values()].filter((java) => java.major >= min).sort((a, b) => b.major - a.major)[0];
}
