import { readFileSync } from "node:fs";
import * as kafka from "@pulumi/kafka";
import * as pulumi from "@pulumi/pulumi";
import { allConfig } from "@pulumi/pulumi/runtime";
import { kubernetesCluster } from "../components/kubernetes";
import type { GivenMirrorUser, GivenUser, MigrationArgs, MigrationCluster } from "../components/migration/args";
import { Migration } from "../components/migration/migration";
import { defined } from "../engine/defined";
import { type ClusterEntry, readSettings, SECRET_OF, type StackSettings } from "./settings";

/**
 * The ready-made stack: one migration, described by the stack's configuration alone. See docs/configuration.md for every key.
 */
const project = pulumi.getProject();
const config = new pulumi.Config();

function ownSettings(): StackSettings {
  const own = Object.entries(allConfig()).flatMap(([key, value]) => (key.startsWith(`${project}:`) ? [[key.slice(project.length + 1), value]] : []));
  return readSettings(Object.fromEntries(own) as Record<string, string>);
}

function migrationArgs(settings: StackSettings): MigrationArgs {
  const { phase, profile, dialect, abandon, gate, verify, fence, checkpoints, report } = settings;
  const { fenceOptions, preflight } = settings;
  const { kubeconfig, context, ...mirror } = settings.mirror;
  const { limitSeconds, ...replication } = settings.replication;
  const home = kubernetesCluster("mirror", { ...(kubeconfig ? { kubeconfig } : {}), ...(context ? { context } : {}) });
  return defined({
    phase,
    profile,
    dialect,
    abandon,
    gate: defined(gate) as NonNullable<MigrationArgs["gate"]>,
    verify,
    fence,
    fenceOptions: fenceOptions && defined(fenceOptions),
    preflight: preflight && defined(preflight),
    checkpoints,
    report,
    offsets: defined(settings.offsets),
    replication: defined({ ...replication, limitMs: limitSeconds === undefined ? undefined : limitSeconds * 1000 }),
    mirror: defined({ ...mirror, provider: home }) as NonNullable<MigrationArgs["mirror"]>,
    origin: { ...cluster("origin", settings.origin), ...clusterSettings(settings.origin) },
    target: {
      ...cluster("target", settings.target),
      ...clusterSettings(settings.target),
      ...defined({
        groupId: settings.target.groupId,
        offsetStorageTopic: settings.target.offsetStorageTopic,
        configStorageTopic: settings.target.configStorageTopic,
        statusStorageTopic: settings.target.statusStorageTopic,
      }),
    },
  }) as MigrationArgs;
}

function clusterSettings({ alias, brokers, config: settings }: ClusterEntry) {
  return defined({ alias, brokers, config: settings });
}

function cluster(side: "origin" | "target", entry: ClusterEntry): MigrationCluster {
  const administrator = entry.administrator && givenUser(side, "Administrator", entry.administrator);
  const ca = entry.caFile === undefined ? undefined : readFileSync(entry.caFile, "utf8");
  return defined({
    bootstrapServers: entry.bootstrapServers,
    adminBootstrapServers: entry.adminBootstrapServers,
    ca,
    tls: entry.tls,
    administrator,
    ...users(side, entry, administrator, ca),
  }) as MigrationCluster;
}

/** Somebody who exists already, with the one secret that the mechanism needs. */
function givenUser(side: "origin" | "target", who: "" | "Administrator", user: { username?: string; certificateFile?: string; mechanism?: keyof typeof SECRET_OF }): GivenUser {
  const { username, certificateFile, mechanism = "SCRAM-SHA-512" } = user;
  const what = SECRET_OF[mechanism];
  const secret = config.requireSecret(`${side}${who}${what}`);
  const certificate = what === "Key" ? readFileSync(certificateFile!, "utf8") : undefined;
  return defined({ username, mechanism, certificate, [what.toLowerCase()]: secret }) as GivenUser;
}

function users(side: "origin" | "target", entry: ClusterEntry, administrator: GivenUser | undefined, ca: string | undefined) {
  if (entry.users === "given") {
    const { username, certificateFile, mechanism, oauth } = entry;
    return { given: defined({ ...givenUser(side, "", { username, certificateFile, mechanism }), authentication: oauth }) as GivenMirrorUser };
  }
  if (entry.users === "kafka") {
    const provider = new kafka.Provider(`${side}-kafka`, {
      bootstrapServers: (entry.adminBootstrapServers ?? entry.bootstrapServers).split(","),
      saslUsername: administrator!.username,
      saslPassword: administrator!.password,
      saslMechanism: administrator!.mechanism!.toLowerCase().replace("sha-", "sha"),
      tlsEnabled: entry.tls,
      ...(ca === undefined ? {} : { caCert: ca }),
    });
    return { kafka: { provider } };
  }
  const { kubeconfig, context } = entry;
  const elsewhere = kubeconfig !== undefined || context !== undefined;
  return {
    operator: defined({
      cluster: entry.cluster!,
      namespace: entry.namespace!,
      caSecret: entry.caSecret,
      authentication: entry.authentication,
      provider: elsewhere ? kubernetesCluster(side, defined({ kubeconfig, context })) : undefined,
    }),
  };
}

const migration = new Migration(pulumi.getStack(), migrationArgs(ownSettings()));

export const phase = migration.phase;
export const passedAt = migration.passedAt;
export const abandonedAt = migration.abandonedAt;
export const summary = migration.summary;
export const report = migration.report;
