/** The state that Pulumi keeps for one object: the live object, the inputs under `__inputs`, and two notes. */
import { isObject, hasSecret, reveal, revealProps, Secret, type PlainObject, type Props, type Value } from "./values";
import { apiVersionOf, gvkOf, structuredCloneOf } from "./objects";

const INPUTS = "__inputs";
const INITIAL_API_VERSION = "__initialApiVersion";
const FIELD_MANAGER = "__fieldManager";

export interface Notes {
  /**
   * The API version that the object was created with. An alias may have moved the resource to another version since.
   */
  initialApiVersion: string;
  /** Field manager of server-side apply: `pulumi-kubernetes-<8 hex>`, unless an annotation sets it. */
  fieldManager: string;
}

/**
 * Marks the outputs as secret where the inputs were secret. In an object of kind Secret, `data` and `stringData` are
 * always secret and no other field ever is. An annotation that repeats their values stays in plain text, as with the
 * real plugin.
 */
export function markSecrets(outputs: Props, inputs: Props): void {
  if (outputs["kind"] === "Secret") {
    for (const key of ["data", "stringData"]) {
      const value = outputs[key];
      if (value !== undefined && !(value instanceof Secret)) outputs[key] = new Secret(value);
    }
    return;
  }
  for (const [key, input] of Object.entries(inputs)) {
    const output = outputs[key];
    if (output === undefined) continue;
    if (isObject(output) && isObject(input)) markSecrets(output, input);
    else if (!(output instanceof Secret) && hasSecret(input)) outputs[key] = new Secret(output);
  }
}

/** `secrets`: the inputs with their secret marks. */
export function checkpoint(inputs: PlainObject, live: PlainObject, secrets: Props, notes: Notes): Props {
  const state = structuredCloneOf(live) as Props;
  const copiedInputs = structuredCloneOf(inputs) as Props;
  markSecrets(state, secrets);
  markSecrets(copiedInputs, secrets);
  state[INPUTS] = copiedInputs;
  state[INITIAL_API_VERSION] = notes.initialApiVersion;
  state[FIELD_MANAGER] = notes.fieldManager;
  return state;
}

export interface Parsed {
  inputs: PlainObject;
  live: PlainObject;
  initialApiVersion?: string;
  fieldManager?: string;
}

export function parseCheckpoint(state: Props): Parsed {
  const live = revealProps(state);
  const inputs = live[INPUTS];
  const initialApiVersion = noteOf(state[INITIAL_API_VERSION]);
  const fieldManager = noteOf(state[FIELD_MANAGER]);
  for (const key of [INPUTS, INITIAL_API_VERSION, FIELD_MANAGER]) delete live[key];
  const parsed: Parsed = { inputs: isObject(inputs) ? inputs : {}, live };
  if (initialApiVersion !== undefined) parsed.initialApiVersion = initialApiVersion;
  if (fieldManager !== undefined) parsed.fieldManager = fieldManager;
  return parsed;
}

export function initialApiVersionOf(parsed: Parsed, inputs: PlainObject): string {
  return parsed.initialApiVersion ?? apiVersionOf(gvkOf(inputs));
}

function noteOf(value: Value | undefined): string | undefined {
  if (value === undefined) return undefined;
  const plain = reveal(value);
  return typeof plain === "string" ? plain : undefined;
}
