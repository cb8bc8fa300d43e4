import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./parts";
import { findBuilders } from "./parts/builders";
import { inspect, installedFolder } from "./parts/cache";
import { locate } from "./parts/locate";
import { findJava } from "./parts/tools";
import type { Part, PartName } from "./parts/types";
import { units, type Unit } from "./parts/units";
import { oldest } from "./parts/versions";

export interface DoctorLine {
  name: PartName;
  /**
   * - `ready`: installed.
   * - `gettable`: the next start downloads or builds it.
   * - `damaged`: installed, but its files differ from the installed version.
   * - `missing`: something else is needed first.
   */
  state: "ready" | "gettable" | "damaged" | "missing";
  /** Its place and version, or what is missing. */
  text: string;
  /** What the user must do. Absent if there is nothing to do. */
  fix?: string;
}

/**
 * Looks for every part, compares the cached parts with their checksums, and reports how to get the others. Downloads
 * and changes nothing.
 */
export async function doctor(): Promise<DoctorLine[]> {
  const cache = cacheFolder();
  const lines: DoctorLine[] = [await javaLine()];
  for (const unit of units.filter((one) => one.testsOnly !== true)) lines.push(...(await unitLines(unit, cache)));
  return lines;
}

async function javaLine(): Promise<DoctorLine> {
  const java = await findJava(oldest.java);
  if (java) return { name: "java", state: "ready", text: `${java.version} at ${java.path}` };
  return {
    name: "java",
    state: "missing",
    text: `no Java ${oldest.java} or newer`,
    fix: "install a JDK, or set JAVA_HOME to one",
  };
}

async function unitLines(unit: Unit, cache: string): Promise<DoctorLine[]> {
  const names = Object.keys(unit.provides) as PartName[];
  const found = await locate(names, cache, () => {});
  const folder = installedFolder(cache, unit.name, unit.version);
  const deep = await inspect(folder, true);
  const way = await wayToGet(unit);
  return names.map((name) => {
    const part = found[name];
    const usesCache = part === undefined || part.origin === "cache";
    if (usesCache && deep && deep.wrong.length > 0) {
      return {
        name,
        state: "damaged",
        text: `${folder}: ${deep.wrong.join("; ")}`,
        fix: `remove ${folder}; ${way.text}`,
      };
    }
    if (part && part.origin !== "stand-in") return { name, state: "ready", text: describe(part) };
    return { name, state: way.possible ? "gettable" : "missing", text: `${unit.version} is not here`, fix: way.text };
  });
}

function describe(part: Part): string {
  return `${part.version} at ${part.path}${part.origin === "cache" ? " (as installed, by checksum)" : ""}`;
}

async function wayToGet(unit: Unit): Promise<{ possible: boolean; text: string }> {
  if (unit.name === "pulumi-resource-kubernetes") {
    return {
      possible: true,
      text: "the next start downloads it, or takes the sandbox's stand-in where that is not possible",
    };
  }
  const { lacks } = await findBuilders([unit], false);
  const downloads =
    process.env.KAFKA_MIGRATION_NO_DOWNLOAD !== "1" && (unit.archive !== undefined || unit.plugin !== undefined);
  if (lacks.length === 0)
    return {
      possible: true,
      text: `the next start ${downloads ? "downloads it, or builds it" : "gets it"} with ${unit.maven ? "Maven" : "Go"}`,
    };
  const needs = lacks.map((lack) => lack.text).join("; ");
  return {
    possible: downloads,
    text: downloads ? `the next start downloads it; where that is not possible it needs ${needs}` : `needs ${needs}`,
  };
}

/** The folder that an interrupted build left for the next build. Undefined if there is none. */
export function leftoverBuild(): string | undefined {
  const build = join(cacheFolder(), "build");
  return existsSync(build) ? build : undefined;
}
