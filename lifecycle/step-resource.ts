import * as pulumi from "@pulumi/pulumi";
import type { StepDefinition } from "./handlers/framework";
import { providerText } from "./provider";

/** A step's inputs as a program passes them: every input, and every part of an input, can be an `Output`. */
export type StepInputsOf<T> = { [K in keyof T]: pulumi.Input<Later<T[K]>> };

type Later<T> = T extends (...args: never[]) => unknown ? T : T extends object ? StepInputsOf<T> : T;

/** A step's outputs as a program reads them. */
export type StepOutputsOf<T> = { readonly [K in keyof T]: pulumi.Output<T[K]> };

/** The class of a step's resource. */
export interface StepResourceClass<Inputs extends object, Outputs extends object> {
  readonly step: StepDefinition<Inputs, Outputs>;
  new (
    name: string,
    args: StepInputsOf<Inputs>,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.CustomResource & StepOutputsOf<Outputs>;
}

/** Returns the resource type of a kind: `consumer-offsets` becomes `ConsumerOffsets`. The type is part of every URN. */
function typeOf(kind: string): string {
  return kind.replace(/(^|-)(\w)/g, (_match, _dash, letter: string) => letter.toUpperCase());
}

/**
 * Creates the resource class of a step: one of Pulumi's dynamic resources, whose provider is text already. The step
 * names its secret inputs and outputs, so that the state never contains them as plain text.
 */
export function stepResource<I extends object, O extends object>(step: StepDefinition<I, O>): StepResourceClass<I, O> {
  const provider = providerText(step.kind);
  const type = `pulumi-nodejs:dynamic/kafka-migration:${typeOf(step.kind)}`;
  class StepResource extends pulumi.CustomResource {
    static readonly step = step;

    constructor(name: string, args: StepInputsOf<I>, opts: pulumi.CustomResourceOptions) {
      const inputs: pulumi.Inputs = { ...args };
      for (const key of step.secret) if (inputs[key] !== undefined) inputs[key] = pulumi.secret(inputs[key]);
      // Pulumi lets the program read an output only if it was declared.
      for (const key of step.outputs) inputs[key] = undefined;
      inputs["__provider"] = provider;
      super(type, name, inputs, { ...opts, additionalSecretOutputs: [...step.secret] });
    }
  }
  return StepResource as unknown as StepResourceClass<I, O>;
}
