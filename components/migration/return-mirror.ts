import type * as pulumi from "@pulumi/pulumi";
import { Mistakes } from "../../engine/errors";
import { defined } from "../../engine/objects";
import type { Connection, MirrorModel, Side } from "../../engine/model";
import { shortened } from "../../engine/naming";
import { versionAtLeast } from "../../engine/version";
import { returnMirror } from "../../engine/way-back/model";
import type { TopicEnds } from "../../engine/fence";
import { Residue, ReturnStart, type StepArgs } from "../../lifecycle/resources";
import { dialectNamed } from "../dialects";
import { accessOfProvider } from "../kubernetes";
import type { Mirror } from "../mirror/mirror";
import { replicas } from "../mirror/profiles";
import type { ConfigValue, MirrorSettings } from "../settings/mirror";
import type { MigrationArgs } from "../settings/migration";
import type { MigrationCluster } from "../settings/users";
import { ClusterAccess } from "./access";
import { type AroundMirror, declareMirror, declarePrivileges, declareRemoval } from "./around-mirror";
import { mirrorName, mirrorNamespace, namesOf } from "./names";
import { ownObjects, ownPrincipals } from "./objects";
import type { WayBackPlace } from "./part";
import { LONGEST_MIRROR } from "./values";
import type { Part } from "./waves";
import { HEARTBEATS_OFF_SINCE } from "./way-back-mistakes";

/** `return`, or `return-<wave>`: the ending of every name that belongs to a part's return mirror. */
export const returnSuffix = ({ wave }: Pick<Part, "wave">): string =>
  wave === undefined ? "return" : `return-${wave}`;

/** Longest common name of a certificate, in characters (RFC 5280). */
const LONGEST_COMMON_NAME = 64;

const returnName = (args: MigrationArgs, part: Part): string =>
  shortened(`${mirrorName(args)}-${returnSuffix(part)}`, LONGEST_MIRROR);

/** Numbers of replicas were chosen for the target's brokers. The origin may have fewer. */
const withoutFactors = (config: Record<string, ConfigValue>): Record<string, ConfigValue> =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !key.endsWith("replication.factor")));

/**
 * The profile guide does not set these, and Connect's default is three. The return mirror's storage is on the origin,
 * which may have fewer brokers, and no setting of the user reaches it.
 */
function storageFactors({ profile, origin }: MirrorSettings): Record<string, ConfigValue> {
  if (profile !== "guide") return {};
  const factor = replicas(origin?.brokers);
  return {
    "offset.storage.replication.factor": factor,
    "config.storage.replication.factor": factor,
    "status.storage.replication.factor": factor,
  };
}

/** The settings of a part's return mirror: a migration from the target to the origin, of the part's topics only. */
export interface ReturnSettings {
  args: MigrationArgs;
  mirror: MirrorModel;
  settings: MirrorSettings;
}

/** Returns the settings of a part's return mirror. Its objects have names of their own. */
export function returnSettings(args: MigrationArgs, settings: MirrorSettings, part: Part): ReturnSettings {
  const mirror = returnMirror(part.mirror);
  const name = returnName(args, part);
  const cluster = (side: Side): MigrationCluster => {
    const { existingSecrets, ...same } = args[side];
    const names = namesOf(side, args[side]);
    return {
      ...same,
      ...defined({ existingSecrets }),
      names: {
        // With client certificates the name is the certificate's common name.
        user: shortened(`${names.user}-${returnSuffix(part)}`, LONGEST_COMMON_NAME),
        administrator: names.administrator,
        // Existing Secrets are used as they are, under their own names.
        credentialsSecret:
          existingSecrets?.credentials === true ? names.credentialsSecret : `${name}-${side}-credentials`,
        caSecret: existingSecrets?.ca === true ? names.caSecret : `${name}-${side}-ca`,
      },
    };
  };
  const {
    origin = {},
    target = {},
    sourceConnector,
    checkpointConnector: _c,
    heartbeatConnector: _h,
    ...same
  } = settings;
  const { replicationFactor: _r, ...choices } = same;
  return {
    args: {
      ...args,
      // The guide's rights are wide. On the origin the return mirror may write only to the part's topics.
      profile: args.profile === "guide" ? "least" : args.profile,
      origin: cluster("target"),
      target: cluster("origin"),
      mirror: { ...args.mirror, name },
      waves: [],
    } as MigrationArgs,
    mirror,
    settings: {
      ...choices,
      origin: { alias: mirror.originAlias, ...defined({ brokers: target.brokers }) },
      target: {
        alias: mirror.targetAlias,
        ...defined({ brokers: origin.brokers }),
        config: { ...withoutFactors(target.config ?? {}), ...storageFactors(settings) },
        groupId: mirror.groupId,
        offsetStorageTopic: mirror.offsetStorageTopic,
        configStorageTopic: mirror.configStorageTopic,
        statusStorageTopic: mirror.statusStorageTopic,
      },
      topicsPattern: mirror.topicsPattern,
      ...defined({ topicsExcludePattern: mirror.topicsExcludePattern }),
      checkpointConnector: false,
      // The topics on the origin belong to their owners, and so do their settings.
      sourceConnector: {
        ...sourceConnector,
        config: {
          ...withoutFactors(sourceConnector?.config ?? {}),
          "offset-syncs.topic.location": "target",
          "sync.topic.configs.enabled": false,
          "sync.topic.acls.enabled": false,
          ...(versionAtLeast(mirror.kafkaVersion, HEARTBEATS_OFF_SINCE)
            ? { "heartbeats.replication.enabled": false }
            : {}),
        },
      },
    },
  };
}

