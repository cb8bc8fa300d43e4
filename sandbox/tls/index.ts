import { createHash, generateKeyPairSync, randomBytes, sign, X509Certificate, type KeyObject } from "node:crypto";
import { isIPv4 } from "node:net";
import * as der from "./der";

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

const oid = {
  commonName: "2.5.4.3",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
};

const day = 24 * 3600 * 1000;

/** Creates a self-signed authority with a P-256 key, valid for one year from yesterday. */
export function createAuthority(commonName: string): Authority {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const cert = certificate({
    subject: commonName,
    issuer: commonName,
    publicKey: pair.publicKey,
    issuerKey: pair.privateKey,
    issuerPublic: pair.publicKey,
    extensions: [
      extension(oid.basicConstraints, der.sequence(der.bool(true)), true),
      extension(oid.keyUsage, der.bits(Buffer.from([0b0000_0110]), 1), true),
    ],
  });
  return { cert, key: pem(pair.privateKey) };
}

/** Creates a P-256 key with a certificate of this authority, valid for one year from yesterday. */
export function issueCertificate(authority: Authority, options: CertificateOptions): Certificate {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = new X509Certificate(authority.cert);
  const usage = options.usage ?? "server";
  const purposes = [...(usage === "client" ? [] : [oid.serverAuth]), ...(usage === "server" ? [] : [oid.clientAuth])];
  const extensions = [
    extension(oid.basicConstraints, der.sequence(), true),
    extension(oid.keyUsage, der.bits(Buffer.from([0b1000_0000]), 7), true),
    extension(oid.extendedKeyUsage, der.sequence(...purposes.map(der.objectId))),
  ];
  if (options.hosts?.length)
    extensions.push(extension(oid.subjectAltName, der.sequence(...options.hosts.map(generalName))));
  const cert = certificate({
    subject: options.commonName,
    issuer: issuer.subject.replace(/^CN=/, ""),
    publicKey: pair.publicKey,
    issuerKey: authority.key,
    issuerPublic: issuer.publicKey,
    extensions,
  });
  return { cert, key: pem(pair.privateKey), ca: authority.cert };
}

interface Request {
  subject: string;
  issuer: string;
  publicKey: KeyObject;
  issuerPublic: KeyObject;
  issuerKey: KeyObject | string;
  extensions: Buffer[];
}

/** RFC 5280, section 4.1: TBSCertificate, algorithm, signature. */
function certificate(request: Request): string {
  const algorithm = der.sequence(der.objectId(oid.ecdsaWithSha256));
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(randomBytes(16)),
    algorithm,
    name(request.issuer),
    der.sequence(der.time(new Date(Date.now() - day)), der.time(new Date(Date.now() + 365 * day))),
    name(request.subject),
    request.publicKey.export({ type: "spki", format: "der" }),
    der.explicit(
      3,
      der.sequence(
        ...request.extensions,
        extension(oid.subjectKeyIdentifier, der.octets(keyId(request.publicKey))),
        extension(oid.authorityKeyIdentifier, der.sequence(der.implicit(0, keyId(request.issuerPublic)))),
      ),
    ),
  );
  const whole = der.sequence(body, algorithm, der.bits(sign("sha256", body, request.issuerKey)));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

const pem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();

const name = (commonName: string): Buffer =>
  der.sequence(der.set(der.sequence(der.objectId(oid.commonName), der.utf8(commonName))));

const keyId = (key: KeyObject): Buffer =>
  createHash("sha1")
    .update(key.export({ type: "spki", format: "der" }))
    .digest();

function extension(id: string, value: Buffer, critical = false): Buffer {
  return der.sequence(der.objectId(id), ...(critical ? [der.bool(true)] : []), der.octets(value));
}

function generalName(host: string): Buffer {
  return isIPv4(host)
    ? der.implicit(7, Buffer.from(host.split(".").map(Number)))
    : der.implicit(2, Buffer.from(host, "latin1"));
}
