import { isDeepStrictEqual } from "node:util";
import { waitUntilLeft } from "../../engine/cleanup";
import { withCluster, withClusters } from "../../engine/clusters";
import { isMigrationError, MigrationError } from "../../engine/errors";
import { checkFence, raiseFence, type TopicEnds } from "../../engine/fence";
import { copyEnds, runGateAndNameWriters } from "../../engine/gate";
import type { MigrationModel, ProvedEnds } from "../../engine/model";
import { defined } from "../../engine/objects";
import {
  activeOnOrigin,
  type AppliedOffsets,
  applyOffsets,
  type GroupPositions,
  joinApplied,
  type KeepIntent,
  planOffsets,
  positionsIn,
  readCommitments,
  refuseActive,
  revertOffsets,
  withIdleSince,
  withOwnWrites,
  withReplaceable,
  writeJournal,
} from "../../engine/offsets";
import type { Progress } from "../../engine/progress";
import type { ReturnGate } from "../../engine/report";
import { verifyCopy, type VerifyResult } from "../../engine/verify";
import { swapProved } from "../../engine/way-back/model";
import { writeSourceOffsets } from "../../engine/way-back/source-offsets";
import { progressWithSidesSwapped, withSidesAsTheyAre, withSidesSwapped } from "../../engine/way-back/words";
import { type KubernetesObject, type KubernetesReader, openKubernetes } from "../kubernetes/reader";
import { ownerOf, ownerText } from "../owner";
import { beforeFence } from "./before-fence";
import { behindFence, type FencedInputs, lowerWhatIsThere } from "./fenced";
import { modelOf, now } from "./inputs";
import { forgetJournal, type Journalled, neededJournal } from "./journal";
import { forget, memory } from "./verification";
import { forFence, sidesSwapped, type WayBackInputs, type WayBackOutputs } from "./way-back-sides";

type Returned = Pick<WayBackOutputs, "gateResult" | "verification" | "applied" | "wentBack" | "ends">;

/** Longest wait of the gate if the return mirror is gone: what is missing then will never be copied. */
const GONE_LIMIT_MS = 5_000;
const LEAVING_SECONDS = 300;

/**
 * Brings one part back to the origin. What can refuse, refuses before anything changes. Every step can be killed and
 * repeated: nothing that the gate needs is deleted before the target's fence is lowered.
 * @returns undefined if the return mirror never ran: the `up` of the cutover failed before it was created
 */
export async function goBack(inputs: WayBackInputs, progress: Progress): Promise<Returned | undefined> {
  const kubernetes = openKubernetes(inputs);
  const mirror = await ownReturnMirror(kubernetes, inputs);
  if (mirror === undefined && !(await hasRun(modelOf(sidesSwapped(inputs))))) return undefined;
  const way = new Return(inputs, progress, mirror !== undefined);
  if (inputs.abandon) {
    progress.warn("abandoned: it is not proved that everything came back to the origin, and no group was moved");
    await way.finish(undefined, removal(kubernetes, inputs, mirror));
    return { gateResult: null, verification: null, applied: null, wentBack: null, ends: null };
  }
  await way.refuseReaders();
  await way.closeOrigin();
  const { gate, ends } = await way.prove();
  const verification = await way.verify(ends);
  const groups = await way.moveGroups(ends);
  const left = await way.finish(ends, removal(kubernetes, inputs, mirror));
  return { gateResult: gate, verification, ...groups, ends: verification === null ? null : left };
}

const removal =
  (kubernetes: KubernetesReader, { place }: WayBackInputs, mirror: KubernetesObject | undefined) =>
  async () => {
    if (mirror !== undefined) await kubernetes.remove(place, mirror);
  };

/** A worker creates this topic when it starts. It exists until the end of the `up` that returns. */
async function hasRun(back: MigrationModel): Promise<boolean> {
  const { configStorageTopic } = back.mirror;
  return withCluster(back, "target", async (origin) => (await origin.describeTopics([configStorageTopic])).length > 0);
}

/**
 * Returns the return mirror's resource. Undefined: an earlier return has deleted it, and was killed later.
 * @throws MigrationError OBJECT_TAKEN if it belongs to somebody else; KUBERNETES_FORBIDDEN if it may not be deleted
 */
