import * as pulumi from "@pulumi/pulumi";
import { consumerOffsetsStep } from "./handlers/consumer-offsets";
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
import { secretValuesStep } from "./handlers/secret-values";
import { unclaimedStep } from "./handlers/unclaimed";
import { unclaimedUserStep } from "./handlers/unclaimed-user";
import { verificationStep } from "./handlers/verification";
import { type StepInputsOf, stepResource } from "./step-resource";

/*
 * The resource of each step. A new step is its file in `handlers/` and a line here: this list is also where the dynamic
 * provider finds it.
 */

export type { ReportPlace } from "./handlers/place";

/** What a program gives every step of a migration. */
export type StepArgs = StepInputsOf<StepInputs>;

/** Checks both clusters before anything is made, or (`privileges`) as the mirror's own users before the mirror. */
export class Preflight extends stepResource(preflightStep) {}

/** Keeps the checkpoints topic until it is removed. */
export class CheckpointsTopic extends stepResource(checkpointsTopicStep) {}

/** One internal topic of MirrorMaker 2; its removal deletes the topic. */
export class InternalTopicResource extends stepResource(internalTopicStep) {}

/** Its removal proves that the mirror is gone and that every topic to delete is the mirror's own. */
export class MirrorGone extends stepResource(mirrorGoneStep) {}

/** Denies writes on the migrated origin topics while the cutover is under way. */
export class Fence extends stepResource(fenceStep) {}

/** Opens when the copy is complete; on the way down it is asked first. */
export class Gate extends stepResource(gateStep) {}

/** Depends on all the others, so that it is deleted first: its removal asks the gate before anything is taken away. */
export class Guard extends stepResource(guardStep) {}

/** Compares both sides, record by record as far as its mode says. */
export class Verification extends stepResource(verificationStep) {}

/** Moves the consumer groups to their exact place on the target. */
export class ConsumerOffsets extends stepResource(consumerOffsetsStep) {}

/** Sets the target's replication factors right, at cutover or on removal. */
export class Replication extends stepResource(replicationStep) {}

/** Writes the report after the last step of each phase. */
export class Report extends stepResource(reportStep) {}

/** Its removal proves by listing that nothing is left behind, and adds that to the report. */
export class Residue extends stepResource(residueStep) {}

/**
 * Waits until an operator has made an object ready, and fails at once, with the operator's own message, when it says
 * NotReady. Pulumi's own `pulumi.com/waitFor` can't: its conditions are joined by "and", so it never notices NotReady,
 * runs out and hides the message.
 */
export class Ready extends stepResource(readyStep) {}

/**
 * Reads values of a Secret that an operator makes: waits until it is there, and follows it with the next `up` when it
 * has changed. Unlike `Secret.get` it needs no cluster at preview, and fails with a message that says what is missing.
 */
export class SecretValues extends stepResource(secretValuesStep) {
  /** One value as text; secret. */
  text(key: string): pulumi.Output<string> {
    return pulumi.secret(this.values.apply((values) => Buffer.from(values[key] ?? "", "base64").toString("utf8")));
  }
}

/**
 * Stands before an object that is about to be made. A killed `up` may have made it without noting it down, so the
 * provider takes over what is there; this makes sure that nothing is taken over that another stack, or nobody, made.
 * @throws MigrationError OBJECT_TAKEN, KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE
 */
export class Unclaimed extends stepResource(unclaimedStep) {}

/**
 * The same before a user that is made through Kafka's own interface, which gives a name that exists another password.
 * @throws MigrationError USER_TAKEN
 */
export class UnclaimedUser extends stepResource(unclaimedUserStep) {}

/** A random password, made once and kept secret. */
export class Password extends stepResource(passwordStep) {}
