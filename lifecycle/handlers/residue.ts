import { isDeepStrictEqual } from "node:util";
import { listResidue, type Residue, type ResidueOptions } from "../../engine/cleanup";
import { MigrationError } from "../../engine/errors";
import type { Progress } from "../../engine/progress";
import { earlierReport, endReport } from "../../engine/report";
import { countText } from "../../engine/units";
import type { KubernetesAccess } from "../kubernetes/kubeconfig";
import { leftInKubernetes, type ObjectsOn } from "../kubernetes/left";
import { objectsOf } from "../verify-job/api";
import { removeJob } from "../verify-job/run";
import type { JobPlace } from "../verify-job/types";
import { defineStep } from "./framework";
import { modelOf, now, type PhasedInputs, reportFolder, type ReportLocation } from "./inputs";
import { waysOut } from "./residue-causes";
import { mirrorOf, put, trying } from "./report";

export interface ResidueInputs extends PhasedInputs {
  /** `cleanup`: deleted after the mirror. `destroy`: deleted after everything except the administrators. */
  when: "cleanup" | "destroy";
  abandon: boolean;
  look: Omit<ResidueOptions, "patienceMs">;
  /** Objects that the migration declared, without those of the administrators. */
  kubernetes: ObjectsOn[];
  /**
   * The Jobs of verifications on Kubernetes. A verification deletes its own, but a killed `up` may not have recorded
   * the verification, or that it has a Job. Absent: none, or an older state.
   */
  jobs?: JobPlace[];
  /** The Kubernetes cluster of the Jobs. */
  jobsOn?: KubernetesAccess;
  /** Absent: no report is written. */
  report?: ReportLocation;
  /** How long operators and brokers may take to complete a deletion, in seconds. Default 30. */
  patienceSeconds?: number;
}

type Jobs = Pick<ResidueInputs, "jobs" | "jobsOn">;

/** A Job without a verification reads for hours, and has passwords in its Secret. What is left of it is found below. */
async function removeJobs({ jobs = [], jobsOn = {} }: Jobs, progress: Progress): Promise<void> {
  for (const job of jobs)
    await trying(`could not delete Job ${job.namespace}/${job.name}`, progress, () => removeJob(job, jobsOn, progress));
}

/** On deletion: proves by listing that nothing is left on either cluster or in Kubernetes. */
export const residueStep = defineStep<ResidueInputs, object>("residue", {
  create: async () => ({}),

  async update(olds, { jobs = [] }, progress) {
    const isKept = (job: JobPlace) => jobs.some((one) => isDeepStrictEqual(one, job));
    await removeJobs({ ...olds, jobs: (olds.jobs ?? []).filter((job) => !isKept(job)) }, progress);
    return {};
  },

  async remove(state, progress) {
    await removeJobs(state, progress);
    const { residue, notes, objects } = await look(state, progress);
    const location = state.report;
    if (location !== undefined) {
      const ending = {
        name: location.name,
        madeAt: now(),
        phase: state.when,
        mirror: mirrorOf(state),
        residue,
        objects,
        notes,
        abandoned: state.abandon,
      };
      await put(location, endReport(await earlierReport(reportFolder(location), location.name), ending), progress);
    }
    // The error lists the rest.
    const inError = refused(residue ?? [], state).slice(0, MOST_LINES);
    for (const r of residue ?? []) if (!inError.includes(r)) progress.warn(`residue: ${lineOf(r)}`);
    if (residue?.length === 0)
      progress.info(
        `none on either cluster${objects === 0 ? "" : ` and none of ${countText(objects, "object")} in Kubernetes`}`,
      );
    refuse(residue ?? [], state, progress);
  },

  // A change here concerns the access to Kubernetes, not the objects to look for: a preview does not know a provider's
  // settings.
  immaterial: ["kubernetes", "jobsOn"],
  optional: ["report", "jobs"],
});

async function look(
  state: ResidueInputs,
  progress: Progress,
): Promise<{ residue?: Residue[]; notes: string[]; objects: number }> {
  const notes: string[] = [];
  const noting: Progress = { ...progress, warn: (line) => (notes.push(line), progress.warn(line)) };
  const patienceMs = (state.patienceSeconds ?? 30) * 1000;
  const kafka = await trying("could not search for residue on the clusters", noting, () =>
    listResidue(modelOf(state), { ...state.look, patienceMs }, progress),
  );
  const all = [...state.kubernetes, ...jobObjects(state)];
  const objects = await trying("could not search for residue in Kubernetes", noting, () =>
    leftInKubernetes(all, patienceMs),
  );
  const count = objects === undefined ? 0 : all.reduce((sum, k) => sum + k.places.length, 0);
  return kafka === undefined && (objects ?? []).length === 0
    ? { notes, objects: count }
    : { residue: [...(kafka ?? []), ...(objects ?? [])], notes, objects: count };
}

const jobObjects = ({ jobs = [], jobsOn = {} }: Jobs): ObjectsOn[] =>
  jobs.map(({ owner, ...job }) => ({ ...jobsOn, owner, places: objectsOf(job) }));

/** Maximum number of lines in the error. */
const MOST_LINES = 50;

/** What makes the deletion fail: all that certainly belongs to the migration, unless it is abandoned. */
const refused = (residue: readonly Residue[], { abandon }: ResidueInputs): Residue[] =>
  abandon ? [] : residue.filter((r) => r.foreign !== true);

/** @throws MigrationError RESIDUE_LEFT if anything is left that certainly belongs to the migration */
function refuse(residue: readonly Residue[], { when, abandon, kubernetes }: ResidueInputs, progress: Progress): void {
  const own = residue.filter((r) => r.foreign !== true);
  if (own.length === 0) return;
  if (abandon)
    return progress.warn(`${countText(own.length, "piece")} of residue remain, because the migration was abandoned`);
  throw new MigrationError("RESIDUE_LEFT", `the migration left ${countText(own.length, "piece")} of residue`, {
    details: own.slice(0, MOST_LINES).map(lineOf),
    fix: waysOut(own, { when, kubernetes }),
  });
}

const lineOf = (r: Residue): string => `${r.side} ${r.kind} ${r.name}: ${r.what}`;