async function ownReturnMirror(
  kubernetes: KubernetesReader,
  { place, owner }: WayBackInputs,
): Promise<KubernetesObject | undefined> {
  const found = await kubernetes.get(place);
  if (found === undefined) return undefined;
  const holder = ownerOf(found);
  if (owner === undefined || holder !== owner) {
    throw new MigrationError(
      "OBJECT_TAKEN",
      `${place.kind} ${place.namespace}/${place.name} on ${kubernetes.server} ${ownerText(holder)}; nothing was changed`,
      { fix: "check kubeconfig and context: this may be another Kubernetes cluster" },
    );
  }
  await kubernetes.remove(place, found, "ask");
  return found;
}

/** Where an interrupted verification of a return leaves its progress. */
export function resumeOf({ mirror, resume }: WayBackInputs): Pick<WayBackInputs, "mirror" | "resume"> {
  return { mirror, ...(resume === undefined ? {} : { resume: { ...resume, name: `${resume.name}-return` } }) };
}

/** The steps of a return. The engine works with swapped sides: its origin is the target of the migration. */
class Return {
  private readonly back: FencedInputs & Journalled;
  private readonly fenced: FencedInputs;
  private readonly model: MigrationModel;
  private readonly swapped: Progress;
  /** ISO 8601. When the groups had no members. */
  private idleSince: string | undefined;

  constructor(
    private readonly inputs: WayBackInputs,
    private readonly progress: Progress,
    private readonly mirrorRuns: boolean,
  ) {
    this.back = sidesSwapped(inputs, inputs.gate.acceptTruncation);
    this.fenced = forFence(this.back, inputs.mirror.heartbeats);
    this.model = modelOf(this.back);
    this.swapped = progressWithSidesSwapped(progress);
  }

  private behindFence<T>(ends: TopicEnds | undefined, work: Parameters<typeof behindFence<T>>[2]): Promise<T> {
    const inputs = { ...this.fenced, ...(ends === undefined ? {} : { gateEnds: ends }) };
    return withSidesSwapped(() => behindFence(inputs, this.swapped, work, ends === undefined));
  }

  /**
   * Nothing was changed yet.
   * @throws MigrationError GROUPS_ACTIVE_ON_TARGET, GROUPS_ACTIVE_ON_ORIGIN; the errors of the journal
   */
  async refuseReaders(): Promise<void> {
    const { model, inputs } = this;
    await withSidesSwapped(async () => {
      const { committed, described, targetNames } = await withCluster(model, "origin", (target) =>
        readCommitments(target, model.mirror, inputs.offsets),
      );
      const commits = (group: string) => (committed.get(group) ?? []).some((o) => targetNames.has(o.topic));
      refuseActive(activeOnOrigin(described.values(), commits, model.mirror));
      this.idleSince = now();
      await neededJournal(this.back);
    });
  }

  /** Somebody may have removed the origin's fence since the cutover. During the return nobody may write there. */
  async closeOrigin(): Promise<void> {
    const { fence, fenceOptions = {} } = this.inputs;
    if (!fence) return;
    const model = modelOf(this.inputs);
    if ((await checkFence(model, fenceOptions)).state === "up") return;
    await raiseFence(model, fenceOptions, this.progress, undefined, "never");
  }

  /** Waits behind the target's fence until everything is on the origin. */
  async prove(): Promise<{ gate: ReturnGate; ends: TopicEnds }> {
    const { gate: asked, fence } = this.inputs;
    let closedAt: string | undefined;
    const options = {
      ...asked,
      compareLastRecord: true,
      fenced: fence,
      ...(this.mirrorRuns ? {} : { limitMs: Math.min(asked.limitMs ?? GONE_LIMIT_MS, GONE_LIMIT_MS) }),
    };
    if (fence && this.mirrorRuns) {
      const { offsets, moved } = this.inputs;
      const behind = { connectors: [], offsets };
      const goBack = moved?.groups.map((one) => one.group);
      await withSidesSwapped(() =>
        beforeFence(
          this.fenced,
          { options: this.fenced.fenceOptions ?? {}, gate: asked, behind, ...defined({ goBack }) },
          this.swapped,
        ),
      );
    }
    try {
      return await this.behindFence(undefined, async (lost, raised) => {
        // A return that was killed may have closed the target earlier. Then nothing is known but the last record.
        closedAt ??= raised?.closedAt;
        const {
          originEnds,
          topicIds: _,
          ...gate
        } = await runGateAndNameWriters(this.model, options, this.swapped, lost);
        return { gate: { ...gate, ...defined({ closedAt }) }, ends: originEnds ?? {} };
      });
    } catch (error) {
      throw this.mirrorRuns ? error : withoutMirror(error);
    }
  }

