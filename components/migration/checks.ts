import { defined } from "../../engine/defined";
import { Mistakes } from "../../engine/errors";
import type { MirrorModel, Side } from "../../engine/model";
import { didYouMean } from "../../engine/near-miss";
import { checkCredentials } from "../given/given-credentials";
import { mirrorModelOf, resolveMirror } from "../mirror/resolve";
import type { ClusterSettings, MirrorSettings, TargetSettings } from "../mirror/settings";
import type { MigrationArgs, MigrationCluster } from "./args";
import { credentialsOf, migrationRefusals } from "./rules";

const KNOWN = [
  "phase", "abandon", "profile", "dialect", "origin", "target", "mirror", "gate", "verify", "offsets", "replication", "fence", "fenceOptions", "checkpoints", "preflight", "report",
];
const REPORT_KEYS = ["folder"];
const PHASES = ["mirror", "cutover", "cleanup"];

/**
 * Every choice of the migration made.
 * @throws MigrationError MIGRATION_SETTINGS with every mistake of its own settings, of the mirror's, and of the policy
 *   pack's mandatory rules
 */
export function resolveMigration(args: MigrationArgs): { settings: MirrorSettings; model: MirrorModel } {
  const mistakes = new Mistakes();
  checkArguments(args, mistakes);
  const settings = mirrorSettings(args);
  for (const mistake of mirrorMistakes(args)) mistakes.add(mistake);
  const count = mistakes.list.length;
  mistakes.throwIfAny("MIGRATION_SETTINGS", `the migration's settings have ${count} mistake${count === 1 ? "" : "s"}`, "correct them; nothing has been created");
  return { settings, model: mirrorModelOf(settings) };
}

/** What is wrong with the mirror of a migration, of which parts may be missing: for those who collect mistakes. */
export function mirrorMistakes(args: Partial<MigrationArgs>): string[] {
  const mistakes = new Mistakes();
  const resolved = resolveMirror(mirrorSettings(args), mistakes);
  if (mistakes.list.length > 0) return mistakes.list.map((mistake) => `mirror: ${mistake}`);
  return migrationRefusals(args, resolved);
}

function checkArguments(args: MigrationArgs, mistakes: Mistakes): void {
  for (const key of Object.keys(args)) if (!KNOWN.includes(key)) mistakes.add(`${key} is no setting${didYouMean(key, KNOWN)}`);
  if (args.phase !== undefined && !PHASES.includes(args.phase)) mistakes.add(`phase is "${args.phase}"${didYouMean(args.phase, PHASES)}: it has to be one of ${PHASES.join(", ")}`);
  if (args.report !== undefined && args.report !== false) {
    for (const key of Object.keys(args.report)) if (!REPORT_KEYS.includes(key)) mistakes.add(`report.${key} is no setting${didYouMean(key, REPORT_KEYS)}`);
    if (args.report.folder === "") mistakes.add("report.folder is empty: name a folder, or set report to false");
  }
  for (const side of ["origin", "target"] as const) {
    const cluster = args[side];
    if (cluster === undefined) {
      mistakes.add(`${side} is missing`);
      continue;
    }
    if (!cluster.bootstrapServers) mistakes.add(`${side}.bootstrapServers is missing: give host:port, comma separated`);
    const makers = (["operator", "kafka", "given"] as const).filter((maker) => cluster[maker] !== undefined);
    if (makers.length !== 1) {
      mistakes.add(`${side} has ${makers.length === 0 ? "none" : makers.join(" and ")} of operator, kafka, given: say with exactly one who makes its users`);
    }
    if (cluster.operator === undefined && cluster.administrator === undefined) {
      mistakes.add(`${side}.administrator is missing: without an operator the migration's administrator has to be given`);
    }
    checkGiven(side, cluster, args, mistakes);
    if (cluster.operator !== undefined) {
      const { authentication } = cluster.operator;
      if (authentication !== undefined && authentication !== "scram-sha-512" && authentication !== "tls") {
        mistakes.add(`${side}.operator.authentication is "${authentication as string}": it has to be scram-sha-512 or tls`);
      }
      if (authentication === "tls" && cluster.tls === false) mistakes.add(`${side}.tls is false: users with client certificates need TLS`);
      if (!cluster.operator.cluster) mistakes.add(`${side}.operator.cluster is missing: name the Kafka resource`);
      if (!cluster.operator.namespace) mistakes.add(`${side}.operator.namespace is missing: name the namespace of the Kafka resource`);
    }
  }
}

function checkGiven(side: Side, cluster: MigrationCluster, { dialect }: MigrationArgs, mistakes: Mistakes): void {
  for (const part of ["administrator", "given"] as const) {
    const found = new Mistakes();
    const someone = cluster[part];
    if (someone === undefined) continue;
    const mechanism = checkCredentials(credentialsOf(someone), found);
    if (mechanism === "TLS" && cluster.tls === false) found.add("a client certificate needs TLS, and tls is false");
    for (const mistake of found.list) mistakes.add(`${side}.${part}: ${mistake}`);
    if (part === "administrator") continue;
    const oauth = cluster.given?.authentication;
    if (mechanism === "OAUTHBEARER" && oauth === undefined) {
      mistakes.add(`${side}.given.authentication is missing: with OAUTHBEARER say how the workers get their tokens (type ${dialect === undefined || dialect === "strimzi-v1" ? "custom" : "oauth"}, fields as in Strimzi)`);
    }
    if (mechanism !== "OAUTHBEARER" && oauth !== undefined) mistakes.add(`${side}.given.authentication is for OAUTHBEARER, but the mechanism is ${mechanism}`);
    if (oauth?.type === "oauth" && (dialect ?? "strimzi-v1") === "strimzi-v1") {
      mistakes.add(`${side}.given.authentication has type "oauth", which dialect strimzi-v1 does not have: use type "custom" with the SASL settings, or dialect strimzi-v1beta2`);
    }
  }
}

/** The mirror's settings without its place, with what is said of it elsewhere. */
function mirrorSettings(args: Partial<MigrationArgs>): MirrorSettings {
  const { name: _n, namespace: _ns, createNamespace: _c, provider: _p, kubeconfig: _k, context: _x, ...settings } = args.mirror ?? {};
  const { alias, brokers, config }: ClusterSettings = args.origin ?? {};
  const target: TargetSettings = args.target ?? {};
  return {
    ...settings,
    ...(args.dialect === undefined ? {} : { dialect: args.dialect }),
    ...(args.profile === undefined ? {} : { profile: args.profile }),
    origin: defined({ alias, brokers, config }),
    target: defined({
      alias: target.alias,
      brokers: target.brokers,
      config: target.config,
      groupId: target.groupId,
      offsetStorageTopic: target.offsetStorageTopic,
      configStorageTopic: target.configStorageTopic,
      statusStorageTopic: target.statusStorageTopic,
    }),
  };
}

