import { resolve } from "node:path";
import { faultsOf, keysAt, valueAt } from "../../../components/shape";
import { rowsOf, shapesOf } from "../../../scripts/configuration-docs.js";
import { schema } from "../../../stacks/schema";

/** Values of the ready-made stack's configuration, as an object. */
export type Configuration = Record<string, unknown>;
export type Path = readonly (string | number)[];

/** Every setting that has no settings below it. A list of blocks has the settings of its first block. */
export function settingPaths(path: Path = []): Path[] {
  return keysAt(schema, path).flatMap((key) => {
    const at = [...path, key];
    if (keysAt(schema, at).length === 0) return [at];
    return settingPaths(expectedAt(at) === "a list" ? [...at, 0] : at);
  });
}

/** What a value at this path has to be, in the words of a mistake. */
const expectedAt = (path: Path): string =>
  faultsOf(schema, withValue({}, path, NO_VALUE)).find(({ path: at }) => String(at) === String(path))?.expected ?? "";

const NO_VALUE = Symbol("no value") as unknown;

/** A copy of the configuration with this value. Undefined removes it. */
export function withValue(values: Configuration, path: Path, value: unknown): Configuration {
  const [key, ...rest] = path as [string, ...Path];
  const copy: Configuration = Array.isArray(values) ? ([...values] as never) : { ...values };
  if (rest.length === 0) copy[key] = value;
  else {
    const empty = typeof rest[0] === "number" ? [] : {};
    const inner = copy[key];
    copy[key] = withValue((typeof inner === "object" && inner !== null ? inner : empty) as Configuration, rest, value);
  }
  return copy;
}

/**
 * Values to try at a path, without knowledge of the setting: those that its mistake lists, the example in its
 * description, and values of every type.
 */
export function valuesToTry(path: Path, files: readonly string[]): unknown[] {
  const expected = expectedAt(path);
  const listed = /^one of (.*)$/.exec(expected)?.[1]?.split(", ") ?? [];
  const words = ["one", "other:9093", "other-offsets", "4.2.0", "0.45.0", "orders-.*"];
  const texts = /File$|^inventory$/.test(String(path.at(-1))) ? [...files, ...words] : [...words, ...files];
  const blocks = [{ "offset.lag.max": 7 }, { team: "orders" }, [{ key: "a" }]];
  const values = [true, false, 2, 3, 60, 300_000, 0.5, ...texts, ...texts.map((text) => [text])];
  return [...listed, ...examplesOf(path), ...blocks, ...values];
}

/** The examples in the descriptions of settings with this name. */
const examplesOf = (path: Path): unknown[] =>
  DESCRIBED.filter(({ key }) => key === path.at(-1)).flatMap(({ meaning }) => {
    const example = /Example: `([^`]*)`/.exec(meaning)?.[1];
    if (example === undefined) return [];
    try {
      return [new Function(`return (${example})`)() as unknown];
    } catch {
      return [example];
    }
  });

const SHAPES = shapesOf(resolve(__dirname, "../../.."));
const DESCRIBED = [...SHAPES.keys()].flatMap((shape) => {
  try {
    return rowsOf(shape, SHAPES);
  } catch {
    // Not a shape of the configuration: its settings have no descriptions.
    return [];
  }
});

/**
 * Fills in required settings that are missing, for example of a new block. Undefined: the values have another fault.
 */
export function completed(values: Configuration, files: readonly string[]): Configuration | undefined {
  let whole = values;
  for (let round = 0; round < 6; round++) {
    const faults = faultsOf(schema, whole);
    if (faults.length === 0) return whole;
    for (const { kind, path } of faults) {
      if (kind !== "missing") return undefined;
      const fits = valuesToTry(path as Path, files).find((value) =>
        faultsOf(schema, withValue(whole, path as Path, value)).every(({ path: at }) => String(at) !== String(path)),
      );
      whole = withValue(whole, path as Path, fits);
    }
  }
  return undefined;
}

export { valueAt };
