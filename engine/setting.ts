import { z } from "zod";

/**
 * One setting: its type and its check. A shape is an object of settings. Types, configuration keys and documentation
 * are derived from shapes. At run time a setting is a zod type. The declaration does not name zod, because zod's
 * declarations are not valid in every project that imports the package.
 */
export interface Setting<In, Out = In> {
  optional(): Setting<In | undefined, Out | undefined>;
  default(value: Exclude<Out, undefined>): Setting<In | undefined, Exclude<Out, undefined>>;
  /** Only for types. */
  readonly types?: { in: In; out: Out };
}

export type Shape = Record<string, Setting<any, any>>;
/** What a setting is before and after its check. */
export type SettingTypes<S> = S extends Setting<infer In, infer Out> ? { in: In; out: Out } : never;

/** The settings that a user writes: with `?` if they are optional or have a default. Keeps the doc comments. */
export type Written<S> = {
  [K in keyof S as undefined extends SettingTypes<S[K]>["in"] ? never : K]: SettingTypes<S[K]>["in"];
} & {
  [K in keyof S as undefined extends SettingTypes<S[K]>["in"] ? K : never]?: Exclude<
    SettingTypes<S[K]>["in"],
    undefined
  >;
};

/** The same settings with their defaults. */
export type Resolved<S> = {
  [K in keyof S as undefined extends SettingTypes<S[K]>["out"] ? never : K]: SettingTypes<S[K]>["out"];
} & {
  [K in keyof S as undefined extends SettingTypes<S[K]>["out"] ? K : never]?: Exclude<
    SettingTypes<S[K]>["out"],
    undefined
  >;
};

/** What a setting is after the check. */
export type Checked<T> = T extends Setting<any, infer Out> ? Out : never;

/** Gives a check its type. */
export const typed = <T>(check: object) => check as Setting<T>;

/** A check with one message, for any wrong value. */
export const checked = <T>(isRight: (value: unknown) => boolean, expected: string) =>
  typed<T>(z.custom<T>(isRight, expected));

export const anyText = typed<string>(z.string());
export const text = typed<string>(z.string().min(1));
export const integer = typed<number>(z.number().int());
export const positive = typed<number>(z.number().positive());
export const flag = typed<boolean>(z.boolean());
export const oneOf = <const T extends string>(values: readonly T[]) => typed<T>(z.enum(values as [T, ...T[]]));
export const matching = (pattern: RegExp, expected: string) => typed<string>(z.string().regex(pattern, expected));
export const version = matching(/^\d+\.\d+(\.\d+)?$/, "major.minor or major.minor.patch, like 4.2.0");

export const whole = (least: number, most = Infinity) =>
  checked<number>(
    (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
    most === Infinity ? `a whole number, at least ${least}` : `a whole number from ${least} to ${most}`,
  );
export const count = whole(1);
/** A probability that is neither certain nor impossible. */
export const fraction = checked<number>(
  (value) => typeof value === "number" && value > 0 && value < 1,
  "a number above 0 and below 1",
);
export const seconds = checked<number>(
  (value) => Number.isFinite(value) && (value as number) > 0,
  "a number of seconds, more than 0",
);

const strict = (shape: Shape) => z.strictObject(shape as unknown as z.ZodRawShape);
/** One block of settings. `T` is the interface that is derived from the same shape. */
export const block = <T>(shape: Shape) => typed<T>(strict(shape));
/** A block that is checked as a whole: other keys are refused. Its type follows from the shape. */
export const objectOf = <S extends Shape>(shape: S): Setting<Written<S>, Resolved<S>> => typed<any>(strict(shape));
/** A block in which exactly one of some keys must be set. */
export const withExactlyOne = (keys: readonly string[], shape: Shape) =>
  typed<unknown>(
    strict(shape).refine(
      (values) => keys.filter((key) => values[key] !== undefined).length === 1,
      `set exactly one of ${keys.slice(0, -1).join(", ")} and ${keys.at(-1)}`,
    ),
  );
/** One of several blocks. The value of `key` says which. */
export const oneOfBlocks = <T>(key: string, blocks: readonly [Setting<any>, ...Setting<any>[]]) =>
  typed<T>(z.discriminatedUnion(key, blocks as unknown as [z.ZodObject, ...z.ZodObject[]]));
/** `false`, or a block. */
export const falseOr = <T>(other: Setting<T>) =>
  typed<T | false>(z.union([z.literal(false), other as unknown as z.ZodType]));
export const list = <T>(item: Setting<T>) => typed<readonly T[]>(z.array(item as unknown as z.ZodType));
export const recordOf = <T>(item: Setting<T>) =>
  typed<Record<string, T>>(z.record(z.string(), item as unknown as z.ZodType));
/** A setting with the description of another one, and a check of its own. */
export const like = <In, Out>(_described: Setting<any, any>, check: Setting<In, Out>) => check;
/** Required in the type. A later check reports its absence with the reason. */
export const needed = <T>(setting: Setting<T>) => typed<T>(setting.optional());

type Undefaulted<S> = S extends Setting<infer In, any> ? Setting<In> : never;

/** Returns the shape without its defaults: values stay as the user wrote them. */
export function withoutDefaults<S extends Shape>(shape: S): { [K in keyof S]: Undefaulted<S[K]> } {
  const entries = Object.entries(shape).map(([key, setting]) => {
    const check: unknown = setting;
    return [key, check instanceof z.ZodDefault ? z.optional(check.unwrap()) : setting];
  });
  return Object.fromEntries(entries);
}

/** Returns the defaults of a shape. */
export function defaultsOf<S extends Shape>(
  shape: S,
): { [K in keyof S as undefined extends SettingTypes<S[K]>["out"] ? never : K]: SettingTypes<S[K]>["out"] } {
  const entries = Object.entries(shape).flatMap(([key, setting]) => {
    const check: unknown = setting;
    return check instanceof z.ZodDefault ? [[key, check.parse(undefined)]] : [];
  });
  return Object.fromEntries(entries);
}

/** Returns the values whose keys are in the shape, in the shape's order. */
export function pick<V extends object, S extends Shape>(values: V, shape: S): Pick<V, keyof V & keyof S> {
  const known = values as Record<string, unknown>;
  const keys = Object.keys(shape).filter((key) => known[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, known[key]])) as Pick<V, keyof V & keyof S>;
}

/** A block that exists even if the user wrote nothing, with its defaults. */
export const filled = <S extends Shape>(shape: S) => typed<Resolved<S>>(strict(shape).prefault({}));
/** A block in which another check reports unknown keys. */
export const loose = <T>(shape: Shape) => typed<T>(z.looseObject(shape as unknown as z.ZodRawShape));
