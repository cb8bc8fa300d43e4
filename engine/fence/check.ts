import { type OpenKafka, withCluster } from "../clusters";
import type { KafkaPort } from "../kafka/port";
import type { MigrationModel, MirrorModel } from "../model";
import { compare, type FenceAcl, ownAcls, recordedAcls, withoutMarker } from "./acls";
import { aclsIfAny } from "./everyone";
import { wanted } from "./needed";
import type { FenceOptions, FenceState, RaisedFence } from "./types";

/**
 * Returns true if any part of a fence exists on topics that this migration copies. It looks for the markers on the
 * cluster, independent of any state. Topics of another migration with the same aliases do not count.
 */
export async function fenceIsThere(model: MigrationModel, open?: OpenKafka): Promise<boolean> {
  const own = await withCluster(
    model,
    "origin",
    async (origin) => ownAcls(model.mirror, (await aclsIfAny(origin)) ?? []),
    open,
  );
  return own.length > 0;
}

/** Checks whether the fence is up. @param earlier as in {@link raiseFence} */
export async function checkFence(
  model: MigrationModel,
  options: FenceOptions,
  earlier?: RaisedFence | null,
  open?: OpenKafka,
): Promise<FenceState> {
  return withCluster(model, "origin", (origin) => checkOn(origin, model.mirror, options, earlier), open);
}

export async function checkOn(
  origin: KafkaPort,
  mirror: MirrorModel,
  options: FenceOptions,
  earlier?: RaisedFence | null,
): Promise<FenceState> {
  const { topics, needed, acls } = await wanted(origin, mirror, options);
  const { missing, own, ours } = compare(needed, acls);
  const fenced = new Set(topics);
  const lost = topicsOf(withoutMarker(recordedAcls(mirror, earlier), acls));
  const leftovers = [...new Set([...topicsOf(ownAcls(mirror, acls)), ...lost])].filter((t) => !fenced.has(t));
  return {
    state: ours.length + lost.length + leftovers.length === 0 ? "down" : missing.length === 0 ? "up" : "partly",
    rules: needed.length,
    missing: topicsOf(missing),
    leftovers,
    lost,
    unmarked: topicsOf(own).filter((topic) => !lost.includes(topic)),
  };
}

const topicsOf = (acls: readonly FenceAcl[]): string[] => [...new Set(acls.map((r) => r.topic))];

/** Returns true if the fence needs no ACL: no topic is migrated, or no ACL lets anybody write. Nobody can remove it. */
export const isEmptyFence = (raised: RaisedFence | null | undefined): boolean => raised?.principals?.length === 0;
