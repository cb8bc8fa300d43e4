import type * as pulumi from "@pulumi/pulumi";
import type { AclRule } from "../../engine/acls";
import { allow, cluster } from "../../engine/acls/rules";
import { fetchBytesOf, type ThrottledUser } from "../../engine/copy-throttle";
import type { Side } from "../../engine/model";
import { SIDES } from "../../engine/sides";
import { defaultsOf } from "../../engine/setting";
import { CopyShares, CopyThrottle } from "../../lifecycle/resources";
import { type MigrationArgs, stepShape } from "../settings/migration";
import type { SourceConnectorSettings } from "../settings/mirror";
import type { AroundMirror } from "./around-mirror";
import { ownPrincipals } from "./objects";
import { wavePhase } from "./waves";

/** The quota of a KafkaUser that limits the mirror on each cluster. */
const FIELD = { origin: "consumerByteRate", target: "producerByteRate" } as const;

/** The source connector's names of the largest response, of all partitions together and of one. */
const [FETCH, OF_ONE_PARTITION] = ["consumer.fetch.max.bytes", "consumer.max.partition.fetch.bytes"] as const;

type Args = Partial<MigrationArgs>;

const isThrottled = ({ mirror }: Args): boolean => mirror?.throttleBytesPerSecond !== undefined;

/** True while every part only copies. Whatever else happens to a part has to wait for the rest of its records. */
export const isLimited = ({ phase = defaultsOf(stepShape).phase, waves = [] }: Args): boolean =>
  phase === "mirror" && waves.every((wave) => wavePhase(wave) === "mirror");

/** Principal that the mirror logs in with. Undefined: it is not known here, or there is no login. */
function principalOn(side: Side, args: Pick<MigrationArgs, Side>): string | undefined {
  const { given } = args[side];
  if (given === undefined) return ownPrincipals(args as MigrationArgs)[side][0];
  return typeof given.username === "string" && given.username !== "" ? `User:${given.username}` : undefined;
}

/** The settings that make the rate exact. What the program sets itself is kept. */
export function limitedFetches({ mirror, origin }: Args): { sourceConnector?: SourceConnectorSettings } {
  const { throttleBytesPerSecond, sourceConnector: own } = mirror ?? {};
  if (throttleBytesPerSecond === undefined) return {};
  const bytes = fetchBytesOf(throttleBytesPerSecond, origin?.brokers);
  return { sourceConnector: { ...own, config: { [FETCH]: bytes, [OF_ONE_PARTITION]: bytes, ...own?.config } } };
}

/** The largest response to the mirror, in bytes. */
const fetchBytes = (args: Args): number => Number(limitedFetches(args).sourceConnector?.config?.[FETCH]);

/** Mistakes of a limit that no quota could express. */
export function throttleMistakes(args: Args): string[] {
  if (!isThrottled(args)) return [];
  return SIDES.flatMap((side) => {
    const of = args[side];
    if (of === undefined) return [];
    if (of.anonymous === true)
      return [
        `mirror.throttleBytesPerSecond needs a user of the mirror on the ${side}: with ${side}.anonymous every client ` +
          "is User:ANONYMOUS, and the quota would limit all of them; let the mirror log in, or remove the limit",
      ];
    return principalOn(side, args as MigrationArgs) === undefined
      ? [
          `mirror.throttleBytesPerSecond needs the name of the mirror's user on the ${side}, and only the brokers know ` +
            `that of a certificate or a token: set ${side}.given.username (in a stack ${side}.username) to the principal ` +
            "without User:, for example CN=mirror, or remove the limit",
        ]
      : [];
  });
}

/**
 * Rights of the administrators for the quotas. An operator sets those of its own users, so there they are only read.
 */
export const throttleRights = (side: Side, args: Args): AclRule[] =>
  isThrottled(args) ? [allow(cluster, args[side]?.operator === undefined ? "AlterConfigs" : "DescribeConfigs")] : [];

/** Principals whose quotas must be gone in the end. Undefined: the mirror was never limited. */
export const throttledPrincipals = (args: MigrationArgs): Record<Side, string[]> | undefined =>
  isThrottled(args) ? { origin: [principalOn("origin", args)!], target: [principalOn("target", args)!] } : undefined;

/** What limits the copy of a migration, in the order of declaration. */
export class CopyLimit {
  /** The mirror's users depend on it. */
  readonly shares: CopyShares;
  private readonly users: Record<Side, ThrottledUser>;

  /** Declares what divides the rate. */
  constructor(
    private readonly around: AroundMirror,
    private readonly args: MigrationArgs,
    after: pulumi.Resource[],
  ) {
    const user = (side: Side): ThrottledUser => ({
      principal: principalOn(side, args)!,
      operator: args[side].operator !== undefined,
    });
    this.users = { origin: user("origin"), target: user("target") };
    const bytesPerSecond = args.mirror!.throttleBytesPerSecond!;
    this.shares = new CopyShares(
      around.named("copy-shares"),
      { ...around.step, bytesPerSecond, fetchBytes: fetchBytes(args), users: this.users },
      { parent: around.parent, dependsOn: after },
    );
  }

  /** The quotas of the mirror's KafkaUser. Undefined: the limit is lifted. */
  quotas(side: Side): Record<string, pulumi.Output<number>> | undefined {
    if (!isLimited(this.args)) return undefined;
    return { [FIELD[side]]: this.shares.shares.apply((shares) => shares[side]) };
  }

  /** Declares what sets the limit, and lifts it. The mirror and the steps of every part depend on it. */
  declare(after: pulumi.Resource[]): CopyThrottle {
    const { parent, named, step, abandon } = this.around;
    const givenUp = abandon ? { abandon } : {};
    return new CopyThrottle(
      named("copy-throttle"),
      { ...step, ...givenUp, users: this.users, shares: this.shares.shares, limited: isLimited(this.args) },
      { parent, dependsOn: after },
    );
  }
}

/** Undefined: the copy is not limited. */
export const copyLimit = (
  around: AroundMirror,
  args: MigrationArgs,
  after: pulumi.Resource[],
): CopyLimit | undefined => (isThrottled(args) ? new CopyLimit(around, args, after) : undefined);
