import { type OpenKafka, withCluster } from "../clusters";
import type { Acl, KafkaPort } from "../kafka/port";
import type { MigrationModel, MirrorModel } from "../model";
import type { Progress } from "../progress";
import { countText, someOf } from "../units";
import { type FenceAcl, recordedAcls, withoutMarker } from "./acls";
import { aclsIfAny } from "./everyone";
import type { RaisedFence } from "./types";

const PER_REQUEST = 500;

export function createMarkers(origin: KafkaPort, acls: readonly FenceAcl[]): Promise<void> {
  return inBatches(
    acls.map((r) => r.marker),
    (some) => origin.createAcls(some),
  );
}

/**
 * Creates the markers that somebody removed while nothing held the fence. Without its marker an ACL of the fence looks
 * like somebody else's, so nothing would ever remove it.
 */
export async function restoreMarkers(
  origin: KafkaPort,
  mirror: MirrorModel,
  raised: RaisedFence,
  progress: Progress,
): Promise<void> {
  await restoreMissing(origin, recordedAcls(mirror, raised), (await aclsIfAny(origin)) ?? [], progress);
}

/** Creates the markers that are missing beside the fence's ACLs. @param acls every ACL of the origin */
export async function restoreMissing(
  origin: KafkaPort,
  fence: Iterable<FenceAcl>,
  acls: readonly Acl[],
  progress: Progress,
): Promise<void> {
  const lost = withoutMarker(fence, acls);
  if (lost.length === 0) return;
  await createMarkers(origin, lost);
  progress.warn(
    `fence: ${countText(lost.length, "marker")} had been removed without the ACLs (${someOf(
      lost.map((one) => one.topic),
      5,
    )}); restored, so that the fence can be lowered`,
  );
}

/** As {@link restoreMarkers}, before something lowers the fence that has no record of the raise. */
export function restoreLostMarkers(
  model: MigrationModel,
  raised: RaisedFence,
  progress: Progress,
  open?: OpenKafka,
): Promise<void> {
  return withCluster(model, "origin", (origin) => restoreMarkers(origin, model.mirror, raised, progress), open, {
    progress,
  });
}

export async function inBatches(acls: readonly Acl[], send: (some: Acl[]) => Promise<void>): Promise<void> {
  for (let from = 0; from < acls.length; from += PER_REQUEST) await send(acls.slice(from, from + PER_REQUEST));
}
