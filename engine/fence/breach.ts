import { type OpenKafka, withCluster } from "../clusters";
import { MigrationError } from "../errors";
import type { MigrationModel } from "../model";
import { countText, someOf } from "../units";
import { endsOf, movementsSince, written } from "./movement";
import { fencedTopics } from "./acls";
import type { Movement, TopicEnds } from "./types";

/** @param when in words, e.g. "while the fence was up" */
export function breached(wrote: readonly Movement[], when: string): MigrationError {
  return new MigrationError(
    "FENCE_BREACHED",
    `${countText(wrote.length, "partition")} of the origin received writes ${when}`,
    {
      details: wrote.slice(0, 20).map((m) => `${m.topic}-${m.partition}: ${m.from} -> ${m.to}`),
      fix:
        "stop these producers (ACLs do not apply to super users; see docs/fence.md for clusters with a user " +
        "operator), then run `pulumi up` again",
    },
  );
}

/** The warning for writes to the origin when no fence had to stop them. It says what to do. */
export function writtenText(wrote: readonly Movement[]): string {
  const where = someOf(wrote.map((m) => `${m.topic}-${m.partition} ${m.from} -> ${m.to}`));
  return (
    `${countText(wrote.length, "partition")} of the origin received writes since the gate passed: ${where}. ` +
    "Stop these producers and run `pulumi up` again before clients start on the target"
  );
}

/** The writes to the migrated topics of the origin since `provedEnds`. */
export async function writtenOnOrigin(
  model: MigrationModel,
  provedEnds: TopicEnds,
  open?: OpenKafka,
): Promise<Movement[]> {
  return withCluster(
    model,
    "origin",
    async (origin) =>
      written(
        origin,
        movementsSince(
          provedEnds,
          await endsOf(origin, fencedTopics(await origin.listTopics(), model.mirror)),
          model.mirror,
        ),
      ),
    open,
  );
}