  async verify(ends: TopicEnds): Promise<VerifyResult | null> {
    const { verify: asked } = this.inputs;
    if (asked.mode === "none") return null;
    const place = resumeOf(this.inputs);
    const options = { ...asked, ...(await memory(place, this.progress)) };
    const result = await this.behindFence(ends, (lost) => verifyCopy(this.model, options, this.swapped, lost));
    await forget(place);
    return result;
  }

  async moveGroups(ends: TopicEnds): Promise<{ applied: AppliedOffsets; wentBack: GroupPositions[] }> {
    const { model, inputs, swapped } = this;
    const known = await withSidesSwapped(() => neededJournal(this.back));
    const all = (applied: AppliedOffsets) => (known === undefined ? applied : joinApplied(known, applied));
    const keepIntent: KeepIntent = (intended, origin) => writeJournal(origin, model.mirror, all(intended));
    let written: AppliedOffsets | undefined;
    try {
      return await this.behindFence(ends, async (lost) => {
        const options = inputs.offsets;
        const found = withOwnWrites(await planOffsets(model, options, swapped, lost), known?.groups ?? []);
        // `copiedSoFar`: no group may have members when its offsets are written.
        const plan = {
          ...withIdleSince(
            withReplaceable(found, new Set(inputs.moved?.groups.map((g) => g.group))),
            () => this.idleSince,
          ),
          copiedSoFar: true as const,
        };
        written = await applyOffsets(model, plan, options, swapped, undefined, keepIntent);
        const wentBack = positionsIn(plan, new Set(written.groups.map((g) => g.group)));
        return { applied: all(written), wentBack };
      });
    } catch (error) {
      if (written !== undefined) {
        const taken = written;
        await withSidesSwapped(() => revertOffsets(model, taken, swapped));
      }
      throw error;
    }
  }

  /**
   * Ends the return. The forward mirror gets the topics back only after this, so it continues after the records that
   * came back.
   * @returns where both sides end now
   */
  async finish(ends: TopicEnds | undefined, removeMirror: () => Promise<void>): Promise<ProvedEnds> {
    const { back, inputs } = this;
    const work = async (): Promise<ProvedEnds> => {
      const written = await this.skipReturned();
      await withSidesAsTheyAre(removeMirror);
      const limitMs = (inputs.leavingSeconds ?? LEAVING_SECONDS) * 1000;
      await withSidesSwapped(() =>
        withCluster(this.model, "target", (origin) => waitUntilLeft(origin, back.mirror, { limitMs }, this.swapped)),
      );
      // A worker may have repeated records while it stopped.
      return this.skipReturned(written);
    };
    const left = await (ends === undefined ? work() : this.behindFence(ends, work));
    await withSidesSwapped(async () => {
      await forgetJournal(back);
      await lowerWhatIsThere(this.fenced, inputs.fence, this.swapped);
    });
    this.progress.info("everything is on the origin again, and the return mirror is deleted");
    return swapProved(left);
  }

  /** @param written what was written before. Nothing is written again if the origin has not changed. */
  private async skipReturned(written?: ProvedEnds): Promise<ProvedEnds> {
    const sides = await withSidesSwapped(() => copyEnds(this.model));
    if (isDeepStrictEqual(sides, written)) return sides;
    const ends = Object.values(sides).flatMap(({ target: topic, targetEnds }) =>
      targetEnds.map((end, partition) => ({ topic, partition, end: BigInt(end) })),
    );
    const { mirror } = this.inputs;
    await withSidesAsTheyAre(() =>
      withClusters(modelOf(this.inputs), (clusters) => writeSourceOffsets(clusters, mirror, ends, this.progress)),
    );
    return sides;
  }
}

/** The return mirror is gone, so nothing copies what clients have written to the target since. */
function withoutMirror(error: unknown): unknown {
  if (!isMigrationError(error) || !error.code.startsWith("GATE_")) return error;
  return new MigrationError(
    "WAY_BACK_INTERRUPTED",
    "the return mirror is already deleted, but not everything is on the origin: clients wrote to the target after an " +
      "earlier return was interrupted",
    {
      details: [error.seen, ...error.details],
      fix:
        "stop the clients on the target, set the phase to cutover again, run `pulumi up --refresh`, which creates the " +
        "return mirror again, and then return",
    },
  );
}
