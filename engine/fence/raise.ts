import { setTimeout as sleep } from "node:timers/promises";
import { aclKey } from "../acls";
import { type OpenKafka, withCluster, withClusters } from "../clusters";
import { ConnectStateReader } from "../connect-state";
import { MigrationError } from "../errors";
import type { Acl, KafkaPort, OpenOptions } from "../kafka/port";
import type { MigrationModel, MirrorModel } from "../model";
import { mayBeEmpty, NOTHING_OUTSIDE, wholeMirror } from "../parts";
import type { Progress } from "../progress";
import { selectPairs } from "../selection";
import { countText, someOf } from "../units";
import { aclsIfAny, everyoneByDefault, saysNoAuthorizer } from "./everyone";
import { askDefault } from "./open-probe";
import { type Ends, endsOf, movements } from "./movement";
import {
  compare,
  fencedTopics,
  fenceAcls,
  markedAcls,
  type FenceAcl,
  recordedAcls,
  uncovered,
  withoutMarker,
} from "./acls";
import type { FenceOptions, FenceState, Movement, RaisedFence } from "./types";

const PER_REQUEST = 500;
const SETTLE_MS = 1000;
const SETTLE_LIMIT_MS = 15_000;

/** In this time a broker has normally applied a new ACL, and finished the requests that it had accepted. */
export const BRIEF_MS = 200;

/** For a raise before {@link whileFenced}, which looks for the rest of the time with `untilSettled`. Clients wait. */
export const settledLater = (options: FenceOptions): FenceOptions => ({
  ...options,
  settleMs: Math.min(settleMsOf(options), BRIEF_MS),
});

export const settleMsOf = ({ settleMs }: FenceOptions): number => settleMs ?? SETTLE_MS;

export function onOrigin<T>(
  model: MigrationModel,
  work: (origin: KafkaPort) => Promise<T>,
  open?: OpenKafka,
  options?: OpenOptions,
): Promise<T> {
  return withCluster(model, "origin", work, open, options);
}

/**
 * When to wait until no write is seen. `new ACLs`: not if the fence is already complete, because the earlier raise has
 * waited. `never`: a mirror writes these topics behind the fence, so its writes would count.
 */
export type WaitForWrites = "always" | "new ACLs" | "never";

/**
 * Denies writes to the migrated topics of the origin, and waits until no write is seen. Existing ACLs are kept, so it
 * is safe to run it again at any time. See docs/fence.md for what the fence does and does not guarantee.
 * @param earlier the record of an earlier raise. It shows which ACLs without a marker are the fence's
 * @throws MigrationError FENCE_NO_AUTHORIZER, FENCE_ACL_SYNC, FENCE_DEFAULT_UNKNOWN, FENCE_EXCEPT_EVERYONE
 */
export async function raiseFence(
  model: MigrationModel,
  options: FenceOptions,
  progress: Progress,
  open?: OpenKafka,
  wait?: WaitForWrites,
  earlier?: RaisedFence | null,
): Promise<RaisedFence> {
  return withClusters(
    model,
    async (clusters) => {
      // Clients wait once the first ACL is created. Until then the reading of the ACLs does not wait for the check.
      const allowed = refuseAclSync(clusters.target, model.mirror);
      allowed.catch(() => {});
      const { origin } = clusters;
      if (earlier !== undefined && earlier !== null) await restoreMarkers(origin, model.mirror, earlier, progress);
      return (await raiseOn(origin, model.mirror, options, progress, wait, () => allowed)).raised;
    },
    open,
    { progress },
  );
}

/**
 * Throws if the mirror syncs ACLs. MirrorMaker 2 copies deny ACLs on literal topics to the target and never removes
 * them there (MirrorSourceConnector.shouldReplicateAcl, Kafka 4.3). So with ACL sync the fence would lock everyone out
 * of the target.
 */
export async function refuseAclSync(target: KafkaPort, mirror: MirrorModel): Promise<void> {
  const reader = new ConnectStateReader(target, mirror);
  const { source } = await reader.read();
  reader.keep();
  // Kafka's default is true.
  if (source === undefined || source.config["sync.topic.acls.enabled"]?.trim().toLowerCase() === "false") return;
  throw new MigrationError(
    "FENCE_ACL_SYNC",
    "the mirror copies ACLs: it would copy the fence's denials to the target and stop every producer there",
    {
      fix: 'set sync.topic.acls.enabled: "false" in the source connector and restart it, or switch the fence off',
    },
  );
}

