/** Readers of plain data from outside, such as the text of a resource. They never fail on a value of another type. */
export type Json = Record<string, unknown>;

export const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
/** Parses JSON. An editor or a shell on Windows may have put a byte order mark in front. Throws a SyntaxError. */
export const parseJson = (json: string): unknown => JSON.parse(json.replace(/^\uFEFF/, ""));
/** All entries of a list. A value that is not known yet throws when it is read. */
export const items = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? Array.from({ length: value.length }, (_, i) => value[i] as unknown) : [];
export const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
export const number = (value: unknown): number | undefined => {
  if (typeof value === "string" && value.trim() !== "") value = Number(value);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
};
