import { Mistakes } from "../../engine/errors";
import type { MirrorModel } from "../../engine/model";
import { policyKind } from "../../engine/naming";
import { listText } from "../../engine/units";
import { versionAtLeast } from "../../engine/version";
import { strimziOf } from "../dialects/versions";
import { DEFAULT_DIALECT, type DialectName } from "../settings/mirror";
import type { MigrationArgs } from "../settings/migration";

/*
 * What is wrong with a way back, as far as the program alone shows it. The preflight judges what changes from one `up`
 * to the next.
 */

const wantsWayBack = ({ wayBack, waves = [] }: Partial<MigrationArgs>): boolean =>
  wayBack === true || waves.some((wave) => wave.wayBack === true);

/** The settings that ask for a way back, for messages: `waves.0.wayBack and waves.2.wayBack are true`. */
function wherever({ wayBack, waves = [] }: Partial<MigrationArgs>): string {
  const places = [
    ...(wayBack === true ? ["wayBack"] : []),
    ...waves.flatMap((wave, i) => (wave.wayBack === true ? [`waves.${i}.wayBack`] : [])),
  ];
  return places.length === 1 ? `${places[0]} is true` : `${listText(places)} are true`;
}

/** The first Strimzi version in which a person can list and alter the offsets of the return mirror. */
const OFFSETS_SINCE = "0.44";

/**
 * The first Kafka version with `heartbeats.replication.enabled`. Earlier mirrors copy every topic called heartbeats.
 */
export const HEARTBEATS_OFF_SINCE = "4.0";

/** An operator with which nobody could look at a return mirror. */
function oldOperator(args: Partial<MigrationArgs>): string[] {
  const { dialect = DEFAULT_DIALECT, operatorVersion } = args;
  if (!wantsWayBack(args)) return [];
  const strimzi = strimziOf(dialect as DialectName, operatorVersion, new Mistakes());
  return versionAtLeast(strimzi, OFFSETS_SINCE)
    ? []
    : [
        `${wherever(args)}, but the operator ${operatorVersion ?? `of dialect ${dialect}`} is older than Strimzi ` +
          `${OFFSETS_SINCE}, the first that lists and alters a connector's offsets: ` +
          "update the operator (and set operatorVersion), or migrate without a way back",
      ];
}

/** Returns the mistakes in the way back that the settings alone show. */
export function wayBackMistakes(args: Partial<MigrationArgs>): string[] {
  const { waves = [], wayBack, phase } = args;
  const refused = [...oldOperator(args), ...unknownPrincipal(args)];
  if (waves.length === 0)
    return [...refused, ...(phase === "returned" && wayBack !== true ? [notReturnable("phase", "wayBack")] : [])];
  return [
    ...refused,
    ...(wayBack === undefined ? [] : ["wayBack is not used: the migration has waves; set it on each wave"]),
    ...(phase === "returned"
      ? ['phase is "returned", but the migration has waves: only a wave can return; set the phase of a wave']
      : []),
    ...waves.flatMap((wave, i) =>
      wave.phase === "returned" && wave.wayBack !== true
        ? [notReturnable(`waves.${i}.phase`, `waves.${i}.wayBack`)]
        : [],
    ),
  ];
}

const notReturnable = (phase: string, wayBack: string): string =>
  `${phase} is "returned", but ${wayBack} is not true: nothing was copied back to the origin; set ${wayBack} to ` +
  "true before the cutover";

/** The fence has to let the return mirror through, so its principal must be known. */
function unknownPrincipal(args: Partial<MigrationArgs>): string[] {
  const { origin, fence, fenceOptions } = args;
  const given = origin?.given;
  const known = given === undefined || typeof given.username === "string" || (fenceOptions?.except ?? []).length > 0;
  if (fence !== true || !wantsWayBack(args) || known) return [];
  return [
    `fence is true, ${wherever(args)}, but the principal of origin.given is not known here: the return mirror logs in with it ` +
      'and would be fenced off; name it in fenceOptions.except, like ["User:CN=mirror"]',
  ];
}

/** Returns why no return mirror can belong to this mirror. */
export function unfitForReturn(args: Partial<MigrationArgs>, mirror: MirrorModel): string[] {
  if (!wantsWayBack(args)) return [];
  return [
    ...(policyKind(mirror) === "identity"
      ? []
      : [
          `${wherever(args)}, but the mirror's replication policy (${mirror.policyClass}) gives topics another name on ` +
            "the target: a way back needs the identity policy, in replication.policy.class of " +
            "mirror.sourceConnector.config and of mirror.checkpointConnector.config; or migrate without a way back",
        ]),
    // Older versions always copy a topic called heartbeats, whatever the patterns are.
    ...(mirror.heartbeats && !versionAtLeast(mirror.kafkaVersion, HEARTBEATS_OFF_SINCE)
      ? [
          `${wherever(args)}, and mirror.heartbeatConnector is set: before Kafka ${HEARTBEATS_OFF_SINCE} the return mirror ` +
            "would copy the heartbeats to the origin; remove one of them",
        ]
      : []),
  ];
}
