import { webcrypto } from "node:crypto";
import { isIPv4 } from "node:net";
import "reflect-metadata";

/** A certificate authority: PEM certificate and PEM PKCS8 key. */
export interface Authority {
  cert: string;
  key: string;
}

export interface CertificateOptions {
  commonName: string;
  /** Names of the server: DNS names and IPv4 addresses. Default: none. */
  hosts?: readonly string[];
  /** Purpose of the certificate. Default `server`. */
  usage?: "server" | "client" | "both";
}

/** PEM certificate, PEM PKCS8 key and the authority's certificate. */
export interface Certificate {
  cert: string;
  key: string;
  ca: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY = 24 * 3600 * 1000;
const { subtle } = webcrypto;

/** Loaded at the first certificate, because it takes 0.2 s. */
const library = () => import("@peculiar/x509");

/** Creates a self-signed authority with a P-256 key, valid for one year from yesterday. */
export async function createAuthority(commonName: string): Promise<Authority> {
  const x509 = await library();
  const pair = await subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    keys: pair,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(pair.publicKey),
    ],
  });
  return { cert: `${cert.toString("pem")}\n`, key: await pem(pair.privateKey) };
}

/** Creates a P-256 key with a certificate of this authority, valid for one year from yesterday. */
export async function issueCertificate(authority: Authority, options: CertificateOptions): Promise<Certificate> {
  const x509 = await library();
  const pair = await subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const issuer = new x509.X509Certificate(authority.cert);
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const usage = options.usage ?? "server";
  const hosts = (options.hosts ?? []).map((value) => ({ type: isIPv4(value) ? "ip" : "dns", value }) as const);
  const cert = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [options.commonName] }],
    issuer: issuer.subjectName,
    publicKey: pair.publicKey,
    signingKey: await privateKey(authority.key),
    signingAlgorithm: ALGORITHM,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        ...(usage === "client" ? [] : [serverAuth]),
        ...(usage === "server" ? [] : [clientAuth]),
      ]),
      ...(hosts.length > 0 ? [new x509.SubjectAlternativeNameExtension(hosts)] : []),
      await x509.SubjectKeyIdentifierExtension.create(pair.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { cert: `${cert.toString("pem")}\n`, key: await pem(pair.privateKey), ca: authority.cert };
}

const validity = () => ({ notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + 365 * DAY) });

const privateKey = (text: string) =>
  subtle.importKey("pkcs8", Buffer.from(text.replace(/-----.*-----|\s/g, ""), "base64"), ALGORITHM, false, ["sign"]);

async function pem(key: webcrypto.CryptoKey): Promise<string> {
  const { PemConverter } = await library();
  return `${PemConverter.encode(await subtle.exportKey("pkcs8", key), PemConverter.PrivateKeyTag)}\n`;
}
