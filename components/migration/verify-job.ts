import { SIDES } from "../../engine/sides";
import type * as pulumi from "@pulumi/pulumi";
import { defined } from "../../engine/objects";
import type { VerifyOptions } from "../../engine/verify";
import { packageVersion } from "../../engine/verify/package-version";
import { defaultsOf } from "../../engine/setting";
import type { KubernetesAccess } from "../../lifecycle/kubernetes/kubeconfig";
import type { JobPlace, VerifyJob } from "../../lifecycle/verify-job/types";
import type { StepInputsOf } from "../../lifecycle/step-resource";
import { accessOfProvider, stackOwner } from "../kubernetes";
import type { MigrationArgs } from "../settings/migration";
import { VERIFY_PLACE, verifyShape } from "../settings/verify";
import { mirrorName, mirrorNamespace } from "./names";
import { podMistakes } from "./verify-job-mistakes";

const DEFAULTS = { completions: 4, limitSeconds: 86_400 };
/** A pod is called `<job>-<number>-<5 characters>`, and its host name has at most 63 characters. */
const LONGEST_JOB = 63 - "-999".length;

/** The image that the Dockerfile of this version builds. */
export const defaultImage = (): string => `kafka-migration:${packageVersion()}`;

/** Returns what is compared: the settings without those that say where. */
export function verifyOptions({ verify = {} }: Pick<MigrationArgs, "verify">): VerifyOptions {
  const what = Object.entries(defined({ ...verify })).filter(([key]) => !VERIFY_PLACE.includes(key as never));
  return { ...defaultsOf(verifyShape), ...Object.fromEntries(what) };
}

/** Returns the Job of a part's verification, and the cluster that it runs on. Empty: the verification runs here. */
export function verifyJob(
  parent: pulumi.Resource,
  args: MigrationArgs,
  wave: string | undefined,
): { job?: pulumi.Input<StepInputsOf<VerifyJob>>; kubernetes?: pulumi.Input<StepInputsOf<KubernetesAccess>> } {
  const { verify = {} } = args;
  if (verify.runOn !== "kubernetes") return {};
  const {
    completions = DEFAULTS.completions,
    parallelism = completions,
    limitSeconds = DEFAULTS.limitSeconds,
  } = verify;
  const { image = defaultImage(), resources, template } = verify;
  const [origin, target] = SIDES.map((side) => args[side].bootstrapServers!);
  return {
    job: {
      ...jobPlace(args, wave),
      bootstrapServers: { origin: origin!, target: target! },
      completions,
      parallelism,
      image,
      ...defined({ resources, template }),
      limitSeconds,
    },
    kubernetes: accessOfJobs(parent, args),
  };
}

/** Where the Jobs of all verifications are. Empty: none is on Kubernetes. */
export function verifyJobs(
  parent: pulumi.Resource,
  args: MigrationArgs,
): { jobs?: pulumi.Input<StepInputsOf<JobPlace>>[]; jobsOn?: pulumi.Input<StepInputsOf<KubernetesAccess>> } {
  if (args.verify?.runOn !== "kubernetes") return {};
  return { jobs: partsOf(args).map((wave) => jobPlace(args, wave)), jobsOn: accessOfJobs(parent, args) };
}

/** The names of the parts. Undefined: everything outside the waves. */
const partsOf = ({ waves = [] }: Partial<MigrationArgs>) => [undefined, ...waves.map(({ name }) => name)];

const jobPlace = (args: MigrationArgs, wave: string | undefined) => ({
  namespace: mirrorNamespace(args),
  name: jobName(mirrorName(args), wave),
  owner: stackOwner(),
});

function accessOfJobs(parent: pulumi.Resource, { mirror = {} }: MigrationArgs) {
  const { provider, kubeconfig, context } = mirror;
  return accessOfProvider(
    provider ?? parent.getProvider("kubernetes:core/v1:Secret"),
    defined({ kubeconfig, context }),
  );
}

/** Each wave has a Job of its own. */
export function jobName(mirror: string, wave: string | undefined): string {
  return `${mirror}-verify${wave === undefined ? "" : `-${wave}`}`;
}

/** Mistakes in the settings of the Job. */
export function verifyJobMistakes(args: Partial<MigrationArgs>): string[] {
  const { verify = {} } = args;
  if (verify.runOn !== "kubernetes") {
    const unused = VERIFY_PLACE.filter((key) => key !== "runOn" && verify[key] !== undefined);
    return unused.map((key) => `verify.${key} has no effect: set verify.runOn to kubernetes, or leave it out`);
  }
  const { completions = DEFAULTS.completions, parallelism = 1, mode } = verify;
  const names = partsOf(args).map((wave) => jobName(mirrorName(args), wave));
  return [
    ...podMistakes(verify),
    ...(mode === "none" ? ["verify.runOn is kubernetes, but with verify.mode none nothing is compared"] : []),
    ...(parallelism > completions
      ? [`verify.parallelism is ${parallelism}, but there are only ${completions} shares (verify.completions)`]
      : []),
    ...names
      .filter((name) => name.length > LONGEST_JOB)
      .map(
        (name) =>
          `the verification's Job would be called "${name}", with ${name.length} characters: it may have at most ` +
          `${LONGEST_JOB}. Give a shorter mirror.name, or the wave a shorter name`,
      ),
    ...SIDES.filter((side) => args[side]?.administrator?.tokenFile !== undefined).map(
      (side) =>
        `${side}.administrator.tokenFile is a file of this machine: pods do not have it. Give tokenEndpoint, a ` +
        "password or a certificate, or leave out verify.runOn",
    ),
  ];
}
