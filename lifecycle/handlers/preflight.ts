import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { isMigrationError } from "../../engine/errors";
import { defined } from "../../engine/objects";
import type { Connection, MirrorModel, Side } from "../../engine/model";
import { type Progress, withoutRepeats } from "../../engine/progress";
import {
  checkMirrorPrivileges,
  checkNotePrivileges,
  checkOpenWays,
  checkWaves,
  type DeclaredWave,
  mirrorRemembers,
  preflight,
  type PreflightOptions,
  type PreflightResult,
  type Waves,
} from "../../engine/preflight";
import { noteDeclaredWaves } from "./declared-waves";
import { type EstateLocation, readEstate } from "./estate";
import { defineStep } from "./framework";
import { isDefined, modelOf, now, type PhasedInputs } from "./inputs";
import { ownedTopics } from "./owned-topics";

export interface PreflightInputs extends PhasedInputs {
  /**
   * `clusters`: checks the clusters before anything is created. `privileges`: checks the rights as the mirror's own
   * users, before the mirror is created.
   */
  stage: "clusters" | "privileges";
  options: PreflightOptions;
  /**
   * Changes if the administrators need other rights, for example because another version of this package needs more.
   * Only for `clusters`. Absent in the state of an older version.
   */
  rights?: string;
  /** The waves of the migration. Absent: there are none. Only for `clusters`. */
  waves?: DeclaredWave[];
  /** Groups with committed offsets in several parts that a person accepted. Absent: none. Only for `clusters`. */
  splitGroups?: string[];
  /** Groups that do not move (`offsets.excludeGroups`). Absent: none, or there are no waves. Only for `clusters`. */
  excludeGroups?: string[];
  /** The way back of a migration without waves. Absent: there is none. Only for `clusters`. */
  wayBack?: boolean;
  /** See `PreflightRun`. Absent: no topic has left. Only for `clusters`. */
  left?: string[];
  /** The inventory that the origin is compared with. Absent: none is set. Only for `clusters`. */
  estate?: EstateLocation;
  abandon: boolean;
  /** The mirror's own principals. Only for `privileges`. */
  mirrorOriginConnection?: Connection;
  mirrorTargetConnection?: Connection;
}

export interface PreflightOutputs {
  checkedAt: string | null;
  result: PreflightResult | null;
}

const skipped: PreflightOutputs = { checkedAt: null, result: null };

/** How long brokers may not know a new administrator yet, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * The lines of the last check in this process, by migration. Pulumi calls `check` and then `create` or `update` in one
 * process. The second look prints only what the first did not, so each line is shown once.
 */
const saidAtCheck = new Map<string, Set<string>>();

const migrationOf = ({ stage, mirror, originConnection, targetConnection }: PreflightInputs): string =>
  JSON.stringify([stage, mirror, originConnection.bootstrapServers, targetConnection.bootstrapServers]);

interface Before {
  olds?: PreflightInputs;
  patienceMs: number;
}

async function look(
  inputs: PreflightInputs,
  progress: Progress,
  { olds, patienceMs }: Before,
): Promise<PreflightOutputs> {
  if (inputs.abandon || inputs.phase === "cleanup") return skipped;
  const model = modelOf(inputs);
  if (inputs.stage === "privileges") {
    await checkMirrorPrivileges(
      model,
      { origin: inputs.mirrorOriginConnection!, target: inputs.mirrorTargetConnection! },
      progress,
    );
    return { checkedAt: now(), result: null };
  }
  const running = olds && (await stillRunning(olds, inputs));
  const { topics: owned } = await ownedTopics(inputs, progress);
  const waves = (inputs.waves ?? []).length > 0;
  const estate = isDefined(inputs.estate) ? await readEstate(inputs.estate) : undefined;
  return {
    checkedAt: now(),
    result: await preflight(
      model,
      {
        ...inputs.options,
        ...defined({ left: inputs.left, running, estate }),
        wayBackTopics: wayBackTopics(inputs),
        owned,
        patienceMs,
        waves,
      },
      progress,
    ),
  };
}

/** Patterns of the topics that have a way back. Without waves all of them have it, or none. */
const wayBackTopics = ({ waves = [], wayBack }: PreflightInputs): string[] => [
  ...(wayBack === true ? [".*"] : []),
  ...waves.filter((wave) => wave.wayBack === true).map(({ topics }) => topics),
];

