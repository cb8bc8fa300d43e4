import { X509Certificate } from "node:crypto";
import { type Authority, createAuthority, issueCertificate } from "../../tls";
import { type Kube, type KubeObject, SECRETS } from "../kube/client";
import { decode } from "./secret";

/** Where a cluster's clients CA is. */
export interface ClientsCaPlace {
  namespace: string;
  cluster: string;
  domain: string;
}

const encode = (text: string): string => Buffer.from(text, "utf8").toString("base64");

/**
 * Returns the CA that signs the certificates of users: the one in the Secrets `<cluster>-clients-ca-cert` and
 * `<cluster>-clients-ca`, which a person may have written before. Creates one if there is none. Strimzi's cluster
 * operator creates it with the cluster; here it comes with the first user that needs it.
 */
export async function clientsCa(kube: Kube, { namespace, cluster, domain }: ClientsCaPlace): Promise<Authority> {
  const [certName, keyName] = [`${cluster}-clients-ca-cert`, `${cluster}-clients-ca`];
  const [cert, key] = await Promise.all([certName, keyName].map((name) => kube.get(SECRETS, namespace, name)));
  const [there, its] = [cert?.data?.["ca.crt"], key?.data?.["ca.key"]];
  if (there !== undefined && its !== undefined) return { cert: decode(there), key: decode(its) };
  const made = await createAuthority("clients-ca");
  for (const [name, data] of [
    [certName, { "ca.crt": encode(made.cert) }],
    [keyName, { "ca.key": encode(made.key) }],
  ] as const)
    await kube.create(SECRETS, {
      metadata: { name, namespace, labels: { [`${domain}/cluster`]: cluster, [`${domain}/kind`]: "Kafka" } },
      type: "Opaque",
      data,
    } as KubeObject);
  return made;
}

/**
 * Returns the user's certificate as its Secret holds it: `ca.crt`, `user.crt` and `user.key`. The real operator also
 * writes `user.p12`. A certificate of the same CA is kept.
 * @param live the user's Secret, if this operator created it
 */
export async function userCertificate(
  authority: Authority,
  name: string,
  live: KubeObject | undefined,
): Promise<Record<string, string>> {
  const { "user.crt": cert, "user.key": key } = live?.data ?? {};
  const signer = new X509Certificate(authority.cert).publicKey;
  if (cert !== undefined && key !== undefined && new X509Certificate(decode(cert)).verify(signer))
    return { "ca.crt": encode(authority.cert), "user.crt": cert, "user.key": key };
  const made = await issueCertificate(authority, { commonName: name, usage: "client" });
  return { "ca.crt": encode(made.ca), "user.crt": encode(made.cert), "user.key": encode(made.key) };
}
