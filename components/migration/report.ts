import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { isEmptyFence } from "../../engine/fence";
import { defined } from "../../engine/objects";
import type { Phase } from "../../engine/model";
import { factsOf, type PartFacts, type ReportFacts, returnPause } from "../../engine/report";
import { isCopying } from "../../lifecycle/handlers/inputs";
import type { Preflight, ReportLocation } from "../../lifecycle/resources";
import { projectFolder } from "../project";
import { defaultsOf } from "../../engine/setting";
import { type MigrationArgs, reportShape } from "../settings/migration";
import { originEnds } from "./gate-values";
import type { LastSteps } from "./part";
import { hasLeft, type Part } from "./waves";

/**
 * A migration with the stack's name uses this name for its files. Any other migration adds its name to the stack's, so
 * that several migrations do not overwrite each other's files. Without a report, the steps' notes are beside
 * Pulumi.yaml.
 */
export function reportLocation(
  name: string,
  { report }: Pick<MigrationArgs, "report">,
): { report?: ReportLocation; notes: ReportLocation } {
  const stack = pulumi.getStack();
  const location = { name: name === stack ? stack : `${stack}/${name}`, root: projectFolder() };
  if (report === false) return { notes: { ...location, folder: "." } };
  const written = { ...location, folder: report?.folder ?? defaultsOf(reportShape).folder };
  return { report: written, notes: written };
}

/** Returns the results of the steps, reduced to what the report shows. Results contain no secrets. */
export function reportFacts(preflight: Preflight, steps: LastSteps, phase: Phase): pulumi.Output<ReportFacts> {
  return pulumi
    .all([preflight.checkedAt, preflight.result, steps.gate.abandonedAt, partFacts(steps, phase)])
    .apply(([checkedAt, checked, abandonedAt, facts]) =>
      defined({ ...facts, preflight: dated(checkedAt, checked), abandonedAt: abandonedAt ?? undefined }),
    ) as pulumi.Output<ReportFacts>;
}

/**
 * The same of one wave.
 * @param phase the part's own
 * @param canReturn false: its way back has ended
 */
export function partFacts(steps: LastSteps, phase: Phase, canReturn = true): pulumi.Output<PartFacts> {
  // While a part only copies, nothing is compared. So a step that an older version did not have does not change the
  // report.
  const access = isCopying(phase) ? undefined : steps.access;
  const { fence, gate, verification, connectors, offsets, replication, wayBack } = steps;
  // Reduce each result separately. Pulumi walks through all values that it combines, and there may be millions of
  // offsets.
  const parts = pulumi.output({
    comparedAt: access?.checkedAt,
    compared: access?.result,
    raisedAt: fence?.raised.apply((raised) => raised?.raisedAt),
    closedAt: fence?.raised.apply((raised) => raised?.closedAt),
    earlier: fence?.raised.apply((raised) => raised?.earlier),
    empty: fence?.raised.apply((raised) => isEmptyFence(raised)),
    gate: gate.result.apply((result) => factsOf({ gate: result ?? undefined }).gate),
    verification:
      verification &&
      pulumi
        .all([verification.verifiedAt, verification.result])
        .apply(([at, result]) => factsOf({ verification: dated(at, result) }).verification),
    copiedAt: connectors?.copiedAt,
    copied: connectors?.copied,
    offsets: offsets?.applied.apply((applied) => factsOf({ offsets: applied ?? undefined }).offsets),
    resetAt: replication?.resetAt,
    reset: replication?.result,
    openedAt: canReturn ? wayBack?.openedAt : undefined,
    returnedAt: wayBack?.returnedAt,
    pause:
      wayBack &&
      pulumi.all([wayBack.gateResult, wayBack.applied]).apply(([passed, applied]) => returnPause(passed, applied)),
  });
  return parts.apply(
    ({
      comparedAt,
      compared,
      raisedAt,
      closedAt,
      earlier,
      empty,
      copiedAt,
      copied,
      resetAt,
      reset,
      openedAt,
      returnedAt,
      pause,
      ...rest
    }) => {
      const back = defined({
        openedAt: openedAt ?? undefined,
        returnedAt: returnedAt ?? undefined,
        pause: pause ?? undefined,
      });
      return defined({
        ...rest,
        access: dated(comparedAt, compared),
        fenceClosedAt: closedAt,
        fenceRaisedAt: raisedAt,
        fenceEarlier: earlier,
        fenceEmpty: empty ? true : undefined,
        connectors: typeof copiedAt === "string" && copied ? { at: copiedAt, copied } : undefined,
        replication: dated(resetAt, reset),
        wayBack: Object.keys(back).length === 0 ? undefined : back,
      }) as PartFacts;
    },
  );
}

/** Returns a hash that changes with every setting that is not secret. The hash does not reveal the settings. */
export function triggerOf(args: object): string {
  return createHash("sha256")
    .update(JSON.stringify(plainOf(args)))
    .digest("hex");
}

const SECRET_KEYS = ["password", "kubeconfig", "clientPasswords"];
/** Secret keys in a user's credentials. Elsewhere `key` is the key of a label or a taint. */
const LOGIN_KEYS = [...SECRET_KEYS, "key", "token", "clientSecret", "config"];

/** Removes Pulumi outputs, other resources, and secrets. */
function plainOf(value: unknown, secret: readonly string[] = SECRET_KEYS): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (pulumi.Output.isInstance(value) || pulumi.Resource.isInstance(value) || value instanceof Promise) return null;
  if (Array.isArray(value)) return value.map((inner) => plainOf(inner, secret));
  const kept = Object.entries(value).filter(([key]) => !secret.includes(key));
  return Object.fromEntries(
    kept.map(([key, inner]) => [key, plainOf(inner, ["given", "administrator"].includes(key) ? LOGIN_KEYS : secret)]),
  );
}

function dated<T>(at: string | null | undefined, result: T | null | undefined): { at: string; result: T } | undefined {
  return typeof at === "string" && result !== null && result !== undefined ? { at, result } : undefined;
}

/**
 * Returns the origin's ends when the gate passed. With a way back the origin gets records after that: the target's. The
 * report must not call them late writes.
 */
export const endsForReport = (part: Part, gate: LastSteps["gate"]) =>
  hasLeft(part) ? pulumi.output(null) : originEnds(gate);
