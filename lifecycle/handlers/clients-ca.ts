import { createHash, X509Certificate } from "node:crypto";
import { isMigrationError } from "../../engine/errors";
import type { Progress } from "../../engine/progress";
import { countText, someOf } from "../../engine/units";
import { openKubernetes } from "../kubernetes/reader";
import { defineStep } from "./framework";

/** The Secret with the clients CA of one cluster. */
export interface ClientsCaPlace {
  namespace: string;
  name: string;
  /** Content or path of a kubeconfig. Absent: found in the same way as Pulumi's Kubernetes plugin finds it. */
  kubeconfig?: string;
  context?: string;
}

export interface ClientsCaInputs {
  /** Users that log in with certificates of the origin's clients CA. */
  users: string[];
  /** Users with certificates of somebody else, perhaps of another authority. Absent: none. */
  external?: string[];
  origin: ClientsCaPlace;
  target: ClientsCaPlace;
}

/** A certificate of a client is valid for every CA certificate with this name and key. */
function casIn(data: Record<string, string> | undefined): string[] {
  return Object.entries(data ?? {}).flatMap(([key, value]) => {
    if (!key.endsWith(".crt")) return [];
    const text = Buffer.from(value, "base64").toString("utf8");
    return (text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((pem) => {
      const { subject, publicKey } = new X509Certificate(pem);
      const key = publicKey.export({ type: "spki", format: "der" });
      return `${subject} ${createHash("sha256").update(key).digest("hex")}`;
    });
  });
}

async function read({ namespace, name, ...access }: ClientsCaPlace): Promise<string[]> {
  const secret = await openKubernetes(access).get({ apiVersion: "v1", kind: "Secret", namespace, name });
  const found = casIn(secret?.data);
  if (found.length === 0) throw new Error(`Secret ${namespace}/${name} has no certificate`);
  return found;
}

async function compare(inputs: ClientsCaInputs, progress: Progress): Promise<void> {
  const { users, external = [], origin, target } = inputs;
  const way =
    "give the target the origin's clients CA before the cutover, or give each application the new certificate: " +
    `the target's operator writes it into the Secret of the user's name in namespace ${target.namespace}`;
  const who = `${countText(users.length, "user")} with client certificates (${someOf(users)})`;
  const others =
    `${countText(external.length, "user")} with certificates of somebody else (${someOf(external)}): they can log in to ` +
    "the target only if it trusts the authority that signed their certificates";
  const otherWay =
    "give the target its certificate before the cutover, or give each application a certificate of its CA";
  try {
    const [there, here] = await Promise.all([read(origin), read(target)]);
    const trusted = there.filter((ca) => here.includes(ca)).length;
    if (trusted === there.length) {
      if (users.length > 0)
        progress.info(`${who}: their certificates stay valid, because both clusters have the same clients CA`);
      return;
    }
    const some = trusted === 0 ? "another clients CA" : "only some of the origin's clients CAs";
    if (users.length > 0) progress.warn(`${who}: the target has ${some} and refuses their certificates; ${way}`);
    if (external.length > 0) progress.warn(`${others}. It has ${some}; ${otherWay}`);
  } catch (error) {
    const why = isMigrationError(error) ? error.seen : (error as Error).message;
    if (users.length > 0)
      progress.warn(
        `${who}: their certificates are valid on the target only if both clusters have the same clients CA, and this ` +
          `could not be checked (${why}); otherwise ${way}`,
      );
    if (external.length > 0) progress.warn(`${others}. The clients CAs could not be compared (${why}); ${otherWay}`);
  }
}

/** Compares the clients CAs of both clusters. Warns at preview and `up`, and never fails. */
export const clientsCaStep = defineStep<ClientsCaInputs, object>("clients-ca", {
  async previewFailures(news, _olds, progress) {
    await compare(news, progress);
    return [];
  },
  create: async () => ({}),
  update: async () => ({}),
  async remove() {},
  secret: ["origin", "target"],
  // With a provider's own settings, a preview knows neither. The state needs neither.
  immaterial: ["origin", "target"],
});
