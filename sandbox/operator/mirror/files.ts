import { X509Certificate } from "node:crypto";
import { chmod, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { KubeObject } from "../kube/client";
import { invalidConfiguration, invalidResource, Refusal } from "../refusal";
import type { Authentication, CertificateSource, ClusterSpec, MirrorMaker, TargetSpec } from "./spec";

/**
 * Files from which a worker reads its secrets by reference, like the mounted Secrets in a pod. They are in their own
 * folder (mode 0700, files 0600). Key: path below the folder; value: content.
 */
export type SecretFiles = Map<string, string>;

/** Name of the file with a cluster's trusted certificates, in folder `trusted`. */
export function trustedKey(alias: string): string {
  return `${alias}-ca.crt`;
}

/**
 * Collects the files for the clusters of the resource.
 * @throws Refusal `InvalidConfigurationException` for a missing Secret or key, with the real operator's message
 */
export async function collectFiles(
  mirrorMaker: MirrorMaker,
  namespace: string,
  getSecret: (name: string) => Promise<KubeObject | undefined>,
): Promise<SecretFiles> {
  const files: SecretFiles = new Map();

  async function secretWith(name: string, keys: readonly string[]): Promise<Record<string, string>> {
    const secret = await getSecret(name);
    if (!secret) throw invalidConfiguration(`Secret ${name} not found in namespace ${namespace}`);
    const missing = keys.filter((key) => secret.data?.[key] === undefined);
    if (missing.length > 0)
      throw invalidConfiguration(`Items with key(s) [${missing.join(", ")}] are missing in Secret ${name}`);
    return secret.data ?? {};
  }

  async function certificates(source: CertificateSource): Promise<string> {
    if (source.certificate !== undefined) {
      return pem(
        (await secretWith(source.secretName, [source.certificate]))[source.certificate]!,
        source.secretName,
        namespace,
      );
    }
    if (source.pattern === undefined)
      throw invalidResource("Certificate source does not contain the certificate or the pattern.");
    const matches = glob(source.pattern);
    const data = await secretWith(source.secretName, []);
    return Object.keys(data)
      .filter((key) => matches.test(key))
      .map((key) => pem(data[key]!, source.secretName, namespace))
      .sort()
      .join("\n");
  }

  async function trust({ alias, tls }: ClusterSpec): Promise<void> {
    const sources = tls?.trustedCertificates ?? [];
    if (sources.length > 0)
      files.set(join("trusted", trustedKey(alias)), (await Promise.all(sources.map(certificates))).join("\n"));
  }

  async function credentials(authentication: Authentication): Promise<void> {
    if (authentication.type === "custom") return;
    const [name, keys] =
      authentication.type === "tls"
        ? [
            authentication.certificateAndKey.secretName,
            [authentication.certificateAndKey.certificate, authentication.certificateAndKey.key],
          ]
        : [authentication.passwordSecret.secretName, [authentication.passwordSecret.password]];
    const data = await secretWith(name, keys);
    for (const key of keys) files.set(join("secrets", name, key), Buffer.from(data[key]!, "base64").toString("utf8"));
  }

  const target: TargetSpec = mirrorMaker.target;
  await trust(target);
  for (const cluster of [target, ...mirrorMaker.mirrors.map((mirror) => mirror.source)]) {
    if (cluster !== target) await trust(cluster);
    if (cluster.authentication) await credentials(cluster.authentication);
  }
  return files;
}

/** Returns the first certificate of the key, as Strimzi does. */
function pem(value: string, secretName: string, namespace: string): string {
  try {
    return new X509Certificate(Buffer.from(value, "base64")).toString();
  } catch {
    throw new Refusal(
      "java.lang.RuntimeException",
      `Failed to load certificate from Secret ${secretName} from namespace ${namespace}`,
    );
  }
}

/**
 * Converts Java's glob for a single name: `*`, `?`, `[...]` and `{a,b}`. Own code, because packages follow the shell:
 * there `*` does not match a leading dot.
 */
export function glob(pattern: string): RegExp {
  let text = "";
  let alternatives = 0;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!;
    const close = c === "[" ? pattern.indexOf("]", i) : -1;
    if (c === "*") text += "[^/]*";
    else if (c === "?") text += "[^/]";
    else if (close > 0) {
      text += `[${pattern
        .slice(i + 1, close)
        .replace(/^!/, "^")
        .replaceAll("\\", "\\\\")}]`;
      i = close;
    } else if (c === "{") {
      alternatives++;
      text += "(?:";
    } else if (c === "}" && alternatives > 0) {
      alternatives--;
      text += ")";
    } else if (c === "," && alternatives > 0) text += "|";
    else text += c.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  }
  return new RegExp(`^${text}$`);
}

/**
 * Makes the folder contain exactly these files. Replaces each file as a whole, so that a worker never reads half a
 * file.
 */
export async function writeFiles(folder: string, files: SecretFiles): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  for (const kind of ["trusted", "secrets"]) {
    for (const entry of await readdir(join(folder, kind), { recursive: true, withFileTypes: true }).catch(() => [])) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && !files.has(path.slice(folder.length + 1))) await rm(path);
    }
  }
  for (const [path, content] of files) {
    const file = join(folder, path);
    await mkdir(join(file, ".."), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, content, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
}
