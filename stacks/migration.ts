import "./quick-start";
import * as kafka from "@pulumi/kafka";
import * as pulumi from "@pulumi/pulumi";
import { allConfig } from "@pulumi/pulumi/runtime";
import { kubernetesCluster } from "../components/kubernetes";
import { Migration } from "../components/migration/migration";
import { projectFolder } from "../components/project";
import { CLIENT_PASSWORDS } from "../engine/client-passwords";
import { defined } from "../engine/objects";
import { type Makers, migrationArgs } from "./arguments";
import { Files } from "./files";
import type { StackSettings } from "./schema";
import { readSettings } from "./settings";

/**
 * The ready-made stack: one migration that is described only by the stack's configuration. docs/configuration.md
 * documents every key.
 */
const project = pulumi.getProject();
const config = new pulumi.Config();
const files = new Files(projectFolder());
/** Keys whose values are encrypted in the stack's file. Pulumi passes them to the program in this variable. */
const SECRETS = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? "[]") as string[];

function ownSettings(): StackSettings {
  const own = Object.entries(allConfig()).flatMap(([key, value]) =>
    key.startsWith(`${project}:`) ? [[key.slice(project.length + 1), value]] : [],
  );
  return readSettings(Object.fromEntries(own) as Record<string, string>, {
    files,
    isSecret: (key) => SECRETS.includes(`${project}:${key}`),
  });
}

const makers: Makers = {
  kubernetes: (name, { kubeconfig, context }) =>
    kubernetesCluster(name, defined({ kubeconfig: files.kubeconfig(kubeconfig), context })),
  kafka: (side, entry, administrator, ca) =>
    new kafka.Provider(`${side}-kafka`, {
      bootstrapServers: (entry.adminBootstrapServers ?? entry.bootstrapServers).split(","),
      saslUsername: administrator.username,
      saslPassword: administrator.password,
      saslMechanism: administrator.mechanism!.toLowerCase().replace("sha-", "sha"),
      tlsEnabled: entry.tls,
      ...(ca === undefined ? {} : { caCert: ca }),
    }),
  secret: (key) => config.requireSecret(key),
  clientPassword: (user) =>
    config.requireSecretObject<Record<string, string>>(CLIENT_PASSWORDS).apply((passwords) => passwords[user] ?? ""),
  content: (file) => files.content(file),
};

const migration = new Migration(pulumi.getStack(), migrationArgs(ownSettings(), makers));

export const phase = migration.phase;
export const passedAt = migration.passedAt;
export const abandonedAt = migration.abandonedAt;
export const summary = migration.summary;
export const report = migration.report;