/** Looks after the check of the same process, and prints what the check did not print. */
async function lookAgain(inputs: PreflightInputs, progress: Progress, before: Before): Promise<PreflightOutputs> {
  const key = migrationOf(inputs);
  const said = saidAtCheck.get(key) ?? new Set<string>();
  saidAtCheck.delete(key);
  return look(inputs, withoutRepeats(progress, said), before);
}

/**
 * Returns the mirror that an earlier check accepted, if it still exists. Its topics now hold its own copy and, after a
 * cutover, the records of its clients. These must not fail an `up` that only changes a password.
 */
async function stillRunning(olds: PreflightInputs, news: PreflightInputs): Promise<MirrorModel | undefined> {
  if (olds.abandon) return undefined;
  return (await mirrorRemembers({ ...modelOf(news), mirror: olds.mirror }).catch(() => false))
    ? olds.mirror
    : undefined;
}

/**
 * The check runs again only if its inputs changed. A cutover must not fail on what the mirror itself created. After a
 * clean-up there is no mirror: a new one would copy everything a second time into the topics of the first one.
 */
function unchanged(olds: PreflightInputs, news: PreflightInputs): boolean {
  if (olds.phase === "cleanup" && news.phase !== "cleanup") return false;
  if (!isDeepStrictEqual(olds.mirror, news.mirror)) return false;
  // A roll-back lowers a fence and creates no mirror. It must succeed even if the target is unreachable.
  if ((olds.phase === "cutover" || olds.phase === "consumers") && news.phase === "mirror") return true;
  const keys = [
    "originConnection",
    "targetConnection",
    "options",
    "rights",
    "estate",
    "mirrorOriginConnection",
    "mirrorTargetConnection",
  ] as const;
  return keys.every((key) => isDeepStrictEqual(olds[key], news[key]));
}

/**
 * Returns true if a part begins to move and the check ran in an earlier `up`. An administrator that was granted its
 * rights for an older version of this package may lack the rights on the offsets journal topic. The user must learn
 * that before the fence is raised.
 */
function beginsCutover(olds: PreflightInputs, news: PreflightInputs): boolean {
  if (news.stage !== "clusters" || news.abandon) return false;
  const before = new Map((olds.waves ?? []).map((wave) => [wave.name, wave.phase]));
  const parts = [
    [olds.phase, news.phase],
    ...(news.waves ?? []).map((wave) => [before.get(wave.name) ?? "mirror", wave.phase]),
  ];
  return parts.some(
    ([was, is]) => (was === "mirror" || was === "returned") && (is === "cutover" || is === "consumers"),
  );
}

const wavesOf = ({ phase, waves = [], splitGroups = [], mirror, wayBack }: PreflightInputs): Waves => ({
  phase,
  ...(isDefined(wayBack) ? { wayBack } : {}),
  waves,
  splitGroups,
  mirror,
});

/** The changes of waves that a check of this process has accepted. The update then need not read the origin again. */
const acceptedWaves = new Set<string>();

const changeOf = (news: PreflightInputs, olds: PreflightInputs | undefined): string =>
  JSON.stringify([migrationOf(news), wavesOf(news), news.excludeGroups, olds === undefined ? null : wavesOf(olds)]);

/** @throws MigrationError WAVES_REFUSED, or an error of the origin */
async function requireWaves(news: PreflightInputs, olds: PreflightInputs | undefined): Promise<void> {
  if (news.stage !== "clusters") return;
  noteDeclaredWaves(news, news.waves ?? []);
  if (acceptedWaves.delete(changeOf(news, olds))) return;
  const before = olds === undefined ? undefined : wavesOf(olds);
  if (news.abandon) return checkOpenWays(modelOf(news), wavesOf(news), before);
  const { options, excludeGroups } = news;
  await checkWaves(modelOf(news), wavesOf(news), before, {
    groups: [...(options.groups ?? [])],
    excludeGroups: [...(excludeGroups ?? [])],
  });
}

