import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { isMigrationError, withFix } from "../../engine/errors";
import { isLoginFailure } from "../../engine/kafka/renew";
import type { MirrorModel } from "../../engine/model";
import type { Progress } from "../../engine/progress";
import { isReturnMirror } from "../../engine/way-back/model";
import { progressWithSidesSwapped, swapSides, withSidesSwapped } from "../../engine/way-back/words";
import { noteIfAbandoned, withAbandoned } from "./abandoned";
import { watchEngine, engineProgress } from "./engine-link";
import { isDefined } from "./inputs";
import { withSignsOfLife } from "./signs-of-life";

/** Pulumi's placeholder for a value that a preview does not know yet. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A pull request review has no access to the clusters. Steps then ask no cluster, and the plan uses only the state. */
const offline = (): boolean => process.env.KAFKA_MIGRATION_OFFLINE === "true";

/** Set by the first check. A destroy checks nothing. */
let isProgram = false;

/** Returns true in a preview and an `up`. A destroy does not run the program. */
export const programRuns = (): boolean => isProgram;

export type Plain = Record<string, unknown>;

/** Immaterial inputs of every step: the Secrets that its connections come from. */
const WAYS = ["originSecrets", "targetSecrets"];

/**
 * The work of one step, on plain inputs. Pulumi keeps the inputs and the outputs as state. The state of an older
 * version of this package lacks fields that were added later, so treat such fields as optional. Every method may be
 * killed at any point and run again.
 */
export interface Handler<Inputs extends object, Outputs extends object> {
  /**
   * Returns the reasons why the step will fail, and reports through `progress` what it will do. Runs at preview and
   * again at `up`, if every input is known. Pulumi passes the inputs of the last update to a check, not its outputs.
   */
  previewFailures?(news: Inputs, olds: Inputs | undefined, progress: Progress): Promise<string[]>;
  /**
   * Reports what an update will do. Gets the whole state. Runs at preview and again at `up`, if every input is known.
   */
  describeUpdate?(olds: Inputs & Outputs, news: Inputs, progress: Progress): Promise<void>;
  create(inputs: Inputs, progress: Progress): Promise<Outputs>;
  update(olds: Inputs & Outputs, news: Inputs, progress: Progress): Promise<Outputs>;
  remove(state: Inputs & Outputs, progress: Progress): Promise<void>;
  /**
   * Every output that is not optional. The state keeps such an output that the step has not produced as null. If it
   * were absent, a preview would treat it as unknown and show an update of every resource that depends on it. An
   * optional output is only in the state if the step has produced it. Only the step itself can read it.
   */
  outputs?: { readonly [K in keyof Outputs as undefined extends Outputs[K] ? never : K]: true };
  /**
   * Inputs that only say how to reach a cluster. If nothing else changes, there is no update. A preview does not know
   * some of them (a provider's own settings). If that counted as a change, all dependent outputs would be unknown.
   */
  immaterial?: readonly (keyof Inputs & string)[];
  /** Optional inputs. If the program no longer sets one that the state has, this is a change. */
  optional?: readonly (keyof Inputs & string)[];
  /**
   * Returns true if the clusters changed since this state was written, so that the next `up` must run the step again
   * although the program did not change. Runs at preview and at `up`. Returns false if this cannot be determined.
   */
  isOutdated?(state: Inputs & Outputs, progress: Progress): Promise<boolean>;
  /**
   * Outputs of a step whose creation failed. With them Pulumi keeps the resource, and a later destroy calls `remove`.
   * Without this function Pulumi does not keep it.
   */
  unfinished?(inputs: Inputs): Outputs;
  /** Inputs and outputs that the state encrypts as a whole. Default: {@link SECRET_INPUTS}. */
  secret?: readonly (keyof (Inputs & Outputs) & string)[];
}

/** What the dynamic provider's thin methods call. */
export interface Step {
  check(
    olds: Plain | undefined,
    news: Plain,
  ): Promise<{ inputs: Plain; failures: { property: string; reason: string }[] }>;
  diff(id: string, olds: Plain, news: Plain): Promise<{ changes: boolean }>;
  create(inputs: Plain): Promise<{ id: string; outs: Plain }>;
  update(id: string, olds: Plain, news: Plain): Promise<{ outs: Plain }>;
  delete(id: string, props: Plain): Promise<void>;
}

