import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "@kafka-migration/sandbox";
import { openProject, ownProject, type Project, type Settings, storySettings } from "@kafka-migration/sandbox/story";
import { progress } from "./common";

/** Opens a stack of the repository's own project that mirrors every topic and group with this prefix. */
export async function openStack(sandbox: Sandbox, prefix: string, settings: Settings = {}): Promise<Project> {
  const folder = join(sandbox.folder, "project");
  mkdirSync(folder, { recursive: true });
  const project = await openProject(sandbox.pulumi, ownProject(folder), "bench", () => {});
  const story = storySettings({
    originBootstrap: sandbox.origin.connection.bootstrapServers,
    targetBootstrap: sandbox.target.connection.bootstrapServers,
    kubeconfig: sandbox.kubeconfig,
    report: reportFolder(sandbox),
  });
  const mirror = { ...(story["mirror"] as object), topicsPattern: `${prefix}-.*`, groupsPattern: `${prefix}-.*` };
  await project.set({ ...story, mirror, ...settings });
  return project;
}

/** Lets Pulumi's processes have the memory that a user's have. Call it before the sandbox starts. */
export function withUsualMemory(): void {
  process.env["KAFKA_MIGRATION_SEMI_SPACE_MB"] = "16";
}

/** Where the stack writes its report. */
export const reportFolder = (sandbox: Sandbox): string => join(sandbox.folder, "report");

/** Seconds that the work takes. */
export async function timed(what: string, work: () => Promise<unknown>): Promise<number> {
  const start = Date.now();
  await work();
  const seconds = (Date.now() - start) / 1000;
  progress(`${what}: ${seconds.toFixed(1)} s`);
  return seconds;
}