/**
 * The principal of a part's return mirror on the origin. Undefined: it is not known here (a certificate or a token), or
 * there is no login.
 */
export function principalOf(args: MigrationArgs, settings: MirrorSettings, part: Part): string | undefined {
  const { args: swapped } = returnSettings(args, settings, part);
  const { given } = swapped.target;
  if (given !== undefined) return typeof given.username === "string" ? `User:${given.username}` : undefined;
  return ownPrincipals(swapped).target[0];
}

/** Where the return mirror of a part is, for the step that deletes it. */
export function wayBackPlace(parent: pulumi.Resource, args: MigrationArgs, part: Part): WayBackPlace {
  const { mirrorApiVersion } = dialectNamed(args.dialect, new Mistakes());
  const { provider, kubeconfig, context } = args.mirror ?? {};
  return {
    place: {
      apiVersion: mirrorApiVersion,
      kind: "KafkaMirrorMaker2",
      namespace: mirrorNamespace(args),
      name: returnName(args, part),
    },
    access: accessOfProvider(
      provider ?? parent.getProvider("kubernetes:core/v1:Secret"),
      defined({ kubeconfig, context }),
    ),
  };
}

export interface ReturnContext {
  name: string;
  parent: pulumi.Resource;
  part: Part;
  args: MigrationArgs;
  settings: MirrorSettings;
  /** The arguments of the part's steps, with the forward mirror. */
  step: StepArgs;
  administrators: Record<Side, pulumi.Output<Connection>>;
  abandon: boolean;
  /** The ends of the target's partitions when the gate passed. */
  targetEnds: pulumi.Output<TopicEnds | null>;
  /** The ends of the origin's partitions at that time. */
  gateEnds: pulumi.Output<TopicEnds | null>;
}

/**
 * The mirror that copies a part back from the target to the origin, with its users and Secrets, and the steps that
 * start and remove it.
 */
export class ReturnMirror {
  readonly mirror: Mirror;

  constructor(
    private readonly context: ReturnContext,
    after: pulumi.Resource[],
  ) {
    const { parent, part, step, administrators, abandon, targetEnds, gateEnds } = context;
    const { args, mirror, settings } = returnSettings(context.args, context.settings, part);
    const swapped = {
      ...step,
      ...defined({ originSecrets: step.targetSecrets, targetSecrets: step.originSecrets }),
      originConnection: step.targetConnection,
      targetConnection: step.originConnection,
      mirror,
    };
    const residue = new Residue(
      this.named("residue"),
      {
        ...swapped,
        phase: "cutover",
        abandon,
        when: "cleanup",
        look: { principals: ownPrincipals(args), fence: false },
        kubernetes: ownObjects(parent, args),
      },
      this.after(...after),
    );
    const access = (side: Side) =>
      new ClusterAccess({
        name: `${context.name}-${returnSuffix(part)}`,
        side,
        parent,
        args,
        // The rights follow the wave's own pattern. The mirror's pattern may be narrower than an ACL can be.
        mirror: { ...mirror, topicsPattern: part.mirror.scope?.topics ?? mirror.topicsPattern },
        administrator: administrators[side === "origin" ? "target" : "origin"],
      });
    const users = {
      origin: access("origin").mirrorsUser([residue]),
      target: access("target").mirrorsUser([residue]),
    };
    const around: AroundMirror = {
      parent,
      named: (step) => this.named(step),
      step: swapped,
      phase: "cutover",
      abandon,
    };
    const ready = [residue, ...users.origin.resources, ...users.target.resources];
    const connections = { origin: users.origin.connection, target: users.target.connection };
    const privileges = declarePrivileges(around, {}, connections, ready);
    const start = new ReturnStart(
      this.named("start"),
      { ...step, abandon, targetEnds, gateEnds, fence: context.args.fence ?? false },
      this.after(declareRemoval(around, [privileges])),
    );
    this.mirror = declareMirror(around, { args, settings, users }, [start]);
  }

  private named(step: string): string {
    return `${this.context.name}-${returnSuffix(this.context.part)}-${step}`;
  }

  private after(...resources: pulumi.Resource[]): pulumi.CustomResourceOptions {
    return { parent: this.context.parent, dependsOn: resources };
  }
}
