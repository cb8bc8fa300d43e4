import { Mistakes } from "../../engine/errors";
import { modelFrom } from "../../engine/mirror-configuration";
import type { MirrorModel } from "../../engine/model";
import type { ClusterSpec, MirrorAuthentication, MirrorSpec, ResourceText, TrustedCertificate } from "../dialects";
import { checkDescribed, type ResolvedMirror } from "./rules";
import { resolveMirror, throwMistakes } from "./resolve";
import type { ClusterSettings, MirrorSettings, TargetSettings } from "../settings/mirror";
import { type MirrorPlace, PLACE_DEFAULTS } from "../settings/place";

/** How the workers reach a cluster. The defaults are the guide's names. */
export interface MirrorConnection {
  /** `host:port`, comma separated. */
  bootstrapServers: string;
  /**
   * How the workers log in. `false`: no login. Default: `scram-sha-512` as `mm2-credentials`. The password is in the
   * Secret `origin-cluster-credentials` or `target-cluster-credentials`, key `password`.
   */
  authentication?: MirrorAuthentication | false;
  /**
   * Certificates that the workers trust. An empty list trusts the system's certificates. `false`: no TLS. Default:
   * `ca.crt` of the Secret `origin-cluster-ca-cert` or `target-cluster-ca-cert`.
   */
  tls?: { trustedCertificates: readonly TrustedCertificate[] } | false;
}

/** A KafkaMirrorMaker2 as plain data: settings, names and connections. */
export interface MirrorDescription
  extends Omit<MirrorSettings, "origin" | "target">,
    Omit<MirrorPlace, "createNamespace" | "readyLimitSeconds"> {
  origin: ClusterSettings & MirrorConnection;
  target: TargetSettings & MirrorConnection;
}

/**
 * Returns the resource's text and the engine's model, derived from the same choices.
 * @throws MigrationError MIRROR_SETTINGS with every mistake
 */
export function describeMirror(mirror: MirrorDescription): {
  text: ResourceText;
  model: MirrorModel;
  otherApiVersions: readonly string[];
} {
  const mistakes = new Mistakes();
  const resolved = resolveMirror(mirror, mistakes);
  for (const side of ["origin", "target"] as const) {
    if (!mirror[side]?.bootstrapServers)
      mistakes.add(`${side}.bootstrapServers is missing: give host:port, comma separated`);
  }
  const spec = mirrorSpec(resolved, mirror);
  checkDescribed(
    resolved,
    { connections: spec, annotations: mirror.annotations, targetBrokers: mirror.target?.brokers },
    mistakes,
  );
  const text = resolved.dialect.mirror(spec, mistakes);
  throwMistakes(mistakes);
  return { text, model: modelFrom(resolved), otherApiVersions: resolved.dialect.otherApiVersions };
}

/** Returns the choices together with the workers' connections. A dialect writes this as a resource. */
export function mirrorSpec(
  { dialect: _writer, kafkaVersion: _known, origin, target, ...choices }: ResolvedMirror,
  mirror: MirrorDescription,
): MirrorSpec {
  return {
    ...choices,
    name: mirror.name ?? PLACE_DEFAULTS.name,
    namespace: mirror.namespace ?? PLACE_DEFAULTS.namespace,
    labels: mirror.labels,
    annotations: mirror.annotations,
    origin: cluster("origin", origin, mirror.origin),
    target: { ...target, ...cluster("target", target, mirror.target) },
  };
}

function cluster(
  side: "origin" | "target",
  { alias, config }: Pick<ClusterSpec, "alias" | "config">,
  connection: MirrorConnection | undefined,
): ClusterSpec {
  const authentication = connection?.authentication ?? {
    type: "scram-sha-512",
    username: "mm2-credentials",
    passwordSecret: { secretName: `${side}-cluster-credentials`, password: "password" },
  };
  const tls = connection?.tls ?? {
    trustedCertificates: [{ secretName: `${side}-cluster-ca-cert`, certificate: "ca.crt" }],
  };
  return {
    alias,
    bootstrapServers: connection?.bootstrapServers ?? "",
    ...(authentication === false ? {} : { authentication }),
    ...(tls === false ? {} : { tls }),
    config,
  };
}
