import { aclKey } from "../acls";
import { type OpenKafka, withCluster } from "../clusters";
import type { KafkaPort } from "../kafka/port";
import type { MigrationModel, MirrorModel } from "../model";
import type { Progress } from "../progress";
import { countText } from "../units";
import { byAcl, ownAcls, recordedAcls } from "./acls";
import { aclsIfAny } from "./everyone";
import { dropLook } from "./last-look";
import { inBatches } from "./markers";
import type { FenceOptions, LoweredFence, RaisedFence } from "./types";

/**
 * Removes the fence: every ACL that a marker of this migration names on a topic that its patterns select, including
 * ACLs of a run that was killed. ACLs that existed before the fence stay. Does nothing if there is no fence. No option
 * matters here, because the markers contain all information.
 * @param raised the record of the raise. It shows which ACLs are the fence's without a marker, or on other topics
 */
export async function lowerFence(
  model: MigrationModel,
  _options: FenceOptions,
  progress: Progress,
  raised?: RaisedFence | null,
  open?: OpenKafka,
): Promise<LoweredFence> {
  dropLook(model);
  return withCluster(model, "origin", (origin) => lowerOn(origin, model.mirror, progress, raised), open, { progress });
}

export async function lowerOn(
  origin: KafkaPort,
  mirror: MirrorModel,
  progress: Progress,
  raised?: RaisedFence | null,
): Promise<LoweredFence> {
  const acls = (await aclsIfAny(origin)) ?? [];
  const there = new Set(acls.map(aclKey));
  const recorded = recordedAcls(mirror, raised).filter((r) => there.has(aclKey(r.acl)) || there.has(aclKey(r.marker)));
  const marked = [...byAcl([...ownAcls(mirror, acls), ...recorded]).values()];
  if (marked.length === 0) return { removed: 0 };
  const standing = marked.filter((r) => there.has(aclKey(r.acl)));
  // Remove deny ACLs first: an ACL that keeps reads allowed must not be removed before them.
  const ordered = [...standing].sort(
    (a, b) => Number(a.acl.permission === "allow") - Number(b.acl.permission === "allow"),
  );
  await inBatches(
    ordered.map((r) => r.acl),
    (some) => origin.deleteAcls(some),
  );
  await inBatches(
    marked.map((r) => r.marker),
    (some) => origin.deleteAcls(some),
  );
  progress.info(
    `fence: ${countText(standing.length, "ACL")} removed, ` +
      `${countText(new Set(marked.map((r) => r.topic)).size, "topic")} of the origin open again`,
  );
  return { removed: standing.length };
}
