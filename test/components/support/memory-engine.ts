import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import {
  defineStep,
  type Handler,
  type Plain,
  type Step,
  type StepDefinition,
} from "../../../lifecycle/handlers/framework";
import * as resources from "../../../lifecycle/resources";
import { UNKNOWN } from "../../support/unknown";
import { answers, opened, withoutTraces } from "./mocks";

// Pulumi's own messages, as its SDK loads them.
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");
const { RegisterResourceResponse } = require("@pulumi/pulumi/proto/resource_pb.js");

export interface Kept {
  inputs: Plain;
  outputs: Plain;
}

/** What a preview or an `up` did with the resources. */
export interface Outcome {
  /** Resources that were created or updated, with the inputs that differ: `~ m-gate: mirror, options`. */
  changed: string[];
  /** Inputs that the preview does not know: `m-gate: topicIds`. */
  unknown: string[];
  /** Inputs that the state has and the program does not: `m-preflight: estate`. */
  left: string[];
}

/** The inputs of each kind of step: which a program gave, and which changed in an update. */
export type Tried = Map<string, { given: Set<string>; changed: Set<string> }>;

function note(tried: Tried, kind: string, inputs: Plain, changed: readonly string[]): void {
  const known = tried.get(kind) ?? { given: new Set(), changed: new Set() };
  tried.set(kind, known);
  for (const input of Object.keys(inputs)) known.given.add(input);
  for (const input of changed) known.changed.add(input);
}

/**
 * Pulumi's engine without the engine: one stack whose programs run in this process. It keeps the state as Pulumi does,
 * and asks the framework of the steps what to do. The work of a step is replaced, because there are no clusters. So is
 * what a Kubernetes or Kafka resource gets from its cluster.
 */
export class MemoryEngine {
  private state = new Map<string, Kept>();

  /** @param tried gets the inputs of every step that this engine has created or updated */
  constructor(private readonly tried: Tried = new Map()) {}

  snapshot(): Map<string, Kept> {
    return structuredClone(this.state);
  }

  restore(state: Map<string, Kept>): void {
    this.state = structuredClone(state);
  }

  up(program: () => void): Promise<Outcome> {
    return this.run(program, false);
  }

  preview(program: () => void): Promise<Outcome> {
    return this.run(program, true);
  }

  private async run(program: () => void, preview: boolean): Promise<Outcome> {
    const outcome: Outcome = { changed: [], unknown: [], left: [] };
    const seen = new Set<string>();
    withoutTraces();
    pulumi.runtime.setAllConfig({});
    await pulumi.runtime.setMocks(
      { newResource: () => ({ id: "", state: {} }), call: () => ({}) },
      "project",
      "stack",
      preview,
      "organization",
    );
    const monitor = pulumi.runtime.getMonitor() as unknown as Record<string, unknown>;
    monitor.registerResourceOutputs = (_request: unknown, answer: (error: null, response: object) => void) =>
      answer(null, {});
    monitor.registerResource = (request: Registration, answer: (error: unknown, response?: unknown) => void) => {
      const registered = async () => {
        const [type, name] = [request.getType(), request.getName()];
        const key = `${type} ${name}`;
        seen.add(key);
        const inputs = opened(request.getObject()?.toJavaScript() ?? {}) as Plain;
        const outputs = request.getCustom() ? await this.register(key, type, name, inputs, preview, outcome) : {};
        const response = new RegisterResourceResponse();
        response.setUrn(`urn:pulumi:stack::project::${type}::${name}`);
        response.setId(request.getCustom() ? `${name}-id` : "");
        response.setObject(Struct.fromJavaScript(outputs));
        return response as unknown;
      };
      registered().then((response) => answer(null, response), answer);
    };
    program();
    await pulumi.runtime.disconnect();
    if (!preview) for (const key of this.state.keys()) if (!seen.has(key)) this.state.delete(key);
    for (const list of Object.values(outcome) as string[][]) list.sort();
    return outcome;
  }

  private async register(
    key: string,
    type: string,
    name: string,
    written: Plain,
    preview: boolean,
    outcome: Outcome,
  ): Promise<Plain> {
    const before = this.state.get(key);
    const step = STEPS.get(type);
    const { __provider: _code, ...program } = written;
    const inputs = step === undefined ? program : (opened((await step.check(before?.inputs, program)).inputs) as Plain);
    for (const [input, value] of Object.entries(inputs))
      if (JSON.stringify(value)?.includes(UNKNOWN)) outcome.unknown.push(`${name}: ${input}`);
    const changes =
      before === undefined ||
      (step === undefined
        ? !isDeepStrictEqual(inputs, before.inputs)
        : (await step.diff("id", before.outputs, inputs)).changes);
    if (changes) {
      const differing = Object.keys({ ...before?.inputs, ...inputs }).filter(
        (input) => !isDeepStrictEqual(before?.inputs[input], inputs[input]),
      );
      if (step !== undefined && !preview) note(this.tried, step.kind, inputs, before === undefined ? [] : differing);
      outcome.changed.push(before === undefined ? `+ ${name}` : `~ ${name}: ${differing.join(", ")}`);
    }
    // Pulumi does not ask a dynamic provider for the outputs of a preview.
    if (preview) return changes ? inputs : before.outputs;
    const outputs = !changes
      ? before.outputs
      : step === undefined
        ? plain({ ...inputs, ...answers({ type, inputs }) })
        : before === undefined
          ? (await step.create(inputs)).outs
          : (await step.update("id", before.outputs, inputs)).outs;
    this.state.set(key, { inputs: plain(inputs), outputs: plain(outputs) });
    if (step !== undefined)
      for (const input of Object.keys(outputs))
        if (!(input in inputs) && !step.outputs.includes(input)) outcome.left.push(`${name}: ${input}`);
    return plain(outputs);
  }
}

interface Registration {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getObject(): { toJavaScript(): Plain } | undefined;
}

const plain = (value: Plain): Plain => JSON.parse(JSON.stringify(value)) as Plain;

interface WorklessStep extends Step {
  kind: string;
  outputs: readonly string[];
}

/** Every step, with work that needs no cluster: it returns what an earlier run returned, else what a cluster would. */
const STEPS = new Map<string, WorklessStep>(
  Object.values(resources)
    .filter((made) => typeof made === "function")
    .map(({ step }) => {
      const { kind, handler, outputs } = step as unknown as StepDefinition<Plain, Plain>;
      const type = `pulumi-nodejs:dynamic/kafka-migration:${kind.replace(/(^|-)(\w)/g, (_m, _d, letter: string) => letter.toUpperCase())}`;
      const found = (inputs: Plain, olds: Plain): Plain => ({
        ...Object.fromEntries(outputs.map((output) => [output, olds[output] ?? null])),
        ...(kind === "gate" && inputs.phase !== "cutover" ? {} : answers({ type, inputs })),
        ...(kind === "gate" && inputs.phase === "cutover"
          ? { passed: true, passedAt: "2026-01-01T00:00:00.000Z" }
          : {}),
      });
      const work: Handler<Plain, Plain> = {
        ...handler,
        create: async (inputs) => found(inputs, {}),
        update: async (olds, news) => found(news, olds),
      };
      return [type, defineStep(kind, work)];
    }),
);

/** The kinds of all steps, sorted. */
export const STEP_KINDS = [...STEPS.values()].map(({ kind }) => kind).sort();
