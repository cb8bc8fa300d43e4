import { mirrorRule, type Rule, type Saying, stackRule } from "./rule";
import { attempt, inEach } from "./unknown";
import type { MirrorView, Text } from "./view";

/** A reference to where a value is kept, as Connect's configuration providers and Kubernetes write it. */
const REFERENCE = /^\s*\$\{[^}]+\}\s*$/;
const INLINE = /(password|clientSecret|client\.secret|[\w.]*\.token)\s*=\s*"?(?!\$[{(])[^\s";]+/i;
/** A private key, or somebody's password in an address. */
const WRITTEN_OUT = /-----BEGIN [A-Z ]*PRIVATE KEY|[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:(?!\$[{(])[^\s/@]+@/i;
/** Fields whose value is itself a secret; `passwordSecret.password` names a key and is no secret. */
const SECRET_KEY = /(^|\.)(password|secret|token|[a-z.]*\.password|[a-z.]*secret|api\.key|basic\.auth\.user\.info|ssl\.keystore\.key)$/i;
const NAMES_A_PLACE = /(passwordSecret|certificateAndKey|secretKeyRef|clientSecret|accessToken|refreshToken)\.(password|secretName|key|certificate|name)$|secretName$/i;

export function plainSecrets(texts: readonly Text[]): string[] {
  const named = new Map(texts.filter(({ path }) => path.endsWith("].name")).map(({ path, value }) => [path.replace(/name$/, "value"), value]));
  return texts
    .filter(({ path, value }) => {
      if (value === "" || REFERENCE.test(value) || NAMES_A_PLACE.test(path)) return false;
      // `{name, value}`, as of environment variables and Java's properties: the name tells.
      const key = named.get(path)?.replace(/[_-]/g, ".") ?? path;
      return INLINE.test(value) || WRITTEN_OUT.test(value) || SECRET_KEY.test(key);
    })
    .map(({ path }) => path);
}

const plain = (path: string): Saying => ({
  seen: `${path} holds a secret as plain text`,
  why: "it can be read in Git, in Pulumi's state and by whoever may read the resource",
  instead: "put it into a Secret and name that (passwordSecret, valueFrom.secretKeyRef, a configuration provider)",
});

/** Where a connector's own configuration says not to use the TLS that its cluster has. */
function undone(mirror: MirrorView): Text[] {
  return (["source", "checkpoint", "heartbeat"] as const).flatMap((name) =>
    Object.keys(mirror[name]?.config ?? {}).flatMap((key) => {
      const [, cluster] = /^(source|target)\.cluster\.security\.protocol$/.exec(key) ?? [];
      const value = attempt(() => String(mirror[name]!.config[key]));
      if (cluster === undefined || value === undefined || !/^(SASL_)?PLAINTEXT$/i.test(value)) return [];
      const side = cluster === "source" ? "origin" : "target";
      return attempt(() => mirror.connectionsKnown && mirror[side].tls === undefined) === false ? [{ path: `${name}Connector.config ${key}`, value }] : [];
    }),
  );
}

export const securityRules: Rule[] = [
  stackRule({ name: "plain-text-secret", level: "mandatory", summary: "No password or other secret value outside a Secret." }, ({ mirrors, users }) =>
    inEach([...mirrors, ...users], (at) => plainSecrets(at.texts).map((path) => ({ at, say: plain(path) }))),
  ),
  stackRule({ name: "tls-insecure", level: "mandatory", summary: "Certificates and host names are checked, and no password is sent without TLS." }, ({ mirrors, clients }) => [
    ...inEach(mirrors, (mirror) => {
      const unchecked = mirror.texts.filter(({ path, value }) =>
        path.endsWith("ssl.endpoint.identification.algorithm") ? value === "" : /disableTlsHostnameVerification$|insecureSkipTlsVerify$/.test(path) && value === "true",
      );
      const sides = (["origin", "target"] as const).filter((side) =>
        attempt(() => {
          const { authentication, tls } = mirror[side];
          return mirror.connectionsKnown && tls === undefined && (authentication?.type === "plain" || authentication?.type === "oauth");
        }),
      );
      const sayings: Saying[] = [
        ...unchecked.map(({ path, value }) => ({
          seen: `${path} is ${value === "" ? '""' : value}`,
          why: "whoever stands between the mirror and the brokers can read and change everything",
          instead: "take it away and trust the broker's CA; a certificate for another name is to be made anew",
        })),
        ...undone(mirror).map(({ path, value }) => ({
          seen: `${path} is ${value}`,
          why: "it takes the connection's TLS away, and everything goes over the network as it is",
          instead: "take it away",
        })),
        ...sides.map((side) => ({
          seen: `the ${side} has authentication "${mirror[side].authentication!.type}" and no tls`,
          why: "the password or token goes over the network as it is",
          instead: "write tls.trustedCertificates with the cluster's CA",
        })),
      ];
      return sayings.map((say) => ({ at: mirror, say }));
    }),
    ...clients
      .filter((client) => !client.verifies || (client.tls === false && client.mechanism === "plain"))
      .map((client) => ({
        at: client,
        say: {
          seen: client.verifies ? "a Kafka provider with SASL PLAIN and without TLS" : "a Kafka provider with skipTlsVerify",
          why: client.verifies ? "the password goes over the network as it is" : "whoever stands between can read and change everything, the administrator's password too",
          instead: client.verifies ? "write tlsEnabled: true and caCert" : "write caCert and leave skipTlsVerify out",
        },
      })),
  ]),
  mirrorRule({ name: "tls-missing", level: "advisory", summary: "Both clusters are reached over TLS." }, (mirror) =>
    (["origin", "target"] as const)
      .filter((side) => attempt(() => mirror.connectionsKnown && mirror[side].tls === undefined && !["plain", "oauth"].includes(mirror[side].authentication?.type ?? "")))
      .map((side) => ({ seen: `the ${side} has no tls`, why: "every record goes over the network as it is", instead: "write tls.trustedCertificates with the cluster's CA" })),
  ),
  mirrorRule({ name: "tls-without-ca", level: "advisory", summary: "TLS names the CA that it trusts." }, (mirror) =>
    (["origin", "target"] as const)
      .filter((side) => attempt(() => mirror.connectionsKnown && mirror[side].tls?.trusted === 0))
      .map((side) => ({
        seen: `the ${side} has tls without a trusted certificate`,
        why: "the system's certificates are trusted then: clusters that sign their own are refused, and any public CA could vouch for a broker",
        instead: "name the Secret with the cluster's CA in tls.trustedCertificates",
      })),
  ),
  stackRule({ name: "secret-copy-wide", level: "advisory", summary: "A Secret beside the mirror holds only the keys that the mirror names." }, ({ mirrors, secrets }) =>
    inEach(mirrors, (mirror) =>
      secrets.flatMap((secret) => {
        const named = (secret.namespace ?? mirror.namespace) === mirror.namespace ? mirror.secretKeys.get(secret.name) : undefined;
        const more = named === undefined ? [] : secret.keys.filter((key) => !named.has(key));
        if (more.length === 0) return [];
        const say = {
          seen: `Secret ${secret.name} has ${more.join(", ")} beside ${[...named!].join(", ")}`,
          why: "whoever may read the mirror's namespace gets what only the cluster's namespace should hold",
          instead: `copy ${[...named!].join(", ")} only`,
        };
        return [{ at: secret, say }];
      }),
    ),
  ),
];
