import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Mistakes } from "../engine/errors";
import type { ClusterEntry, StackSettings } from "./schema";

/**
 * Files that a configuration names. Their paths start at the folder of Pulumi.yaml, but the program runs in another
 * folder.
 */
export class Files {
  /** @param root the folder of Pulumi.yaml, absolute or relative to the working directory */
  constructor(private readonly root: string) {}

  /** The path from the working directory. `~/` is the home directory. */
  path(name: string): string {
    if (name.startsWith("~/")) return join(homedir(), name.slice(2));
    return isAbsolute(name) ? name : join(this.root, name);
  }

  /** @throws the error of the read; not for files that `check` has read */
  content(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  /**
   * The content of a kubeconfig is not changed. A path is completed, because Pulumi's plugin also reads it from the
   * working directory.
   */
  kubeconfig(written: string | undefined): string | undefined {
    return written === undefined || isContent(written) ? written : this.path(written);
  }

  check(settings: Partial<StackSettings>, mistakes: Mistakes): void {
    this.readable("mirror.kubeconfig", settings.mirror?.kubeconfig, mistakes);
    for (const side of ["origin", "target"] as const) {
      const entry: ClusterEntry | undefined = settings[side];
      if (entry === undefined) continue;
      this.readable(`${side}.kubeconfig`, entry.kubeconfig, mistakes);
      this.certificate(`${side}.caFile`, entry.caFile, mistakes);
      this.certificate(`${side}.certificateFile`, entry.certificateFile, mistakes);
      this.certificate(`${side}.administrator.certificateFile`, entry.administrator?.certificateFile, mistakes);
    }
  }

  private certificate(key: string, name: string | undefined, mistakes: Mistakes): void {
    const content = name === undefined ? undefined : this.read(key, name, mistakes);
    if (content !== undefined && !content.includes("-----BEGIN CERTIFICATE-----"))
      mistakes.add(`${key}: "${name}" holds no certificate; it has to be in PEM (-----BEGIN CERTIFICATE-----)`);
  }

  /** A review of a pull request plans without access to the clusters, and so without a kubeconfig. */
  private readable(key: string, name: string | undefined, mistakes: Mistakes): void {
    if (name === undefined || isContent(name) || process.env.KAFKA_MIGRATION_OFFLINE === "true") return;
    this.read(key, name, mistakes);
  }

  private read(key: string, name: string, mistakes: Mistakes): string | undefined {
    try {
      return this.content(name);
    } catch (error) {
      const reason =
        (error as NodeJS.ErrnoException).code === "ENOENT"
          ? "there is no such file"
          : `it can't be read (${(error as NodeJS.ErrnoException).code})`;
      mistakes.add(`${key}: "${name}": ${reason}; a path is taken from the folder of Pulumi.yaml`);
      return undefined;
    }
  }
}

/** A path has one line. A kubeconfig is YAML with several lines, or JSON. */
function isContent(text: string): boolean {
  return text.includes("\n") || text.trimStart().startsWith("{");
}
