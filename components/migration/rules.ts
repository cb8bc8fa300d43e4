import { Mistakes } from "../../engine/errors";
import { modelFrom } from "../../engine/mirror-configuration";
import type { Side } from "../../engine/model";
import { refusals, type UserView } from "../../engine/rules";
import { checkCredentials } from "../given/given-credentials";
import type { ResolvedMirror } from "../mirror/resolved";
import { type Connections, viewOf } from "../mirror/rules";
import { DEFAULT_USER } from "../user/rules";
import { profileRules } from "../user/settings";
import type { GivenMirrorUser, GivenUser, MigrationArgs, MigrationCluster } from "./args";
import { SIDES } from "./names";

/**
 * What the policy pack's mandatory rules say about a migration and its mirror's users, before anything is declared.
 * `abandon` and `checkpoints: always` are left out: whoever says them says explicitly what the rules warn of, and the pack
 * says it to the reviewer.
 */
export function migrationRefusals(args: Partial<MigrationArgs>, resolved: ResolvedMirror): string[] {
  const place = { resource: "", label: "" };
  const profile = args.profile ?? "least";
  const users = SIDES.flatMap((side): UserView[] => {
    const maker =
      args[side]?.operator !== undefined ? "operator" : args[side]?.kafka !== undefined ? "kafka" : undefined;
    if (maker === undefined) return [];
    const rules = profileRules(side, profile, modelFrom(resolved));
    return [
      {
        ...place,
        name: DEFAULT_USER,
        side,
        ofMirror: true,
        maker,
        rules,
        authorization: "simple",
        singular: 0,
        singularRead: true,
        texts: [],
      },
    ];
  });
  const view = {
    mirrors: [
      viewOf(resolved, {
        connections: connectionsOf(args),
        annotations: args.mirror?.annotations,
        targetBrokers: args.target?.brokers,
      }),
    ],
    users,
    steps: [
      { ...place, kind: "ConsumerOffsets" },
      { ...place, kind: "Gate" },
    ],
  };
  // How wide the guide's own rights are is known and documented.
  return refusals(view, profile === "guide" ? ["origin-write-everything"] : []).map((mistake) => `mirror: ${mistake}`);
}

/** How the workers will log in, as far as it is known before the users are. */
export function connectionsOf(args: Partial<MigrationArgs>): Connections {
  const connection = (side: Side): Connections[Side] => {
    const cluster = args[side];
    // A CA is always there: the operator's Secret, a given one, or the system's.
    const login = cluster?.anonymous === true ? {} : { authentication: authenticationOf(cluster) };
    return {
      ...login,
      ...(cluster?.tls === false ? {} : { tls: { trustedCertificates: [{ secretName: "", certificate: "" }] } }),
    };
  };
  return { origin: connection("origin"), target: connection("target") };
}

function authenticationOf(cluster: MigrationCluster | undefined): Connections[Side]["authentication"] {
  const { given, operator } = cluster ?? {};
  if (given?.authentication !== undefined) return given.authentication;
  const type =
    given === undefined
      ? (operator?.authentication ?? "scram-sha-512")
      : checkCredentials(credentialsOf(given), new Mistakes()).toLowerCase();
  return { type } as Connections[Side]["authentication"];
}

/** The credentials without what only the workers need. */
export function credentialsOf({ authentication: _ofWorkers, ...credentials }: GivenMirrorUser): GivenUser {
  return credentials;
}
