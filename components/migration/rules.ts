import { Mistakes } from "../../engine/errors";
import { modelFrom } from "../../engine/mirror-configuration";
import type { Side } from "../../engine/model";
import { SIDES } from "../../engine/sides";
import { refusals, type UserView } from "../../engine/rules";
import { checkCredentials } from "../given/given-credentials";
import { type Connections, type ResolvedMirror, viewOf } from "../mirror/rules";
import { DEFAULT_USER } from "../user/rules";
import { profileRules } from "../user/settings";
import type { MigrationArgs } from "../settings/migration";
import type { GivenMirrorUser, GivenUser, MigrationCluster } from "../settings/users";

/**
 * Returns what the policy pack's mandatory rules forbid in a migration and its mirror's users, before anything is
 * declared. `abandon` and `checkpoints: always` are not checked here: the user sets them deliberately, and the pack
 * reports them to the reviewer.
 */
export function migrationRefusals(args: Partial<MigrationArgs>, resolved: ResolvedMirror): string[] {
  const subject = { resource: "", label: "" };
  const profile = args.profile ?? "least";
  const users = SIDES.flatMap((side): UserView[] => {
    const maker =
      args[side]?.operator !== undefined ? "operator" : args[side]?.kafka !== undefined ? "kafka" : undefined;
    if (maker === undefined) return [];
    const rules = profileRules(side, profile, modelFrom(resolved));
    return [
      {
        ...subject,
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
      { ...subject, kind: "ConsumerOffsets" },
      { ...subject, kind: "Gate" },
    ],
  };
  // The guide's rights are wide. This is documented, so they are not reported.
  return refusals(view, profile === "guide" ? ["origin-write-everything"] : []).map((mistake) => `mirror: ${mistake}`);
}

/** Returns how the workers will log in, as far as this is known before the users exist. */
export function connectionsOf(args: Partial<MigrationArgs>): Connections {
  const connection = (side: Side): Connections[Side] => {
    const cluster = args[side];
    // There is always a CA: the operator's Secret, a given one, or the system's.
    const login = cluster?.anonymous === true ? {} : { authentication: authenticationOf(cluster) };
    return {
      ...(typeof cluster?.bootstrapServers === "string"
        ? { bootstrapServers: withoutEmpty(cluster.bootstrapServers) }
        : {}),
      ...login,
      ...(cluster?.tls === false ? {} : { tls: { trustedCertificates: [{ secretName: "", certificate: "" }] } }),
    };
  };
  return { origin: connection("origin"), target: connection("target") };
}

/** An empty address is a mistake whatever the version. `valueMistakes` reports it, so the rule must not do so again. */
function withoutEmpty(servers: string): string {
  return servers
    .split(",")
    .filter((address) => address.trim() !== "")
    .join(",");
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

/** Returns the credentials without what only the workers need. */
export function credentialsOf({ authentication: _ofWorkers, ...credentials }: GivenMirrorUser): GivenUser {
  return credentials;
}