/**
 * @param allowed called if ACLs are missing. Nothing is created before it resolves, or if it rejects
 * @returns also the topics' end offsets after the writes stopped; any later change happened behind the fence
 */
export async function raiseOn(
  origin: KafkaPort,
  mirror: MirrorModel,
  options: FenceOptions,
  progress: Progress,
  wait: WaitForWrites = "always",
  allowed: () => Promise<void> = async () => {},
): Promise<{ raised: RaisedFence; ends: Ends }> {
  const { topics, needed, acls } = await wanted(origin, mirror, options);
  if (topics.length === 0 && mayBeEmpty(mirror)) progress.info(`fence: ${NOTHING_OUTSIDE}`);
  const { missing, own, ours } = compare(needed, acls);
  if (missing.length > 0) await allowed();
  // If some of the ACLs exist, producers have waited since an earlier raise.
  const closedAt = missing.length === 0 || ours.length > 0 ? {} : { closedAt: new Date().toISOString() };
  await create(origin, missing);
  const principals = [...new Set(needed.map((r) => r.acl.principal))].sort();
  if (topics.length > 0)
    progress.info(
      `fence: ${countText(topics.length, "topic")} of the origin closed for ${closedFor(principals)} ` +
        `(${countText(missing.length, "ACL")} created, ${needed.length - missing.length} existed already)`,
    );
  const { writing, ends } =
    topics.length === 0 || wait === "never" || (wait === "new ACLs" && missing.length === 0)
      ? { writing: [], ends: await endsOf(origin, topics) }
      : await settle(origin, topics, options);
  const warnings: string[] = [];
  if (writing.length > 0) {
    warnings.push(
      `${countText(writing.length, "partition")} still receiving writes with the fence up (${someOf(
        writing.map((m) => `${m.topic}-${m.partition}`),
        5,
      )}): the fence does not stop super users and excepted principals`,
    );
  }
  for (const w of warnings) progress.warn(`fence: ${w}`);
  const raisedAt = new Date().toISOString();
  return {
    raised: {
      version: 1,
      raisedAt,
      ...closedAt,
      topics: topics.length,
      principals,
      created: missing.length,
      own: own.map((r) => r.topic),
      ...recordOf(needed, own),
      writing,
      warnings,
    },
    ends,
  };
}

/** What {@link recordedAcls} needs if somebody removes the markers. */
function recordOf(needed: readonly FenceAcl[], own: readonly FenceAcl[]): Pick<RaisedFence, "denied" | "opened"> {
  const others = new Set(own.map((r) => r.topic));
  const ours = needed.filter((r) => !others.has(r.topic));
  const topicsOf = (permission: Acl["permission"]) => [
    ...new Set(ours.filter((r) => r.acl.permission === permission).map((r) => r.topic)),
  ];
  const opened = topicsOf("allow");
  return { denied: topicsOf("deny"), ...(opened.length === 0 ? {} : { opened }) };
}

/** With exceptions, only principals that an ACL allows to write are denied. There may be none. */
const closedFor = (principals: readonly string[]): string =>
  principals.length === 0 ? "nobody, because no ACL lets anybody write" : someOf(principals, 5);

/** The ACLs that the fence needs now. Topics and principals may have been added since it was raised. */
export async function wanted(
  origin: KafkaPort,
  mirror: MirrorModel,
  options: FenceOptions,
): Promise<{ topics: string[]; needed: FenceAcl[]; acls: Acl[] }> {
  const [listed, acls] = await Promise.all([origin.listTopics(), listAcls(origin)]);
  const topics = fencedTopics(listed, mirror);
  // The fence's own ACLs must not count as existing ACLs of other people. Neither must those of other parts' fences.
  const marked = markedAcls(wholeMirror(mirror), acls);
  const ours = new Set(marked.map((r) => aclKey(r.acl)));
  const others = acls.filter((a) => !ours.has(aclKey(a)));
  const opened = await mustStayOpen(origin, uncovered(topics, others), acls, options);
  return { topics, needed: fenceAcls(mirror, topics, others, options.except ?? [], opened), acls };
}

/**
 * The topics without an ACL that everybody may use. The first ACL would take that right away.
 * @param acls every ACL of the origin
 */
