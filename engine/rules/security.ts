import { reader } from "../mirror-configuration";
import type { Side } from "../model";
import { hasPublicCertificate } from "./addresses";
import { mirrorRule, type Rule, type Saying, stackRule } from "./rule";
import { attempt, inEach, type Text } from "./unknown";
import { type ClusterView, type MirrorView, namesIn, type View } from "./view";

/**
 * A reference to a value that is stored elsewhere, in the notation of Connect's configuration providers or of
 * Kubernetes.
 */
const REFERENCE = /^\s*\$(\{[^}]+\}|\([^)]+\))\s*$/;
/** `password=x` inside a text. A reference, `true` and `false` are not secrets. */
const INLINE = /(password|passphrase|secret|token)\s*=\s*["']?(?!\$[{(]|(true|false)\b)[^\s"';]+/i;
/** A private key, a signed token, or a password in an address. */
const WRITTEN_OUT =
  /-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.|[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:(?!\$[{(])[^\s/@]+@/i;
/** Fields whose value is itself a secret. `passwordSecret.password` names a key and is not a secret. */
const SECRET_KEY =
  /(password|passphrase|secret|token|(^|\.)(pass|passwd|pwd)|private[._]?key|access[._]?key|api[._]?key|basic\.auth\.user\.info|ssl\.key|ssl\.keystore\.key)$/i;
/** Annotations and labels with such an ending usually name a Secret or contain its checksum. Loggers contain levels. */
const METADATA = /(^|\.)(annotations|labels|loggers)\./;
const SECRET_METADATA = /(password|passphrase)$/i;
const NAMES_A_PLACE =
  /(passwordSecret|certificateAndKey|secretKeyRef|clientSecret|clientAssertion|accessToken|refreshToken)\.(password|secretName|key|certificate|name)$|secretName$|trustedCertificates\[\d+\]\.secret$|authentication\.secret$/i;

export function plainSecrets(texts: readonly Text[]): string[] {
  const named = new Map(
    texts
      .filter(({ path }) => path.endsWith("].name"))
      .map(({ path, value }) => [path.replace(/name$/, "value"), value]),
  );
  return texts
    .filter(({ path, value }) => {
      if (/^(true|false)?$/i.test(value) || REFERENCE.test(value) || NAMES_A_PLACE.test(path)) return false;
      // In a `{name, value}` pair, as in environment variables and Java properties, the name shows whether it is a
      // secret.
      const key = named.get(path)?.replace(/[_-]/g, ".") ?? path;
      return (
        INLINE.test(value) || WRITTEN_OUT.test(value) || (METADATA.test(path) ? SECRET_METADATA : SECRET_KEY).test(key)
      );
    })
    .map(({ path }) => path);
}

const plain = (path: string): Saying => ({
  seen: `${path} contains a secret in plain text`,
  why: "it is visible in Git, in Pulumi's state and to everyone who may read the resource",
  instead:
    "put it into a Secret and refer to the Secret (passwordSecret, valueFrom.secretKeyRef, a configuration " +
    "provider)",
});

/**
 * The sides that a connector's own `security.protocol` applies to. For a client whose cluster depends on other
 * settings, both sides are possible.
 */
function connectionsOf(key: string): Side[] {
  if (/^(source\.(cluster|consumer|producer|admin)|consumer)\.security\.protocol$/.test(key)) return ["origin"];
  if (/^(target\.(cluster|consumer|producer|admin)|producer\.override)\.security\.protocol$/.test(key))
    return ["target"];
  return /^(producer|admin)\.security\.protocol$/.test(key) ? ["origin", "target"] : [];
}

/** Keys in a connector's own configuration that turn off the TLS of its cluster. */
function undone(mirror: MirrorView): Text[] {
  return (["source", "checkpoint", "heartbeat"] as const).flatMap((name) =>
    Object.keys(mirror[name]?.config ?? {}).flatMap((key) => {
      const encrypted = connectionsOf(key).some((side) =>
        attempt(() => mirror.connectionsKnown && mirror[side].tls !== undefined),
      );
      const value = attempt(() => reader(mirror[name]!.config).text(key));
      return encrypted && value !== undefined && /^(SASL_)?PLAINTEXT$/i.test(value)
        ? [{ path: `${name}Connector.config ${key}`, value }]
        : [];
    }),
  );
}

/** The `security.protocol` that the configuration sets for the origin over what `tls` and `authentication` say. */
function protocolOf(mirror: MirrorView): string {
  const ofConnector = attempt(() => reader(mirror.source.config).text("source.cluster.security.protocol"));
  const value = ofConnector ?? attempt(() => reader(mirror.origin.config).text("security.protocol"));
  return value?.toUpperCase() ?? "";
}
const hasTls = (mirror: MirrorView, side: Side): boolean =>
  mirror[side].tls !== undefined || (side === "origin" && /SSL$/.test(protocolOf(mirror)));
const logsIn = (mirror: MirrorView, side: Side): boolean =>
  mirror[side].authentication !== undefined || (side === "origin" && protocolOf(mirror).startsWith("SASL_"));

/** SASL mechanisms that send the credentials themselves. */
const OPEN = ["plain", "oauth", "oauthbearer"];

const SYSTEMS =
  "the system's CAs are then trusted: self-signed clusters are refused, and any public CA could sign a " +
  "broker's certificate";

/** The sides of each mirror for which this is known to be true. */
function bothSides(
  mirrors: readonly MirrorView[],
  is: (cluster: ClusterView) => boolean,
): { at: MirrorView; side: Side }[] {
  return mirrors.flatMap((at) =>
    (["origin", "target"] as const)
      .filter((side) => attempt(() => at.connectionsKnown && is(at[side])))
      .map((side) => ({ at, side })),
  );
}

/** Clusters of a mirror without TLS, and the fields where TLS is set. */
function withoutTls(
  at: MirrorView,
  lost: (side: Side) => boolean,
): { at: MirrorView; seen: string; open: boolean; fields: string[] }[] {
  // Without an address there is no connection. Another rule reports that.
  const bare = (side: Side) =>
    at[side].bootstrapServers !== undefined && !hasTls(at, side) && !OPEN.includes(at[side].authentication?.type ?? "");
  const sides = (["origin", "target"] as const).filter(
    (side) => attempt(() => at.connectionsKnown && bare(side) && !lost(side)) === true,
  );
  if (sides.length === 0) return [];
  const open = sides.filter((side) => attempt(() => !logsIn(at, side)) === true);
  const who = (of: readonly Side[]) => `the ${of.join(" and the ")} ${of.length === 1 ? "has" : "have"}`;
  const login = open.length === sides.length ? " and no authentication" : `, and ${who(open)} no authentication`;
  const seen = `${who(sides)} no tls${open.length === 0 ? "" : login}`;
  return [{ at, seen, open: open.length > 0, fields: sides.map((side) => namesIn(at)[side]) }];
}

/** Operators write the user's password in this form, too. */
const JAAS = "sasl.jaas.config";

/** One message for both clusters of a mirror, and for all entries of a resource with the same problem. */
function missingTls({ mirrors, unknownFields = [] }: View): { at: MirrorView; say: Saying }[] {
  // Certificates beside tls are lost. The rule unknown-field says so.
  const lost = (at: MirrorView, side: Side) =>
    unknownFields.some(
      ({ resource, path }) => resource === at.resource && path === `spec.${namesIn(at)[side]}.trustedCertificates`,
    );
  const all = inEach(mirrors, (at) => withoutTls(at, (side) => lost(at, side)));
  return all.map(({ at, seen, open }) => {
    const alike = all.filter((other) => other.at.resource === at.resource && other.seen === seen);
    const fields = [...new Set(alike.flatMap((one) => one.fields))];
    const login = open ? ", and anyone who can connect to these brokers can do what the mirror does" : "";
    const instead = `write tls.trustedCertificates with the cluster's CA in ${fields.join(" and ")}`;
    const why = `every record goes over the network unencrypted${login}`;
    return { at, say: { seen, why, instead: `${instead}, if its listener has TLS` } };
  });
}

export const securityRules: Rule[] = [
  stackRule(
    { name: "plain-text-secret", level: "mandatory", summary: "No password or other secret value outside a Secret." },
    ({ mirrors, users }) =>
      inEach([...mirrors, ...users], (at) => plainSecrets(at.texts).map((path) => ({ at, say: plain(path) }))),
  ),
  stackRule(
    {
      name: "tls-insecure",
      level: "mandatory",
      summary: "Certificates and host names are verified, and no password is sent without TLS.",
    },
    ({ mirrors, clients }) => [
      ...inEach(mirrors, (mirror) => {
        const unchecked = mirror.texts.filter(({ path, value }) =>
          path.endsWith("ssl.endpoint.identification.algorithm")
            ? value === ""
            : /disableTlsHostnameVerification$|insecureSkipTlsVerify$/.test(path) && value === "true",
        );
        const sides = (["origin", "target"] as const).filter((side) =>
          attempt(() => {
            const open = OPEN.includes(mirror[side].authentication?.type ?? "");
            return mirror.connectionsKnown && open && !hasTls(mirror, side);
          }),
        );
        const sayings: Saying[] = [
          ...unchecked.map(({ path, value }) => ({
            seen: `${path} is ${value === "" ? '""' : value}`,
            why: "anyone between the mirror and the brokers can read and change everything",
            instead: "remove it and trust the broker's CA; replace a certificate that has another name",
          })),
          ...undone(mirror).map(({ path, value }) => ({
            seen: `${path} is ${value}`,
            why: "it switches TLS off, and everything goes over the network unencrypted",
            instead: "remove it",
          })),
          ...sides.map((side) => ({
            seen: `the ${side} has authentication "${mirror[side].authentication!.type}" and no tls`,
            why: "the password or token goes over the network unencrypted",
            instead: "write tls.trustedCertificates with the cluster's CA",
          })),
        ];
        return sayings.map((say) => ({ at: mirror, say }));
      }),
      ...clients
        .filter((client) => !client.verifies || (client.tls === false && OPEN.includes(client.mechanism ?? "")))
        .map((client) => ({
          at: client,
          say: {
            seen: client.verifies
              ? `a Kafka provider with SASL ${client.mechanism!.toUpperCase()} and without TLS`
              : "a Kafka provider with skipTlsVerify",
            why: client.verifies
              ? "the password or token goes over the network unencrypted"
              : "anyone on the network path can read and change everything, also the administrator's password",
            instead: client.verifies ? "write tlsEnabled: true and caCert" : "write caCert and leave skipTlsVerify out",
          },
        })),
    ],
  ),
  stackRule({ name: "tls-missing", level: "advisory", summary: "Both clusters are connected over TLS." }, (view) => [
    ...missingTls(view),
    ...view.clients
      .filter((client) => client.verifies && client.tls === false && !OPEN.includes(client.mechanism ?? ""))
      .map((at) => ({
        at,
        say: {
          seen: "a Kafka provider without TLS",
          why: "the administrator's requests go over the network unencrypted, also new passwords",
          instead: "write tlsEnabled: true and caCert",
        },
      })),
  ]),
  mirrorRule(
    { name: "login-missing", level: "advisory", summary: "The mirror logs in on both clusters." },
    (mirror) => {
      const open = (["origin", "target"] as const).filter(
        // tls-missing reports a cluster that has neither TLS nor authentication.
        (side) => attempt(() => mirror.connectionsKnown && hasTls(mirror, side) && !logsIn(mirror, side)) === true,
      );
      if (open.length === 0) return [];
      return [
        {
          seen: `the mirror does not log in on the ${open.join(" and the ")}`,
          why: "anyone who can connect to these brokers can do what the mirror does",
          instead: "write authentication if the listener supports it; otherwise restrict access to the listener",
        },
      ];
    },
  ),
  stackRule(
    { name: "tls-without-ca", level: "advisory", summary: "TLS sets the CA that it trusts." },
    ({ mirrors, clients }) => [
      ...bothSides(mirrors, (cluster) => cluster.tls?.trusted === 0 && !hasPublicCertificate(cluster)).map(
        ({ at, side }) => ({
          at,
          say: {
            seen: `the ${side} has tls without a trusted certificate`,
            why: SYSTEMS,
            instead: "set tls.trustedCertificates to the Secret with the cluster's CA",
          },
        }),
      ),
      ...clients
        .filter((client) => client.verifies && client.tls !== false && !client.trusts)
        .map((at) => ({ at, say: { seen: "a Kafka provider without caCert", why: SYSTEMS, instead: "write caCert" } })),
    ],
  ),
  stackRule(
    {
      name: "secret-copy-wide",
      level: "advisory",
      summary: "A Secret in the mirror's namespace contains only the keys that the mirror uses.",
    },
    ({ mirrors, secrets }) =>
      secrets.flatMap((secret) => {
        // If two mirrors share a Secret, each may use some of its keys.
        const beside = mirrors.filter((mirror) =>
          attempt(
            () => (secret.namespace ?? mirror.namespace) === mirror.namespace && mirror.secretKeys.has(secret.name),
          ),
        );
        const named = attempt(() => new Set(beside.flatMap((mirror) => [...mirror.secretKeys.get(secret.name)!])));
        const known = (key: string) => named?.has(key) === true || (key === JAAS && named?.has("password") === true);
        const more = named === undefined || beside.length === 0 ? [] : secret.keys.filter((key) => !known(key));
        if (more.length === 0) return [];
        const absent = [...named!].filter((key) => !secret.keys.includes(key));
        if (absent.length > 0) {
          const say = {
            seen: `Secret ${secret.name} has ${more.join(", ")} but not ${absent.join(", ")}, which the mirror uses`,
            why: "the mirror refers to a key that does not exist, and does not start",
            instead: `write ${absent.join(", ")} in the Secret, or the Secret's key in the mirror`,
          };
          return [{ at: secret, say }];
        }
        const say = {
          seen: `Secret ${secret.name} has ${more.join(", ")} in addition to ${[...named!].join(", ")}`,
          why:
            "everyone who may read Secrets in the mirror's namespace gets values that belong in the cluster's " +
            "namespace",
          instead: `copy ${[...named!].join(", ")} only`,
        };
        return [{ at: secret, say }];
      }),
  ),
];
