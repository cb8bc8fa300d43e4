import * as pulumi from "@pulumi/pulumi";
import { clientPasswordsStep } from "./handlers/client-passwords";
import { clientsCaStep } from "./handlers/clients-ca";
import { clientsReadyStep, unclaimedClientsStep } from "./handlers/clients-kubernetes";
import { clientsStayStep } from "./handlers/clients-stay";
import { connectorOffsetsStep } from "./handlers/connector-offsets";
import { accessStep } from "./handlers/access";
import { consumerOffsetsStep } from "./handlers/consumer-offsets";
import { copySharesStep, copyThrottleStep } from "./handlers/copy-throttle";
import { fenceStep } from "./handlers/fence";
import { gateStep } from "./handlers/gate";
import { guardStep } from "./handlers/guard";
import type { StepInputs } from "./handlers/inputs";
import { checkpointsTopicStep, internalTopicStep, mirrorGoneStep } from "./handlers/internal-topics";
import { passwordStep } from "./handlers/password";
import { preflightStep } from "./handlers/preflight";
import { readyStep } from "./handlers/ready";
import { replicationStep } from "./handlers/replication";
import { reportStep } from "./handlers/report";
import { residueStep } from "./handlers/residue";
import { returnStartStep } from "./handlers/return-start";
import { secretValuesStep } from "./handlers/secret-values";
import { topicResourcesStep } from "./handlers/topic-resources";
import { unclaimedStep } from "./handlers/unclaimed";
import { unclaimedClientUsersStep } from "./handlers/unclaimed-client-users";
import { unclaimedUserStep } from "./handlers/unclaimed-user";
import { verificationStep } from "./handlers/verification";
import { wayBackStep } from "./handlers/way-back";
import { type StepInputsOf, stepResource } from "./step-resource";

/*
 * One resource class per step. To add a step, write its file in `handlers/` and add a class here. The dynamic provider
 * looks up steps in the exports of this file.
 */

export type { ReportLocation } from "./handlers/inputs";
export type { Unasked } from "./handlers/unasked";

/** Arguments that a program passes to every step of a migration. */
export type StepArgs = StepInputsOf<StepInputs>;

/**
 * Checks both clusters before anything is created. With stage `privileges`: checks them as the mirror's own users,
 * before the mirror is created.
 */
export class Preflight extends stepResource(preflightStep) {}

/** Keeps the checkpoints topic until this resource is deleted. */
export class CheckpointsTopic extends stepResource(checkpointsTopicStep) {}

/** One internal topic of MirrorMaker 2. Deleting this resource deletes the topic. */
export class InternalTopicResource extends stepResource(internalTopicStep) {}

/** On deletion: proves that the mirror is gone and that every topic to delete belongs to the mirror. */
export class MirrorGone extends stepResource(mirrorGoneStep) {}

/** Divides `mirror.throttleBytesPerSecond` by the number of brokers, before the mirror's users are created. */
export class CopyShares extends stepResource(copySharesStep) {}

/** Limits the mirror in phase `mirror`, and lifts the limit before a cutover. */
export class CopyThrottle extends stepResource(copyThrottleStep) {}

/** Compares who may do what on both clusters, before anything else of a cutover happens. */
export class Access extends stepResource(accessStep) {}

/** Denies writes on the migrated origin topics during the cutover. */
export class Fence extends stepResource(fenceStep) {}

/** Opens when the copy is complete. On clean-up and destroy the gate runs before anything is deleted. */
export class Gate extends stepResource(gateStep) {}

/**
 * Depends on all other resources, so it is deleted first. Its deletion runs the gate before anything else is deleted.
 */
export class Guard extends stepResource(guardStep) {}

/** Compares both sides. Its mode sets how many records it compares. */
export class Verification extends stepResource(verificationStep) {}

/** Copies the offsets of source connectors to the target's Connect clusters. */
export class ConnectorOffsets extends stepResource(connectorOffsetsStep) {}

/** Moves the consumer groups to their exact offsets on the target. */
export class ConsumerOffsets extends stepResource(consumerOffsetsStep) {}

/** Sets the target's replication factors, at cutover or on deletion. */
export class Replication extends stepResource(replicationStep) {}

/**
 * After the replication reset: KafkaTopics of the migrated topics, or the same as files. Deleting it deletes nothing.
 */
export class TopicResources extends stepResource(topicResourcesStep) {}

/** Opens the way back of one part after its cutover. In phase `returned` brings everything back to the origin. */
export class WayBack extends stepResource(wayBackStep) {}

/** Writes where the return mirror starts, after the mirror has left the part's topics. */
export class ReturnStart extends stepResource(returnStartStep) {}

/** Writes the report after the last step of each phase. */
export class Report extends stepResource(reportStep) {}

/** On deletion: proves by listing that nothing is left behind, and adds the result to the report. */
export class Residue extends stepResource(residueStep) {}

/**
 * Waits until an operator reports an object as ready. Fails at once, with the operator's message, if the operator
 * reports NotReady. Pulumi's own `pulumi.com/waitFor` cannot do this: it joins its conditions with "and", so it ignores
 * NotReady, waits until its timeout and hides the message.
 */
export class Ready extends stepResource(readyStep) {}

/**
 * Reads values of a Secret that an operator creates. Waits until the Secret exists. If the Secret changes, the next
 * `up` reads it again. Unlike `Secret.get` it needs no cluster at preview, and its error says what is missing.
 */
export class SecretValues extends stepResource(secretValuesStep) {
  /** Returns one value as text. The output is secret. */
  text(key: string): pulumi.Output<string> {
    return pulumi.secret(this.values.apply((values) => Buffer.from(values[key] ?? "", "base64").toString("utf8")));
  }
}

/**
 * Checks an object's name before the object is created. An `up` that was killed may have created the object without
 * recording it in the state, so the provider takes over an object that exists. This check prevents it from taking over
 * an object that this stack did not create.
 * @throws MigrationError OBJECT_TAKEN, KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE
 */
export class Unclaimed extends stepResource(unclaimedStep) {}

/**
 * The same check for a user that is created through the Kafka protocol. Kafka would give an existing user a new
 * password.
 * @throws MigrationError USER_TAKEN
 */
export class UnclaimedUser extends stepResource(unclaimedUserStep) {}

/** A random password. It is created once and stays secret. */
export class Password extends stepResource(passwordStep) {}

/**
 * Checks the names of all users of applications on a cluster with an operator, before they are created.
 * @throws MigrationError OBJECT_TAKEN with every object that somebody else has
 */
export class UnclaimedClients extends stepResource(unclaimedClientsStep) {}

/**
 * The same check on a cluster without an operator.
 * @throws MigrationError USER_TAKEN with every user that exists
 */
export class UnclaimedClientUsers extends stepResource(unclaimedClientUsersStep) {}

/** Reads the passwords of applications' users from the Secrets of the origin's operator. */
export class ClientPasswords extends stepResource(clientPasswordsStep) {
  /** Returns the password of one user in base64, as in the Kubernetes API. The output is secret. */
  of(user: string): pulumi.Output<string> {
    return pulumi.secret(this.passwords.apply((passwords) => passwords[user] ?? ""));
  }
}

/** Waits until the target's operator reports every user of an application as ready. */
export class ClientsReady extends stepResource(clientsReadyStep) {}

/** Says which users of applications stay when the migration, or a user in its list, is removed. */
export class ClientsStay extends stepResource(clientsStayStep) {}

/** Warns about users whose certificates the target does not trust. */
export class ClientsCa extends stepResource(clientsCaStep) {}
