import { setTimeout as sleep } from "node:timers/promises";
import { type OpenKafka, withClusters } from "../clusters";
import { ConnectStateReader } from "../connect-state";
import { MigrationError } from "../errors";
import type { Acl, KafkaPort } from "../kafka/port";
import type { MigrationModel, MirrorModel } from "../model";
import { mayBeEmpty, NOTHING_OUTSIDE } from "../parts";
import type { Progress } from "../progress";
import { countText, someOf } from "../units";
import { type Ends, endsOf, movements } from "./movement";
import { compare, type FenceAcl } from "./acls";
import { keepLook } from "./last-look";
import { createMarkers, inBatches, restoreMarkers } from "./markers";
import { wanted } from "./needed";
import type { FenceOptions, Movement, RaisedFence } from "./types";

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
      const { raised, ends } = await raiseOn(origin, model.mirror, options, progress, wait, () => allowed);
      if (raised.writing.length === 0) keepLook(model, options, { at: Date.now(), raised, ends });
      return raised;
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
