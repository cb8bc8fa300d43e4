import { mkdir, statfs } from "node:fs/promises";
import { SandboxError } from "../error";
import { ask, findJava, onPath, type Java } from "./tools";
import type { Unit } from "./units";
import { compareVersions, oldest, versionIn } from "./versions";

/** The tools that build the parts that cannot be downloaded. */
export interface Builders {
  go?: string;
  mvn?: string;
  java?: Java;
}

/** One missing build tool: the parts that need it, and how to get it. */
export interface Lack {
  parts: string[];
  tool: "java" | "mvn" | "go";
  text: string;
}

/**
 * Finds the build tools that these units need, and reports every missing one. `java`: true if Java itself is needed, to
 * run the brokers.
 */
export async function findBuilders(
  wanted: readonly Unit[],
  java: boolean,
): Promise<{ builders: Builders; lacks: Lack[] }> {
  const builders: Builders = {};
  const lacks: Lack[] = [];
  const maven = wanted.filter((unit) => unit.maven).map((unit) => unit.name);
  const go = wanted.filter((unit) => unit.go).map((unit) => unit.name);
  if (maven.length > 0 || java) {
    const found = await findJava(oldest.java);
    if (found) builders.java = found;
    else
      lacks.push({
        parts: java ? ["java", ...maven] : maven,
        tool: "java",
        text: `Java ${oldest.java} or newer: install a JDK, or set JAVA_HOME to one`,
      });
  }
  if (maven.length > 0) {
    const mvn = await onPath("mvn");
    if (mvn) builders.mvn = mvn;
    else lacks.push({ parts: maven, tool: "mvn", text: "Maven 3.6 or newer: install it so that mvn is on the PATH" });
  }
  if (go.length > 0) {
    const path = await onPath("go");
    const version = path && goVersion((await ask(path, ["version"])) ?? "");
    if (path && version && compareVersions(version, oldest.go) >= 0) builders.go = path;
    else
      lacks.push({
        parts: go,
        tool: "go",
        text:
          `Go ${oldest.go} or newer${version ? ` (${path} is ${version})` : ""}: install it, or put the programs ` +
          "themselves on the PATH",
      });
  }
  return { builders, lacks };
}

/** Parses the output of `go version`, e.g. `go version go1.26.8 linux/amd64`. */
export function goVersion(said: string): string | undefined {
  return versionIn(/\bgo(\d[\d.]*)/.exec(said)?.[1] ?? "");
}

/** @throws SandboxError `PARTS_TOOLS_MISSING` that names every missing part and tool */
export function refuseLacks(lacks: readonly Lack[]): void {
  if (lacks.length === 0) return;
  const lines = lacks.map((lack) => `  - ${lack.parts.join(", ")}: needs ${lack.text}`);
  throw new SandboxError(
    "PARTS_TOOLS_MISSING",
    `${lacks.length === 1 ? "a tool is" : `${lacks.length} tools are`} missing to get parts of the ` +
      `sandbox\n${lines.join("\n")}`,
    {
      fix: "install what is named above and run it again; `npm run doctor` shows what is there",
    },
  );
}

/**
 * Temporary disk space of a full build in bytes: modules and compiled packages, measured with go 1.26 on linux/amd64,
 * and a reserve.
 */
const buildBytes = 8e9;

/** @throws SandboxError `PARTS_NO_ROOM` when the disk of `cache` has less free space than a full build needs */
export async function checkRoom(cache: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const { bavail, bsize } = await statfs(cache);
  if (bavail * bsize >= buildBytes) return;
  throw new SandboxError(
    "PARTS_NO_ROOM",
    `${cache} has ${((bavail * bsize) / 1e9).toFixed(1)} GB free; building the parts takes up to ` +
      `${buildBytes / 1e9} GB for a while`,
    {
      fix: "free some space, or set KAFKA_MIGRATION_CACHE to a folder on another disk",
    },
  );
}