/** Definition of a step. Its resource class, the provider's methods and their types are derived from this. */
export interface StepDefinition<Inputs extends object, Outputs extends object> extends Step {
  /** In kebab case. States refer to it, so it never changes. */
  readonly kind: string;
  readonly handler: Handler<Inputs, Outputs>;
  /** Names of all outputs. */
  readonly outputs: readonly string[];
  /** Names of the inputs and outputs that are encrypted in the state. */
  readonly secret: readonly string[];
}

/** Defines a step by its handler. Only this function knows Pulumi's protocol. The handlers do not need to. */
export function defineStep<I extends object, O extends object>(
  kind: string,
  handler: Handler<I, O>,
): StepDefinition<I, O> {
  const stateOf = (props: Plain) => inputsOnly(props) as I & O;
  const outputs = Object.keys(handler.outputs ?? {});
  const secret = handler.secret ?? SECRET_INPUTS;
  const immaterial: readonly string[] = [...WAYS, ...(handler.immaterial ?? [])];
  const isImmaterial = (key: string) => immaterial.includes(key);
  const stateWith = (inputs: Plain, outs: O): Plain => {
    const made = Object.entries(outs).filter(([, value]) => value !== undefined);
    return plain({ ...inputs, ...Object.fromEntries(outputs.map((key) => [key, null])), ...Object.fromEntries(made) });
  };
  /**
   * Keeps the old value of an immaterial input that a preview does not know yet. Otherwise the preview lists the input
   * as changed (`+ context: [unknown]`). Pulumi marks a value returned by `check` as secret only if the same input is
   * known. Without {@link asSecret} a preview would print such a value in plain text.
   */
  const withoutUnknownWay = (inputs: Plain, olds: Plain): Plain => {
    const asItWas = (key: string) => (secret.includes(key) && isDefined(olds[key]) ? asSecret(olds[key]) : olds[key]);
    const shown = Object.entries(inputs).map(([key, value]) => [
      key,
      isImmaterial(key) && hasUnknown(value) ? asItWas(key) : value,
    ]);
    return inputsOnly(Object.fromEntries(shown) as Plain);
  };
  /** Uses the last value of an access input that a preview does not know yet, so that the checks can still run. */
  const withKnownWays = (inputs: Plain, olds: Plain): Plain =>
    inputsOnly(
      Object.fromEntries(
        Object.entries(inputs).map(([key, value]) => [key, isImmaterial(key) && hasUnknown(value) ? olds[key] : value]),
      ),
    );
  const run = async <T>(inputs: Plain, work: (progress: Progress) => Promise<T>): Promise<T> => {
    watchEngine();
    const progress = engineProgress(kind, waveIn(inputs));
    try {
      return await withSignsOfLife(progress, async (alive) =>
        isOfReturnMirror(inputs) ? withSidesSwapped(() => work(progressWithSidesSwapped(alive))) : work(alive),
      );
    } catch (error) {
      throw withoutStack(error);
    }
  };
  return {
    kind,
    handler,
    outputs,
    secret,
    async check(olds, news) {
      isProgram = true;
      const inputs = inputsOnly(news);
      const known = withKnownWays(inputs, olds ?? {});
      noteIfAbandoned(known);
      const failures =
        handler.previewFailures && !hasUnknown(known) && !offline()
          ? await run(known, (progress) =>
              handler.previewFailures!(known as I, isState(olds) ? (inputsOnly(olds) as I) : undefined, progress),
            )
          : [];
      return {
        inputs: withoutUnknownWay(inputs, olds ?? {}),
        failures: failures.map((reason) => ({
          property: kind,
          reason: isOfReturnMirror(inputs) ? swapSides(reason) : reason,
        })),
      };
    },
    async diff(_id, olds, news) {
      const wanted = inputsOnly(news);
      const material = Object.keys(wanted).filter((key) => !isImmaterial(key));
      // For any other key of the state, an input that was left out looks the same as an output.
      const leftOut = (handler.optional ?? []).some(
        (key) => !(key in wanted) && olds[key] !== undefined && olds[key] !== null,
      );
      if (leftOut || material.some((key) => !isSame(wanted[key], olds[key]))) {
        if (handler.describeUpdate !== undefined && !hasUnknown(wanted) && !offline()) {
          await run(wanted, (progress) => handler.describeUpdate!(stateOf(olds), wanted as I, progress));
        }
        return { changes: true };
      }
      // The state of an older version may lack outputs. One update writes them. Until then every preview shows updates.
      if (outputs.some((key) => olds[key] === undefined)) return { changes: true };
      if (handler.isOutdated === undefined || offline()) return { changes: false };
      // Use the access settings of the program: the old kubeconfig may be gone.
      const known = Object.fromEntries(Object.entries(wanted).filter(([, value]) => !hasUnknown(value)));
      const state = stateOf({ ...olds, ...known });
      return { changes: await run(wanted, (progress) => handler.isOutdated!(state, progress)) };
    },
    async create(props) {
      const inputs = inputsOnly(props);
      const id = `${kind}-${randomUUID()}`;
      try {
        const outs = await run(inputs, (progress) => handler.create(inputs as I, progress));
        return { id, outs: stateWith(inputs, outs) };
      } catch (error) {
        if (handler.unfinished === undefined) throw error;
        // The dynamic provider recognizes a resource that was created but is not ready by these properties. It adds
        // `__provider` itself only after a success.
        const properties = { ...stateWith(inputs, handler.unfinished(inputs as I)), __provider: props.__provider };
        throw Object.assign(error as Error, { id, properties, reasons: [(error as Error).message] });
      }
    },
    async update(_id, olds, news) {
      const inputs = inputsOnly(news);
      const outs = await run(inputs, (progress) => handler.update(stateOf(olds), inputs as I, progress));
      return { outs: stateWith(inputs, outs) };
    },
    async delete(_id, props) {
      const remove = (progress: Progress) => handler.remove(withAbandoned(stateOf(props)), progress);
      await run(props, (progress) => remove(progress).catch((error: unknown) => Promise.reject(withNewLogin(error))));
    },
  };
}

