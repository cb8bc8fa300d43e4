import type * as pulumi from "@pulumi/pulumi";
import { defined } from "../../engine/objects";
import type { Connection, MirrorModel, Phase, Side } from "../../engine/model";
import { internalTopics } from "../../engine/naming";
import type { PreflightOptions } from "../../engine/preflight";
import { InternalTopicResource, MirrorGone, Preflight, type StepArgs, type Unasked } from "../../lifecycle/resources";
import { Mirror } from "../mirror/mirror";
import type { MirrorSettings } from "../settings/mirror";
import type { MigrationArgs } from "../settings/migration";
import type { MirrorAccess } from "./access";

/** Longest time to wait until the workers have left after their resource is deleted, in seconds. */
const LEAVING_SECONDS = 300;

/** A mirror of a migration, forward or back: what its resource and the steps around it are declared with. */
export interface AroundMirror {
  parent: pulumi.Resource;
  named: (part: string) => string;
  /** The arguments of the mirror's steps. */
  step: StepArgs & { mirror: MirrorModel };
  phase: Phase;
  abandon: boolean;
}

/** Checks the rights as the mirror's own users. Without one of these rights the mirror would stop silently. */
export function declarePrivileges(
  { parent, named, step, phase, abandon }: AroundMirror,
  options: PreflightOptions,
  mirrorConnections: Record<Side, pulumi.Output<Connection>>,
  after: pulumi.Resource[],
): Preflight {
  return new Preflight(
    named("privileges"),
    {
      ...step,
      phase,
      abandon,
      stage: "privileges",
      options,
      mirrorOriginConnection: mirrorConnections.origin,
      mirrorTargetConnection: mirrorConnections.target,
    },
    { parent, dependsOn: after },
  );
}

/**
 * Declares the steps that delete what the mirror has written for itself, after its resource is deleted. The mirror
 * depends on them. Each topic to delete is a separate resource.
 * @param unasked how the gate decides, if it has to be asked here when no step that asks it is in the state
 */
export function declareRemoval(
  { parent, named, step, abandon }: AroundMirror,
  after: pulumi.Resource[],
  unasked: Unasked = {},
): MirrorGone {
  const givenUp = abandon ? { abandon } : {};
  const topics = internalTopics(step.mirror)
    .filter((topic) => topic.kind !== "checkpoints")
    .map(
      (topic) =>
        new InternalTopicResource(
          named(`${topic.side}-${topic.name}`),
          { ...step, ...givenUp, topic },
          { parent, dependsOn: after },
        ),
    );
  return new MirrorGone(
    named(`target-group-${step.mirror.groupId}`),
    { ...step, ...givenUp, ...unasked, limitSeconds: LEAVING_SECONDS },
    { parent, dependsOn: topics },
  );
}

/** Declares the mirror's resource, with the connections of its users. */
export function declareMirror(
  { parent, named }: Pick<AroundMirror, "parent" | "named">,
  { args, settings, users }: { args: MigrationArgs; settings: MirrorSettings; users: Record<Side, MirrorAccess> },
  after: pulumi.Resource[],
): Mirror {
  const side = (which: Side) => ({
    ...settings[which],
    bootstrapServers: args[which].bootstrapServers,
    authentication: users[which].authentication,
    tls: users[which].tls,
  });
  const { provider, kubeconfig, context, name, namespace } = args.mirror ?? {};
  return new Mirror(
    named("mirror"),
    {
      ...settings,
      ...defined({ name, namespace, kubeconfig, context }),
      origin: side("origin"),
      target: side("target"),
    },
    { parent, dependsOn: after, ...defined({ provider }) },
  );
}
