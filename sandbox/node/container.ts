import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessSpec } from "../processes";
import type { Container, Pod } from "./types";

/** Longest message that Kubernetes keeps of a container, in bytes. */
export const MESSAGE_BYTES = 4096;

/** Returns the data of a Secret (base64), or undefined if there is none. */
export type ReadSecret = (namespace: string, name: string) => Promise<Record<string, string> | undefined>;

export interface PreparedPod {
  spec: ProcessSpec;
  /** The file of the termination message. */
  message: string;
}

/**
 * Writes the Secret volumes of a pod into a folder, and returns the process of its container. A process sees the files
 * of the machine. Paths of mounts in its command, arguments and environment are therefore replaced by those in the
 * folder.
 * @returns a text that says what is missing: the pod waits for it
 */
export async function prepare(
  pod: Pod,
  container: Container,
  { folder, entry, readSecret }: { folder: string; entry: readonly string[]; readSecret: ReadSecret },
): Promise<PreparedPod | string> {
  const message = join(folder, "termination-log");
  const places = new Map([[container.terminationMessagePath ?? "/dev/termination-log", message]]);
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const volume = pod.spec.volumes?.find((one) => one.name === name);
    if (volume?.secret === undefined) return `volume ${name} is no Secret: the sandbox mounts nothing else`;
    const data = await readSecret(pod.metadata.namespace, volume.secret.secretName);
    if (data === undefined) return `secret "${volume.secret.secretName}" not found`;
    const place = join(folder, "volumes", name);
    await mkdir(join(place, "..data"), { recursive: true, mode: 0o700 });
    for (const [key, value] of Object.entries(data)) {
      const mode = volume.secret.defaultMode ?? 0o644;
      await writeFile(join(place, "..data", key), Buffer.from(value, "base64"), { mode });
      // As a kubelet does. It replaces ..data when the Secret changes; this one does not.
      await symlink(join("..data", key), join(place, key));
    }
    places.set(mountPath, place);
  }
  await writeFile(message, "", { mode: 0o600 });
  const here = (text: string): string => {
    for (const [path, place] of places) {
      if (text === path) return place;
      if (text.startsWith(`${path}/`)) return `${place}${text.slice(path.length)}`;
    }
    return text;
  };
  const [command = "", ...args] = [...(container.command ?? entry), ...(container.args ?? [])].map(here);
  const own = (container.env ?? []).map(({ name, value, valueFrom }) => {
    const field = valueFrom?.fieldRef?.fieldPath;
    return [name, here(field === undefined ? (value ?? "") : fieldOf(pod, field))];
  });
  return {
    message,
    spec: {
      name: `pod ${pod.metadata.namespace}/${pod.metadata.name}`,
      command,
      args,
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, ...(Object.fromEntries(own) as Record<string, string>) },
      log: join(folder, "log"),
    },
  };
}

/** The value of a field reference: a label or an annotation, or the name. */
function fieldOf({ metadata }: Pod, path: string): string {
  const [, of, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (of !== undefined) return metadata[of as "labels" | "annotations"]?.[key!] ?? "";
  return path === "metadata.name" ? metadata.name : "";
}
