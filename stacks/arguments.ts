import type * as k8s from "@pulumi/kubernetes";
import type * as kafka from "@pulumi/kafka";
import type * as pulumi from "@pulumi/pulumi";
import { type MigrationArgs, stepShape } from "../components/settings/migration";
import type { GivenMirrorUser, GivenUser, MigrationCluster } from "../components/settings/users";
import { clusterShape, targetShape } from "../components/settings/mirror";
import { defined } from "../engine/objects";
import { pick } from "../engine/setting";
import { type ClusterEntry, secretOf, type Somebody, type StackSettings } from "./schema";

type Side = "origin" | "target";

/** Creates or reads what the configuration only names. */
export interface Makers {
  /** A provider for one Kubernetes cluster. */
  kubernetes(name: "mirror" | Side, access: { kubeconfig?: string; context?: string }): k8s.Provider | undefined;
  /** The administrator's provider for a cluster without an operator. */
  kafka(side: Side, entry: ClusterEntry, administrator: GivenUser, ca: string | undefined): kafka.Provider;
  secret(key: string): pulumi.Input<string>;
  /** The password of an application's user. */
  clientPassword(user: string): pulumi.Input<string>;
  content(file: string): string;
}

/** Converts a configuration to the component's arguments. */
export function migrationArgs(settings: StackSettings, make: Makers): MigrationArgs {
  const { gate, verify, fenceOptions, preflight, report, waves, clients, connectors, passwords = [] } = settings;
  const { kubeconfig, context, ...mirror } = settings.mirror;
  const { limitSeconds, ...replication } = settings.replication;
  const sides = new Sides(settings, make);
  return defined({
    ...pick(settings, stepShape),
    gate: defined(gate),
    verify,
    fenceOptions: fenceOptions && defined(fenceOptions),
    preflight: preflight && defined(preflight),
    report: report === false ? (false as const) : defined(report),
    waves: waves?.map((wave) => defined(wave)),
    connectors: connectors?.map((cluster) => defined(cluster)),
    clients: clients === false ? (false as const) : clients && defined(clients),
    clientPasswords:
      passwords.length === 0
        ? undefined
        : Object.fromEntries(passwords.map((user) => [user, make.clientPassword(user)])),
    offsets: defined(settings.offsets),
    replication: defined({
      ...replication,
      limitMs: limitSeconds === undefined ? undefined : Math.max(1, Math.round(limitSeconds * 1000)),
    }),
    mirror: defined({
      ...mirror,
      provider: make.kubernetes("mirror", defined({ kubeconfig, context })),
    }) as NonNullable<MigrationArgs["mirror"]>,
    origin: sides.cluster("origin"),
    target: {
      ...sides.cluster("target"),
      ...pick(settings.target, targetShape),
    },
  });
}

class Sides {
  constructor(
    private readonly settings: StackSettings,
    private readonly make: Makers,
  ) {}

  cluster(side: Side): MigrationArgs[Side] {
    const entry: ClusterEntry = this.settings[side];
    const administrator = entry.administrator && this.user(side, "Administrator", entry.administrator);
    const ca = entry.caFile === undefined ? undefined : this.make.content(entry.caFile);
    const { bootstrapServers, adminBootstrapServers, tls, serverName } = entry;
    const names = entry.names && defined(entry.names);
    const existingSecrets = entry.existingSecrets && defined(entry.existingSecrets);
    return defined({
      ...pick(entry, clusterShape),
      bootstrapServers,
      adminBootstrapServers,
      ca,
      tls,
      serverName,
      names,
      existingSecrets,
      administrator,
      ...this.users(side, entry, administrator, ca),
    }) as MigrationArgs[Side];
  }

  /** A user that exists already, with the one secret that the mechanism needs. */
  private user(side: Side, who: "" | "Administrator", user: Somebody): GivenUser {
    const { username, certificateFile, mechanism = "SCRAM-SHA-512", tokenFile, tokenEndpoint } = user;
    const what = secretOf(user);
    const mirrors = who === "" && this.settings[side].existingSecrets?.credentials === true;
    if (mirrors && mechanism !== "OAUTHBEARER") return defined({ username, mechanism }) as GivenUser;
    const certificate = what === "Key" ? this.make.content(certificateFile!) : undefined;
    const known = { username, mechanism, certificate, tokenFile };
    if (what === undefined) return defined(known) as GivenUser;
    const secret = this.make.secret(`${side}${who}${what}`);
    if (what !== "ClientSecret") return defined({ ...known, [what.toLowerCase()]: secret }) as GivenUser;
    const { caFile, ...endpoint } = tokenEndpoint!;
    const ca = caFile === undefined ? undefined : this.make.content(caFile);
    return defined({ ...known, tokenEndpoint: defined({ ...endpoint, clientSecret: secret, ca }) }) as GivenUser;
  }

  private users(
    side: Side,
    entry: ClusterEntry,
    administrator: GivenUser | undefined,
    ca: string | undefined,
  ): Pick<MigrationCluster, "given" | "kafka" | "operator" | "anonymous"> {
    if (entry.users === "anonymous") return { anonymous: true };
    if (entry.users === "given")
      return { given: defined({ ...this.user(side, "", entry), authentication: entry.oauth }) as GivenMirrorUser };
    if (entry.users === "kafka") return { kafka: { provider: this.make.kafka(side, entry, administrator!, ca) } };
    const { cluster, namespace, operatorVersion: version, caSecret, secretPrefix, authentication, dialect } = entry;
    return {
      operator: defined({
        cluster: cluster!,
        namespace: namespace!,
        version,
        caSecret,
        secretPrefix,
        authentication,
        provider: this.elsewhere(side, entry),
        dialect,
      }),
    };
  }

  /** A context without a kubeconfig refers to the mirror's kubeconfig. Another kubeconfig has its own contexts. */
  private elsewhere(side: Side, { kubeconfig, context }: ClusterEntry): k8s.Provider | undefined {
    if (kubeconfig === undefined && context === undefined) return undefined;
    return this.make.kubernetes(side, defined({ kubeconfig: kubeconfig ?? this.settings.mirror.kubeconfig, context }));
  }
}
