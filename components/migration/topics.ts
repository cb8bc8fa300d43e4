import type * as pulumi from "@pulumi/pulumi";
import { Mistakes } from "../../engine/errors";
import { defaultsOf } from "../../engine/setting";
import type { MirrorModel } from "../../engine/model";
import type { TopicResourcesInputs } from "../../lifecycle/handlers/topic-resources";
import { TopicResources } from "../../lifecycle/resources";
import { describeClients } from "../clients/describe";
import { dialectNamed } from "../dialects";
import { stackOwner } from "../kubernetes";
import { projectFolder } from "../project";
import { type MigrationArgs, stepShape } from "../settings/migration";
import { clientArgs, hasClients } from "./clients";
import { userDialect } from "./names";

type TopicArgs = ConstructorParameters<typeof TopicResources>[1];

/**
 * Declares the step that gives the topics of a part their KafkaTopics. Undefined: `topics` is `none`. The step is
 * retained on deletion: the KafkaTopics belong to the topics' owners, and deleting one would delete its topic.
 */
export function topicResources(
  name: string,
  step: Omit<TopicArgs, "topics" | "folder" | "root" | "apiVersion" | "owner" | "replication" | "users">,
  { args, step: whole }: { args: MigrationArgs; step: Pick<TopicArgs, "mirror"> },
  options: pulumi.CustomResourceOptions,
): TopicResources | undefined {
  const standard = defaultsOf(stepShape);
  const { topics = standard.topics, topicsFolder: folder = standard.topicsFolder } = args;
  if (topics === "none") return undefined;
  const { dialect } = userDialect(args, args.target.operator);
  const { userApiVersion: apiVersion } = dialectNamed(dialect, new Mistakes());
  const what = { topics, folder, root: projectFolder(), apiVersion, owner: stackOwner() };
  return new TopicResources(
    name,
    {
      ...step,
      ...what,
      replication: args.replication ?? {},
      ...(topics === "files" ? usersOf(args, whole.mirror as MirrorModel) : {}),
    },
    { ...options, retainOnDelete: true },
  );
}

/** The KafkaUsers of applications. They name the Secrets with the passwords, and contain none. */
function usersOf(args: MigrationArgs, mirror: MirrorModel): Pick<TopicArgs, "users"> {
  if (!hasClients(args)) return {};
  const { texts } = describeClients(clientArgs(args, mirror), new Mistakes());
  return texts.length === 0 ? {} : { users: texts.map(({ text }) => text as UserText) };
}

type UserText = NonNullable<TopicResourcesInputs["users"]>[number];

/** Without an operator on the target nothing reads KafkaTopics, and their namespace is not known. */
export function topicMistakes({ topics = "none", target }: Partial<MigrationArgs>): string[] {
  return topics === "none" || target === undefined || target.operator !== undefined
    ? []
    : [`topics is "${topics}", but target.operator is missing: it names the Kafka resource that owns the topics`];
}
