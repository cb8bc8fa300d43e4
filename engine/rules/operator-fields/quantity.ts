/** The quantities of Kubernetes, as the CRDs of the operators check them. */
export const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?(\d+(\.\d*)?|\.\d+))?$/;

const BINARY = "KMGTPE";
const DECIMAL: Readonly<Record<string, number>> = { n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3 };

/** The amount of a Kubernetes quantity such as `512Mi`, `1G` or `500m`. Undefined if it is none. */
export function quantityOf(text: string): number | undefined {
  if (!QUANTITY.test(text)) return undefined;
  const [, number = "", unit = ""] = /^([+-]?[\d.]+(?:[eE][+-]?[\d.]+)?)([KMGTPE]i|[numkMGTPE])?$/.exec(text) ?? [];
  const power = BINARY.indexOf(unit.slice(0, 1)) + 1;
  const factor = unit.endsWith("i") ? 1024 ** power : (DECIMAL[unit] ?? (unit === "" ? 1 : 1000 ** power));
  const amount = Number(number) * factor;
  return Number.isFinite(amount) ? amount : undefined;
}

/** The bytes of a JVM size such as `512m` or `2G`. Its units are powers of 1024, in lower case and in upper case. */
export function jvmBytes(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d+)([kmg]?)$/i.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * 1024 ** " kmg".indexOf(unit.toLowerCase() || " ");
}