async function mustStayOpen(
  origin: KafkaPort,
  bare: string[],
  acls: readonly Acl[],
  options: FenceOptions,
): Promise<string[]> {
  if (bare.length === 0 || options.everyoneByDefault === false) return [];
  if (options.everyoneByDefault === true) return bare;
  const everyone = await everyoneByDefault(origin);
  if (everyone !== undefined) return everyone ? bare : [];
  // A login that is no super user sees what the brokers do with a name that no ACL covers.
  const found = await askDefault(origin, acls);
  if (found === "closed" || found === "open") return found === "open" ? bare : [];
  throw new MigrationError(
    "FENCE_DEFAULT_UNKNOWN",
    `no ACL names ${countText(bare.length, "migrated topic")} (${someOf(bare, 5)}), the brokers do not ` +
      "show allow.everyone.if.no.acl.found, and this login cannot find out what they do",
    {
      fix:
        "set fenceOptions.everyoneByDefault to the value of allow.everyone.if.no.acl.found on the origin's " +
        "brokers; with true, the fence also adds an ACL that keeps reads allowed",
    },
  );
}

async function listAcls(origin: KafkaPort): Promise<Acl[]> {
  try {
    return await origin.describeAcls();
  } catch (error) {
    if (saysNoAuthorizer(error)) {
      throw new MigrationError(
        "FENCE_NO_AUTHORIZER",
        "the origin's brokers have no authorizer, so no ACL can stop a producer",
        {
          fix: "switch the fence off (fence: false) and stop the producers; the gate checks that nothing is written",
          cause: error,
        },
      );
    }
    throw error;
  }
}

/**
 * Creates markers first, because an ACL without a marker would never be removed. ACLs that keep reads allowed come
 * before those that deny.
 */
async function create(origin: KafkaPort, acls: readonly FenceAcl[]): Promise<void> {
  await createMarkers(origin, acls);
  await inBatches(
    acls.map((r) => r.acl),
    (some) => origin.createAcls(some),
  );
}

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
  const lost = withoutMarker(recordedAcls(mirror, raised), (await aclsIfAny(origin)) ?? []);
  if (lost.length === 0) return;
  await createMarkers(origin, lost);
  sayRestored(lost, progress);
}

/** As {@link restoreMarkers}, before something lowers the fence that has no record of the raise. */
export function restoreLostMarkers(
  model: MigrationModel,
  raised: RaisedFence,
  progress: Progress,
  open?: OpenKafka,
): Promise<void> {
  return onOrigin(model, (origin) => restoreMarkers(origin, model.mirror, raised, progress), open, { progress });
}

export function sayRestored(lost: readonly FenceAcl[], progress: Progress): void {
  progress.warn(
    `fence: ${countText(lost.length, "marker")} had been removed without the ACLs (${someOf(
      lost.map((one) => one.topic),
      5,
    )}); restored, so that the fence can be lowered`,
  );
}

export async function inBatches(acls: readonly Acl[], send: (some: Acl[]) => Promise<void>): Promise<void> {
  for (let from = 0; from < acls.length; from += PER_REQUEST) await send(acls.slice(from, from + PER_REQUEST));
}

/**
 * Waits until the topics' end offsets stop changing. Brokers apply a new ACL one after the other, and some requests are
 * still in flight.
 */
async function settle(
  origin: KafkaPort,
  topics: readonly string[],
  options: FenceOptions,
): Promise<{ writing: Movement[]; ends: Ends }> {
  const limit = Date.now() + (options.settleLimitMs ?? SETTLE_LIMIT_MS);
  for (let before = await endsOf(origin, topics); ; ) {
    await sleep(settleMsOf(options));
    const after = await endsOf(origin, topics);
    const writing = movements(before, after);
    if (writing.length === 0 || Date.now() >= limit) return { writing, ends: after };
    before = after;
  }
}

/**
 * Returns true if any part of a fence exists on topics that this migration copies. It looks for the markers on the
 * cluster, independent of any state. Topics of another migration with the same aliases do not count.
 */
export async function fenceIsThere(model: MigrationModel, open?: OpenKafka): Promise<boolean> {
  const topics = await onOrigin(
    model,
    async (origin) => markedAcls(model.mirror, (await aclsIfAny(origin)) ?? []).map((r) => r.topic),
    open,
  );
  return selectPairs([...new Set(topics)], model.mirror).length > 0;
}

/** Checks whether the fence is up. @param earlier as in {@link raiseFence} */
export async function checkFence(
  model: MigrationModel,
  options: FenceOptions,
  earlier?: RaisedFence | null,
  open?: OpenKafka,
): Promise<FenceState> {
  return onOrigin(model, (origin) => checkOn(origin, model.mirror, options, earlier), open);
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
  const leftovers = [...new Set([...topicsOf(markedAcls(mirror, acls)), ...lost])].filter((t) => !fenced.has(t));
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