/** The wave that a step works on. Undefined: none. Several waves work at the same time, so each line names its own. */
function waveIn({ mirror }: Plain): string | undefined {
  const wave = (mirror as { scope?: { wave?: unknown } | null } | undefined)?.scope?.wave;
  return typeof wave === "string" ? wave : undefined;
}

/** The origin of a return mirror is the target of the migration. Its steps' texts must call it so. */
function isOfReturnMirror({ mirror }: Plain): boolean {
  return typeof mirror === "object" && mirror !== null && !hasUnknown(mirror) && isReturnMirror(mirror as MirrorModel);
}

/** Removes Pulumi's own keys, and undefined values, which Pulumi's wire format does not support. */
function inputsOnly(props: Plain): Plain {
  return Object.fromEntries(
    Object.entries(props).filter(([key, value]) => key !== "__provider" && value !== undefined && value !== null),
  );
}

/** Compares two values. A field that is null or undefined counts as absent, because Pulumi may drop it. */
function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(withoutNulls(a), withoutNulls(b));
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value ?? undefined;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, v]) => (v === null || v === undefined ? [] : [[key, withoutNulls(v)]])),
  );
}

function isState(olds: Plain | undefined): olds is Plain {
  return olds !== undefined && olds !== null && Object.keys(inputsOnly(olds)).length > 0;
}

function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(hasUnknown);
}

/** Converts through JSON, so that the state contains only plain data. Offsets become decimal text. */
function plain(value: Plain): Plain {
  return JSON.parse(JSON.stringify(value, (_key, v: unknown) => (typeof v === "bigint" ? v.toString() : v))) as Plain;
}

/** A deletion uses the login from the last `up`. After the login changed, the user must run `up` first. */
function withNewLogin(error: unknown): unknown {
  if (!isMigrationError(error) || !isLoginFailure(error)) return error;
  const way =
    "if the password, the client secret, the certificate or the CA changed since the last `pulumi up`, update it in " +
    "the configuration (if it is set there), run `pulumi up` in the same phase, then run this again";
  return withFix(error, `${error.fix}; ${way}`);
}

/** The dynamic provider prints `stack`, but the user needs the message. KAFKA_MIGRATION_DEBUG=1 keeps the stack. */
function withoutStack(error: unknown): Error {
  const e = error instanceof Error ? error : new Error(String(error));
  if (process.env.KAFKA_MIGRATION_DEBUG !== "1") e.stack = "";
  return e;
}

/**
 * Step inputs that are secret as a whole. `kubernetes`, `jobsOn` and the locations of the Secrets can contain the
 * content of a kubeconfig. The dynamic provider receives all of them as plain values.
 */
const SECRET_INPUTS: readonly string[] = [
  "originSecrets",
  "targetSecrets",
  "originConnection",
  "targetConnection",
  "mirrorOriginConnection",
  "mirrorTargetConnection",
  "kubernetes",
  "jobsOn",
];

/** Wraps a value in Pulumi's wire format for secrets (`specialSecretSig`). */
function asSecret(value: unknown): Record<string, unknown> {
  return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}
