import { createRequire } from "node:module";
import type { Library } from "./login";

let loaded: Promise<Library> | undefined;

/**
 * Loads the Kafka client. Half of its loading time is for the validators of its own Admin, Consumer and Producer, which
 * are not used here. They are made when somebody calls them.
 */
export function loadLibrary(): Promise<Library> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Library> {
  const undo = validatorsLater();
  try {
    return await import("@platformatic/kafka");
  } finally {
    undo();
  }
}

interface Ajv {
  prototype: { compile(...schema: unknown[]): object };
}

/**
 * Until the returned function is called, the client's own copy of Ajv compiles a schema at the validator's first use.
 */
function validatorsLater(): () => void {
  let Validators: Ajv;
  try {
    const client = createRequire(createRequire(__filename).resolve("@platformatic/kafka"));
    ({ Ajv2020: Validators } = client("ajv/dist/2020.js") as { Ajv2020: Ajv });
  } catch {
    // Another version of the client. It loads as always.
    return () => {};
  }
  const { compile } = Validators.prototype;
  Validators.prototype.compile = function (...schema) {
    let validator: object | undefined;
    const made = () => (validator ??= compile.apply(this, schema)) as (...values: unknown[]) => unknown;
    return new Proxy(() => {}, {
      apply: (_, self, values) => Reflect.apply(made(), self, values) as unknown,
      get: (_, key) => Reflect.get(made(), key) as unknown,
    });
  };
  return () => Reflect.deleteProperty(Validators.prototype, "compile");
}
