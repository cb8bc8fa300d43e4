import * as pulumi from "@pulumi/pulumi";
import { Mistakes } from "../../engine/errors";
import { pick } from "../../engine/setting";
import { modelFrom } from "../../engine/mirror-configuration";
import type { MirrorModel, Side } from "../../engine/model";
import { allExcluded } from "../../engine/rules";
import { topicsExclude } from "../../engine/selection";
import { dialectNamed } from "../dialects";
import { checkCredentials } from "../given/given-credentials";
import { isPattern } from "../mirror/checks";
import { mirrorModelOf, resolveMirror } from "../mirror/resolve";
import { clusterShape, type MirrorSettings, targetShape } from "../settings/mirror";
import { mirrorSpec } from "../mirror/text";
import { faultsOf, sayFault, validPart, valueAt } from "../shape";
import type { GivenMirrorUser, GivenUser, MigrationCluster } from "../settings/users";
import { connectorMistakes, storageCopied } from "./connectors";
import { limitedFetches, throttleMistakes } from "./copy-throttle";
import { nameMistakes, unusedNames, userDialect } from "./names";
import { clientMistakes, hasClients } from "./clients";
import { connectionsOf, credentialsOf, migrationRefusals } from "./rules";
import { type MigrationArgs, mayBeSecret, migrationSchema } from "../settings/migration";
import { valueMistakes } from "./values";
import { topicMistakes } from "./topics";
import { verifyJobMistakes } from "./verify-job";
import { waveMistakes } from "./waves";
import { unfitForReturn, wayBackMistakes } from "./way-back-mistakes";
import { sharedNames } from "./other-migrations";

/**
 * Makes every choice of the migration. Possible mistakes are logged as warnings.
 * @param name name of the component. Several migrations in one program must not use the same names for their objects
 * @throws MigrationError MIGRATION_SETTINGS with every mistake in its own settings and in the mirror's, and everything
 *   that the policy pack's mandatory rules forbid
 */
export function resolveMigration(args: MigrationArgs, name?: string): { settings: MirrorSettings; model: MirrorModel } {
  const mistakes = migrationMistakes(args);
  if (name !== undefined && mistakes.list.length === 0) {
    const settings = mirrorSettings(args);
    const shared = sharedNames(name, args, resolveMirror(settings, new Mistakes()), mirrorModelOf(settings));
    for (const mistake of shared.mistakes) mistakes.add(mistake);
    for (const warning of shared.warnings) void pulumi.log.warn(warning);
  }
  const count = mistakes.list.length;
  mistakes.throwIfAny(
    "MIGRATION_SETTINGS",
    `the migration's settings have ${count} mistake${count === 1 ? "" : "s"}`,
    "correct them; nothing has been created",
  );
  const settings = mirrorSettings(args);
  return { settings, model: mirrorModelOf(settings) };
}

/** Returns all mistakes. A setting with a wrong shape is reported and left out, so that the rest can be checked. */
export function migrationMistakes(args: MigrationArgs): Mistakes {
  const mistakes = new Mistakes();
  for (const fault of faultsOf(migrationSchema, args, mayBeSecret)) mistakes.add(sayFault(fault));
  const valid = (validPart(migrationSchema, args) ?? {}) as Partial<MigrationArgs>;
  for (const mistake of argumentMistakes(valid, (path) => valueAt(args, path) !== undefined)) mistakes.add(mistake);
  for (const mistake of mirrorMistakes(valid)) mistakes.add(mistake);
  if (mistakes.list.length === 0) for (const mistake of usersMistakes(valid)) mistakes.add(mistake);
  return mistakes;
}

/** Returns the mistakes in the users of applications, for settings that are otherwise right. */
export const usersMistakes = (args: Partial<MigrationArgs>): string[] =>
  clientMistakes(args, hasClients(args) ? mirrorModelOf(mirrorSettings(args)) : undefined);

/**
 * Returns the mistakes in the mirror of a migration. Parts of the arguments may be missing, because callers collect
 * mistakes.
 */
