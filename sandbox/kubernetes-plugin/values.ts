/**
 * Property values as Pulumi's engine and a resource plugin exchange them. They are JSON in which a secret is an object
 * with a signature, and an unknown value (preview only) is one of seven reserved strings.
 */

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const REFUSED: Record<string, string> = {
  c44067f5952c0a294b673a41bacd8c17: "an asset",
  "0def7320c3a5731c473e5ecbe6d01bc7": "an archive",
  "5cf8f73096256a8f31e491e813e4eb8e": "a resource reference",
  d0e6a833031e9bbcd3f4e8bde6ca49a4: "an output value",
};
const UNKNOWNS = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** A value that is known only when the update runs. */
export class Unknown {
  constructor(readonly sentinel: string) {}
}

/** A value that Pulumi encrypts in its state and hides in its output. */
export class Secret {
  constructor(readonly element: Value) {}
}

export type Value = null | boolean | number | string | Unknown | Secret | Value[] | Props;
export interface Props {
  [key: string]: Value;
}

/**
 * A value without secrets. It is used for comparisons and, if it contains no {@link Unknown}, is sent to the API
 * server.
 */
export type Plain = null | boolean | number | string | Unknown | Plain[] | PlainObject;
export interface PlainObject {
  [key: string]: Plain;
}

export function isObject(value: unknown): value is { [key: string]: never } {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Unknown) &&
    !(value instanceof Secret)
  );
}

/** Decodes a value from the wire. @throws Error for assets, archives, resource references and output values */
export function decode(json: unknown): Value {
  if (typeof json === "string") return UNKNOWNS.has(json) ? new Unknown(json) : json;
  if (Array.isArray(json)) return json.map(decode);
  if (typeof json !== "object" || json === null) return (json ?? null) as Value;
  const fields = json as Record<string, unknown>;
  const signature = fields[SIGNATURE];
  if (signature === SECRET) return new Secret(decode(fields["value"]));
  if (typeof signature === "string") {
    throw new Error(
      "this stand-in for the kubernetes plugin does not take " +
        `${REFUSED[signature] ?? `values with the signature ${signature}`}`,
    );
  }
  const props: Props = {};
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) props[key] = decode(value);
  return props;
}

export function decodeProps(json: unknown): Props {
  const value = decode(json ?? {});
  return isObject(value) ? (value as Props) : {};
}

/** Encodes a value for the wire. */
export function encode(value: Value): unknown {
  if (value instanceof Unknown) return value.sentinel;
  if (value instanceof Secret) return { [SIGNATURE]: SECRET, value: encode(value.element) };
  if (Array.isArray(value)) return value.map(encode);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value as Props).map(([key, field]) => [key, encode(field)]));
}

/** A copy without the secret marks. */
export function reveal(value: Value): Plain {
  if (value instanceof Unknown) return value;
  if (value instanceof Secret) return reveal(value.element);
  if (Array.isArray(value)) return value.map(reveal);
  return isObject(value) ? revealProps(value as Props) : (value as Plain);
}

export function revealProps(props: Props): PlainObject {
  return Object.fromEntries(Object.entries(props).map(([key, field]) => [key, reveal(field)]));
}

export function hasSecret(value: Value): boolean {
  if (value instanceof Secret) return true;
  if (Array.isArray(value)) return value.some(hasSecret);
  return isObject(value) && Object.values(value as Props).some(hasSecret);
}

export function hasUnknown(value: Value): boolean {
  if (value instanceof Unknown) return true;
  if (value instanceof Secret) return hasUnknown(value.element);
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value as Props).some(hasUnknown);
}
