import { mirrorRule, type Rule, type Saying, stackRule } from "./rule";
import type { Text } from "./view";

/** A reference to where a value is kept, as Connect's configuration providers and Kubernetes write it. */
const REFERENCE = /^\s*\$\{[^}]+\}\s*$/;
const INLINE = /(password|clientSecret|client\.secret)\s*=\s*"?(?!\$\{)[^\s";]+/i;
/** Fields whose value is itself a secret; `passwordSecret.password` names a key and is no secret. */
const SECRET_KEY = /(^|\.)(password|secret|token|[a-z.]*\.password|[a-z.]*secret|api\.key|basic\.auth\.user\.info)$/i;
const NAMES_A_PLACE = /(passwordSecret|certificateAndKey|secretKeyRef|clientSecret|accessToken|refreshToken)\.(password|secretName|key|certificate|name)$|secretName$/i;

export function plainSecrets(texts: readonly Text[]): string[] {
  return texts
    .filter(({ path, value }) => {
      if (value === "" || REFERENCE.test(value) || NAMES_A_PLACE.test(path)) return false;
      return INLINE.test(value) || SECRET_KEY.test(path);
    })
    .map(({ path }) => path);
}

const plain = (path: string): Saying => ({
  seen: `${path} holds a secret as plain text`,
  why: "it can be read in Git, in Pulumi's state and by whoever may read the resource",
  instead: "put it into a Secret and name that (passwordSecret, valueFrom.secretKeyRef, a configuration provider)",
});

export const securityRules: Rule[] = [
  stackRule({ name: "plain-text-secret", level: "mandatory", summary: "No password or other secret value outside a Secret." }, ({ mirrors, users }) =>
    [...mirrors, ...users].flatMap((at) => plainSecrets(at.texts).map((path) => ({ at, say: plain(path) }))),
  ),
  stackRule({ name: "tls-insecure", level: "mandatory", summary: "Certificates and host names are checked, and no password is sent without TLS." }, ({ mirrors, clients }) => [
    ...mirrors.flatMap((mirror) => {
      const unchecked = mirror.texts.filter(({ path, value }) =>
        path.endsWith("ssl.endpoint.identification.algorithm") ? value === "" : /disableTlsHostnameVerification$|insecureSkipTlsVerify$/.test(path) && value === "true",
      );
      const sides = (["origin", "target"] as const).filter((side) => {
        const { authentication, tls } = mirror[side];
        return mirror.connectionsKnown && tls === undefined && (authentication?.type === "plain" || authentication?.type === "oauth");
      });
      const sayings: Saying[] = [
        ...unchecked.map(({ path, value }) => ({
          seen: `${path} is ${value === "" ? '""' : value}`,
          why: "whoever stands between the mirror and the brokers can read and change everything",
          instead: "take it away and trust the broker's CA; a certificate for another name is to be made anew",
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
      .filter((side) => mirror.connectionsKnown && mirror[side].tls === undefined && !["plain", "oauth"].includes(mirror[side].authentication?.type ?? ""))
      .map((side) => ({ seen: `the ${side} has no tls`, why: "every record goes over the network as it is", instead: "write tls.trustedCertificates with the cluster's CA" })),
  ),
  mirrorRule({ name: "tls-without-ca", level: "advisory", summary: "TLS names the CA that it trusts." }, (mirror) =>
    (["origin", "target"] as const)
      .filter((side) => mirror.connectionsKnown && mirror[side].tls?.trusted === 0)
      .map((side) => ({
        seen: `the ${side} has tls without a trusted certificate`,
        why: "the system's certificates are trusted then: clusters that sign their own are refused, and any public CA could vouch for a broker",
        instead: "name the Secret with the cluster's CA in tls.trustedCertificates",
      })),
  ),
  stackRule({ name: "secret-copy-wide", level: "advisory", summary: "A Secret beside the mirror holds only the keys that the mirror names." }, ({ mirrors, secrets }) =>
    mirrors.flatMap((mirror) =>
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
