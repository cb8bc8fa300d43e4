import type { Side } from "../../engine/model";
import { SIDES } from "../../engine/sides";
import { defined } from "../../engine/objects";
import type { DialectName } from "../settings/mirror";
import { PLACE_DEFAULTS } from "../settings/place";
import { DEFAULT_USER } from "../user/rules";
import type { MigrationArgs } from "../settings/migration";
import type { ClusterNames, MigrationCluster } from "../settings/users";

/** Returns all names of one side. */
export function namesOf(side: Side, cluster: Pick<MigrationCluster, "names"> | undefined): Required<ClusterNames> {
  return {
    user: DEFAULT_USER,
    administrator: "mm2-administrator",
    credentialsSecret: `${side}-cluster-credentials`,
    caSecret: `${side}-cluster-ca-cert`,
    ...cluster?.names,
  };
}

/** Returns the namespace of the mirror and of the Secrets beside it. */
export const mirrorNamespace = (args: Partial<MigrationArgs>): string =>
  args.mirror?.namespace ?? PLACE_DEFAULTS.namespace;

export const mirrorName = (args: Partial<MigrationArgs>): string => args.mirror?.name ?? PLACE_DEFAULTS.name;

/**
 * Returns the dialect and the version of the operator that makes the users of one side. The top level's version is that
 * of the top level's dialect.
 */
export function userDialect(
  { dialect, operatorVersion }: Pick<MigrationArgs, "dialect" | "operatorVersion">,
  operator: MigrationCluster["operator"],
): { dialect?: DialectName; operatorVersion?: string } {
  const own = operator?.dialect;
  const version = operator?.version ?? (own === undefined || own === dialect ? operatorVersion : undefined);
  return defined({ dialect: own ?? dialect, operatorVersion: version });
}

/** An object that the migration creates, or that an operator creates beside one. */
export interface Named {
  /** Setting that gives the object its name. */
  key: string;
  what: string;
  kind: "KafkaUser" | "Secret" | "KafkaMirrorMaker2";
  namespace: string;
  name: string;
  /** Provider of the object's Kubernetes cluster. Without a provider of its own, the mirror's provider. */
  on: unknown;
  /** The object belongs to someone else, so this migration cannot rename it. */
  foreign?: boolean;
}

export const isSame = (a: Named, b: Named): boolean =>
  a.kind === b.kind && a.name === b.name && a.namespace === b.namespace && a.on === b.on;

/** Returns all Kubernetes objects that a migration names, and those that operators create beside them. */
export function namedObjects(args: Partial<MigrationArgs>): Named[] {
  const mirror: Named = {
    key: "mirror.name",
    what: "the mirror",
    kind: "KafkaMirrorMaker2",
    namespace: mirrorNamespace(args),
    name: mirrorName(args),
    on: args.mirror?.provider,
  };
  return [mirror, ...SIDES.flatMap((side) => named(side, args))];
}

/** Reports objects that would have the same name in one namespace. Each would take over the other. */
export function nameMistakes(args: Partial<MigrationArgs>): string[] {
  const all = namedObjects(args);
  const said = new Set<string>();
  return all.flatMap((object, i) => {
    const before = all.slice(0, i).find((other) => isSame(object, other));
    if (before === undefined) return [];
    const [own, other] = object.foreign === true ? [before, object] : [object, before];
    // A user and its Secret have the same name. Report only the user.
    const pair = `${own.key} ${other.key}`;
    if (own.foreign === true || said.has(pair)) return [];
    said.add(pair);
    return [
      `${own.key} is "${own.name}": in namespace ${own.namespace} that is the name of ${other.what}, too; ` +
        `give ${own.what} a name of its own`,
    ];
  });
}

/** Reports names that no object uses, and a new user that would replace an existing one. */
export function unusedNames(
  side: Side,
  { names, given, operator, administrator, anonymous }: MigrationCluster,
): string[] {
  const mistakes: string[] = [];
  if (names?.user !== undefined && given !== undefined)
    mistakes.push(`${side}.names.user is not used: the mirror's user is given; remove it`);
  if (anonymous === true) {
    for (const key of ["user", "credentialsSecret"] as const) {
      if (names?.[key] !== undefined)
        mistakes.push(`${side}.names.${key} is not used: nobody logs in with anonymous; remove it`);
    }
  }
  if (names?.administrator !== undefined && (administrator !== undefined || operator === undefined))
    mistakes.push(
      `${side}.names.administrator is not used: the administrator is ` +
        `${administrator === undefined ? "anonymous" : "given"}; remove it`,
    );
  const { user } = namesOf(side, { names });
  if (given === undefined && anonymous !== true && administrator?.username === user) {
    mistakes.push(
      `${side}.administrator.username is "${user}", as the mirror's user will be called, who would get ` +
        `another password and other rights: set ${side}.names.user`,
    );
  }
  return mistakes;
}

function named(side: Side, args: Partial<MigrationArgs>): Named[] {
  const cluster = args[side];
  if (cluster === undefined) return [];
  const names = namesOf(side, cluster);
  const { operator, administrator } = cluster;
  const home = args.mirror?.provider;
  const beside = { kind: "Secret" as const, namespace: mirrorNamespace(args), on: home };
  const copies: Named[] = [
    ...(cluster.anonymous === true || cluster.existingSecrets?.credentials === true
      ? []
      : [
          {
            ...beside,
            key: `${side}.names.credentialsSecret`,
            what: `the Secret of the ${side}'s credentials beside the mirror`,
            name: names.credentialsSecret,
          },
        ]),
    ...(cluster.tls === false || cluster.existingSecrets?.ca === true
      ? []
      : [
          {
            ...beside,
            key: `${side}.names.caSecret`,
            what: `the Secret of the ${side}'s CA beside the mirror`,
            name: names.caSecret,
          },
        ]),
  ];
  if (operator?.namespace === undefined) return copies;
  const there = { namespace: operator.namespace, on: operator.provider ?? home };
  const ca = operator.caSecret ?? (operator.cluster === undefined ? undefined : `${operator.cluster}-cluster-ca-cert`);
  const users = [
    { key: `${side}.names.user`, what: `the mirror's user on the ${side}`, name: names.user },
    ...(administrator === undefined
      ? [{ key: `${side}.names.administrator`, what: `the administrator of the ${side}`, name: names.administrator }]
      : []),
  ];
  return [
    ...(ca === undefined
      ? []
      : [
          {
            ...there,
            kind: "Secret" as const,
            key: "",
            what: `the operator's own Secret of the ${side}'s CA`,
            name: ca,
            foreign: true,
          },
        ]),
    ...users.flatMap((user): Named[] => [
      { ...there, ...user, kind: "KafkaUser" },
      { ...there, ...user, kind: "Secret", what: `the Secret of ${user.what}` },
    ]),
    ...copies,
  ];
}