/** Runs at preview. Errors of the origin are left to the `up`, which may first grant the administrator its rights. */
async function waveFailures(news: PreflightInputs, olds: PreflightInputs | undefined): Promise<string[]> {
  acceptedWaves.delete(changeOf(news, olds));
  try {
    await requireWaves(news, olds);
    acceptedWaves.add(changeOf(news, olds));
    return [];
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    return error.code === "WAVES_REFUSED" ? [error.message] : [];
  }
}

/**
 * Returns true if this migration creates the administrator of this side. The `up` itself then grants the rights that a
 * preview finds missing.
 */
function makesAdministrator(inputs: PreflightInputs, side: Side = "target"): boolean {
  const { sasl } = inputs[`${side}Connection`];
  const made = inputs.options.users?.[side]?.principals ?? [];
  return sasl === undefined ? made.length > 0 : "username" in sasl && made.includes(`User:${sasl.username}`);
}

/** A preview cannot check the rights if the `up` first grants an administrator other rights. */
const awaitsRights = (olds: PreflightInputs, news: PreflightInputs): boolean =>
  olds.rights !== news.rights && (makesAdministrator(news, "origin") || makesAdministrator(news));

/** @throws MigrationError PREFLIGHT_FAILED */
async function askForNote(inputs: PreflightInputs): Promise<void> {
  const deadline = Date.now() + (makesAdministrator(inputs) ? PATIENCE_MS : 0);
  for (;;) {
    try {
      return await checkNotePrivileges(modelOf(inputs));
    } catch (error) {
      const mayPass = isMigrationError(error) && error.code === "PREFLIGHT_FAILED";
      if (!mayPass || Date.now() >= deadline) throw error;
    }
    await sleep(500);
  }
}

/** Runs at preview. Other errors of the target are left to the steps of the `up`. */
async function noteFailures(inputs: PreflightInputs): Promise<string[]> {
  if (makesAdministrator(inputs)) return [];
  try {
    await checkNotePrivileges(modelOf(inputs));
    return [];
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    return error.code === "PREFLIGHT_FAILED" ? [error.message] : [];
  }
}

/**
 * Returns true if the mirror no longer exists, for example after a destroy that stopped half-way. Returns false if this
 * cannot be determined.
 */
async function forgotten(inputs: PreflightInputs): Promise<boolean> {
  if (inputs.stage !== "clusters" || inputs.phase === "cleanup" || inputs.abandon) return false;
  return !(await mirrorRemembers(modelOf(inputs)).catch(() => true));
}

export const preflightStep = defineStep<PreflightInputs, PreflightOutputs>("preflight", {
  outputs: { checkedAt: true, result: true },

  async previewFailures(news, olds, progress) {
    if (news.stage !== "clusters") return [];
    noteDeclaredWaves(news, news.waves ?? []);
    const refused = await waveFailures(news, olds);
    if (refused.length > 0) return refused;
    if (olds !== undefined && unchanged(olds, news)) return beginsCutover(olds, news) ? noteFailures(news) : [];
    if (olds !== undefined && awaitsRights(olds, news)) return [];
    try {
      const said = new Set<string>();
      saidAtCheck.set(migrationOf(news), said);
      await look(news, withoutRepeats(progress, said), { patienceMs: 0, olds });
      return [];
    } catch (error) {
      if (!isMigrationError(error)) throw error;
      return [error.message];
    }
  },

  async create(inputs, progress) {
    const found = await lookAgain(inputs, progress, { patienceMs: PATIENCE_MS });
    // After the look, which waits until the brokers know a new administrator.
    await requireWaves(inputs, undefined);
    return found;
  },

  async isOutdated(state) {
    return isDefined(state.checkedAt) && (await forgotten(state));
  },

  async update(olds, news, progress) {
    const isSame = isDefined(olds.checkedAt) && unchanged(olds, news) && !(await forgotten(news));
    const before = isDefined(olds.checkedAt) ? { olds } : {};
    const found = isSame
      ? { checkedAt: olds.checkedAt, result: olds.result }
      : await lookAgain(news, progress, { patienceMs: PATIENCE_MS, ...before });
    await requireWaves(news, olds);
    if (isSame && beginsCutover(olds, news)) await askForNote(news);
    return found;
  },

  optional: ["waves", "splitGroups", "excludeGroups", "wayBack", "left", "estate"],

  async remove() {},
});