export function mirrorMistakes(args: Partial<MigrationArgs>): string[] {
  const mistakes = new Mistakes();
  const resolved = resolveMirror(mirrorSettings(args), mistakes);
  const { origin, target } = connectionsOf(args);
  // The resource is written again with its real connections. This call finds what the dialect cannot express.
  resolved.dialect.mirror(
    mirrorSpec(resolved, {
      origin: { ...origin, bootstrapServers: "-" },
      target: { ...target, bootstrapServers: "-" },
    }),
    mistakes,
  );
  return [
    ...new Set([
      ...mistakes.list.map((mistake) => `mirror: ${mistake}`),
      ...migrationRefusals(args, resolved),
      ...unfitForReturn(args, modelFrom(resolved)),
      ...storageCopied(args, modelFrom(resolved)),
    ]),
  ];
}

/**
 * Checks settings of correct shape against each other.
 * @param faulty returns true for a path at which a setting of wrong shape was left out. Such a setting is not missing
 */
export function argumentMistakes(
  args: Partial<MigrationArgs>,
  faulty: (path: readonly string[]) => boolean = () => false,
): string[] {
  const mistakes = new Mistakes();
  const missing = (path: string[], instead: string) =>
    faulty(path) || mistakes.add(`${path.join(".")} is missing${instead}`);
  for (const side of ["origin", "target"] as const) {
    const cluster = args[side];
    if (cluster === undefined) {
      missing([side], "");
      continue;
    }
    if (!cluster.bootstrapServers) missing([side, "bootstrapServers"], ": give host:port, comma separated");
    const makers = MAKERS.filter((maker) =>
      cluster[maker] === undefined ? faulty([side, maker]) : cluster[maker] !== false,
    );
    if (makers.length !== 1) {
      const seen = makers.length === 0 ? "none is set" : `${makers.join(" and ")} are set`;
      mistakes.add(
        `${side}: ${seen}, but exactly one of ${MAKERS.join(", ")} must be (it decides who creates the users)`,
      );
    }
    if (!makers.some((maker) => maker === "operator" || maker === "anonymous") && cluster.administrator === undefined) {
      missing([side, "administrator"], ": it is required without an operator");
    }
    if (cluster.kafka !== undefined && cluster.kafka.provider === undefined)
      missing([side, "kafka", "provider"], ": give the kafka.Provider of this cluster");
    checkGiven(side, cluster, args, mistakes);
    for (const mistake of [...unusedSecrets(side, cluster), ...unusedWithoutTls(side, cluster)]) mistakes.add(mistake);
    for (const mistake of unusedNames(side, cluster)) mistakes.add(mistake);
    if (cluster.operator !== undefined) {
      if (cluster.operator.authentication === "tls" && cluster.tls === false)
        mistakes.add(`${side}.tls is false: users with client certificates need TLS`);
      const wrong = new Mistakes();
      const { version } = cluster.operator;
      if (version !== undefined) dialectNamed(userDialect(args, cluster.operator).dialect, wrong, version);
      for (const mistake of wrong.list) mistakes.add(`${side}.operator.version: ${mistake}`);
      if (cluster.operator.cluster === undefined) missing([side, "operator", "cluster"], ": name the Kafka resource");
      if (cluster.operator.namespace === undefined)
        missing([side, "operator", "namespace"], ": name the namespace of the Kafka resource");
    }
  }
  for (const mistake of [
    ...nameMistakes(args),
    ...valueMistakes(args),
    ...waveMistakes(args),
    ...topicMistakes(args),
    ...verifyJobMistakes(args),
    ...throttleMistakes(args),
    ...wayBackMistakes(args),
    ...new Set(connectorMistakes(args)),
  ])
    mistakes.add(mistake);
  args.replication?.rules?.forEach(({ pattern }, i) => isPattern(`replication.rules.${i}.pattern`, pattern, mistakes));
  return [...mistakes.list];
}

const MAKERS = ["operator", "kafka", "given", "anonymous"] as const;

