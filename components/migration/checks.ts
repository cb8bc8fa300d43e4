import { defined } from "../../engine/defined";
import { Mistakes } from "../../engine/errors";
import type { MirrorModel, Side } from "../../engine/model";
import { didYouMean } from "../../engine/near-miss";
import { refusals, type View } from "../../engine/rules";
import { checkCredentials } from "../given/given-credentials";
import { mirrorModelOf, type ResolvedMirror, resolveMirror } from "../mirror/resolve";
import { viewOf } from "../mirror/rules";
import type { ClusterSettings, MirrorSettings, TargetSettings } from "../mirror/settings";
import type { GivenMirrorUser, GivenUser, MigrationArgs, MigrationCluster } from "./args";

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
  return refusals(migrationView(args, resolved)).map((mistake) => `mirror: ${mistake}`);
}

/**
 * The migration as the rules look at it. `abandon` and `checkpoints: always` are left out: whoever says them says
 * explicitly what the rules warn of, and the pack says it to the reviewer.
 */
function migrationView(args: Partial<MigrationArgs>, resolved: ResolvedMirror): Partial<View> {
  const place = { resource: "", label: "" };
  const connection = (side: Side) => {
    const cluster = args[side];
    const type = cluster?.given?.authentication?.type ?? (cluster?.given === undefined ? cluster?.operator?.authentication ?? "scram-sha-512" : checkCredentials(user(cluster.given), new Mistakes()).toLowerCase());
    return { ...resolved[side], authentication: { type, settings: {} }, ...(cluster?.tls === false ? {} : { tls: { trusted: 1 } }) };
  };
  const operators = (["origin", "target"] as const).filter((side) => args[side]?.operator !== undefined);
  return {
    mirrors: [{ ...viewOf(resolved), connectionsKnown: true, origin: connection("origin"), target: { ...resolved.target, ...connection("target") } }],
    // Their rules are checked where they are made; here it counts that an operator makes them.
    users: operators.map((side) => ({ ...place, name: "", side, ofMirror: true, maker: "operator" as const, rules: [], singular: 0, singularKnown: true, texts: [] })),
    steps: [{ ...place, kind: "ConsumerOffsets" }, { ...place, kind: "Gate" }],
    ...(args.target?.brokers === undefined ? {} : { targetBrokers: args.target.brokers }),
  };
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

/** The credentials without what only the workers need. */
function user({ authentication: _ofWorkers, ...credentials }: GivenMirrorUser): GivenUser {
  return credentials;
}

function checkGiven(side: Side, cluster: MigrationCluster, { dialect }: MigrationArgs, mistakes: Mistakes): void {
  for (const part of ["administrator", "given"] as const) {
    const found = new Mistakes();
    const someone = cluster[part];
    if (someone === undefined) continue;
    const mechanism = checkCredentials(user(someone), found);
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