function checkGiven(
  side: Side,
  cluster: MigrationCluster,
  { dialect }: Partial<MigrationArgs>,
  mistakes: Mistakes,
): void {
  for (const part of ["administrator", "given"] as const) {
    const found = new Mistakes();
    const someone = cluster[part];
    if (someone === undefined) continue;
    const existing = part === "given" && cluster.existingSecrets?.credentials === true;
    const mechanism = checkCredentials(existing ? fromSecret(someone, found) : credentialsOf(someone), found);
    if (mechanism === "TLS" && cluster.tls === false) found.add("a client certificate needs TLS, and tls is false");
    for (const mistake of found.list) mistakes.add(`${side}.${part}: ${mistake}`);
    if (part === "administrator") continue;
    const oauth = cluster.given?.authentication;
    if (mechanism === "OAUTHBEARER" && oauth === undefined) {
      mistakes.add(
        `${side}.given.authentication is missing: with OAUTHBEARER it says how the workers get their tokens ` +
          `(type ${dialect === undefined || dialect.endsWith("-v1") ? "custom" : "oauth"}, fields as in ` +
          "Strimzi)",
      );
    }
    if (mechanism !== "OAUTHBEARER" && oauth !== undefined)
      mistakes.add(`${side}.given.authentication is for OAUTHBEARER, but the mechanism is ${mechanism}`);
  }
}

/** The content of an existing Secret is not known yet. Placeholders are used instead. */
function fromSecret(someone: GivenMirrorUser, found: Mistakes): GivenUser {
  for (const key of ["password", "certificate", "key"] as const) {
    if (someone[key] !== undefined) found.add(`${key} is read from the existing Secret beside the mirror; remove it`);
  }
  const stands = someone.mechanism === "TLS" ? { certificate: "-", key: "-" } : { password: "-" };
  return { ...credentialsOf(someone), ...stands };
}

/** Reports existing Secrets that nothing would read. */
function unusedSecrets(side: Side, cluster: MigrationCluster): string[] {
  const { existingSecrets, tls } = cluster;
  const { credentials, ca } = existingSecrets ?? {};
  const without = credentials === true ? whyNoSecret(cluster) : undefined;
  return [
    ...(without !== undefined ? [`${side}.existingSecrets.credentials is not used: ${without}; remove it`] : []),
    ...(ca === true && tls === false
      ? [`${side}.existingSecrets.ca is not used: ${side}.tls is false; remove it`]
      : []),
  ];
}

/** Returns why nothing reads the Secret. Undefined: the workers log in with it. */
function whyNoSecret({ anonymous, given, kafka }: MigrationCluster): string | undefined {
  if (anonymous === true) return "nobody logs in with anonymous";
  if (kafka !== undefined) return "with kafka the user's password is created here, and nobody else knows it";
  const bearer = [given?.token, given?.tokenFile, given?.tokenEndpoint].some((one) => one !== undefined);
  return bearer ? "a token is not for the workers" : undefined;
}

/** A setting such as a CA is not used without TLS. A user who sets it expects TLS. */
function unusedWithoutTls(side: Side, { tls, ca, serverName, names, operator }: MigrationCluster): string[] {
  if (tls !== false) return [];
  const settings = { ca, serverName, "names.caSecret": names?.caSecret, "operator.caSecret": operator?.caSecret };
  const keys = Object.entries(settings).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  return keys.map((key) => `${side}.${key} is not used: ${side}.tls is false; remove one of them`);
}

/**
 * Returns the settings of a mirror that no longer copies these topics. If none are left, the source connector stops: a
 * mirror whose patterns select nothing is otherwise a mistake.
 */
export function withoutLeft(settings: MirrorSettings, left: readonly string[]): MirrorSettings {
  if (left.length === 0) return settings;
  const model = mirrorModelOf(settings);
  const exclude = [topicsExclude(model), ...left].join(",");
  if (allExcluded(model.topicsPattern, exclude, "topics"))
    return { ...settings, sourceConnector: { ...settings.sourceConnector, state: "stopped" } };
  return { ...settings, topicsExcludePattern: exclude };
}

/**
 * Returns the mirror's settings without the place where it runs, and with the settings that are at the top level of the
 * arguments.
 */
function mirrorSettings(args: Partial<MigrationArgs>): MirrorSettings {
  const {
    name: _n,
    namespace: _ns,
    createNamespace: _c,
    provider: _p,
    kubeconfig: _k,
    context: _x,
    throttleBytesPerSecond: _t,
    ...settings
  } = args.mirror ?? {};
  return {
    ...settings,
    ...limitedFetches(args),
    ...(args.dialect === undefined ? {} : { dialect: args.dialect }),
    ...(args.operatorVersion === undefined ? {} : { operatorVersion: args.operatorVersion }),
    ...(args.profile === undefined ? {} : { profile: args.profile }),
    origin: pick(args.origin ?? {}, clusterShape),
    target: pick(args.target ?? {}, { ...clusterShape, ...targetShape }),
  };
}
