import type { Mistakes } from "../../engine/errors";
import { newestStrimzi } from "../../engine/rules/operator-fields";
import { versionAtLeast } from "../../engine/version";
import type { DialectName } from "../settings/mirror";

/** The operators that read a dialect. Versions are those of the operator's own product. */
interface Range {
  product: "Strimzi" | "Event Streams";
  from: string;
  /** The first version that no longer reads it. */
  below?: string;
  /** Returns the Strimzi version of such an operator, or the one that it is based on. */
  strimzi: (version: string) => string;
  /** Strimzi version if no operator version is given: the newest. */
  newest: string;
}

/**
 * From 11.1.4 on, IBM's own samples contain `operations`. IBM does not publish which Strimzi the versions in between
 * are based on.
 */
const OPERATIONS = "11.1.4";

export const ranges: Readonly<Record<DialectName, Range>> = {
  "event-streams-v1beta1": {
    product: "Event Streams",
    from: "10.0",
    below: "11.0",
    strimzi: () => "0.22",
    newest: "0.22",
  },
  "event-streams-v1beta2": {
    product: "Event Streams",
    from: "11.0",
    below: "13.0",
    strimzi: (version) => (versionAtLeast(version, OPERATIONS) ? "0.51" : "0.31"),
    newest: "0.51",
  },
  "event-streams-v1": {
    product: "Event Streams",
    from: "13.0",
    strimzi: (version) => (versionAtLeast(version, "13.1") ? newestStrimzi : "1.0"),
    newest: "1.0",
  },
  "strimzi-v1beta2": { product: "Strimzi", from: "0.23", below: "1.0", strimzi: (version) => version, newest: "0.51" },
  "strimzi-v1": { product: "Strimzi", from: "0.49", strimzi: (version) => version, newest: newestStrimzi },
};

/** Strimzi is at 1.x. Event Streams began to be an operator with 10.0. */
const productOf = (version: string): Range["product"] =>
  versionAtLeast(version, "10.0") ? "Event Streams" : "Strimzi";

const reads = ({ from, below }: Range, version: string) =>
  versionAtLeast(version, from) && (below === undefined || !versionAtLeast(version, below));

/**
 * Returns the Strimzi version for an operator version. If that operator does not read the dialect, this is a mistake,
 * which names the dialects that it reads.
 */
export function strimziOf(dialect: DialectName, version: string | undefined, mistakes: Mistakes): string {
  const { product, from, below, strimzi, newest } = ranges[dialect];
  if (version === undefined) return newest;
  if (!/^\d+\.\d+(\.\d+)?$/.test(version)) {
    mistakes.add(`operatorVersion is "${version}": it has to be the ${product} version, like ${from} or ${from}.0`);
    return newest;
  }
  const own = productOf(version);
  if (own === product && reads(ranges[dialect], version)) return strimzi(version);
  const others = Object.entries(ranges).filter(([, one]) => one.product === own && reads(one, version));
  const range = below === undefined ? `${from} and later` : `${from} up to, but not ${below}`;
  const way =
    others.length === 0
      ? "no dialect of this package is for that version"
      : `use dialect ${others.map(([name]) => name).join(" or ")}`;
  mistakes.add(
    `dialect ${dialect} is for ${product} ${range}, and operatorVersion is ` +
      `${version}${own === product ? "" : `, a version of ${own}`}: ${way}`,
  );
  return newest;
}

/**
 * Default Kafka version of Strimzi releases, by the first release that has it. Contains only versions that change names
 * or classes.
 */
const KAFKA: readonly (readonly [strimzi: string, kafka: string])[] = [
  ["0.51", "4.2.0"],
  ["0.49", "4.1.1"],
  ["0.48", "4.1.0"],
  ["0.46", "4.0.0"],
  ["0.45", "3.9.0"],
  ["0.43", "3.8.0"],
  ["0.40", "3.7.0"],
  ["0.38", "3.6.0"],
  ["0.36", "3.5.0"],
  ["0.34", "3.4.0"],
  ["0.32", "3.3.1"],
  ["0.29", "3.2.0"],
  ["0.28", "3.1.0"],
  ["0.26", "3.0.0"],
];

export const kafkaOf = (strimzi: string): string =>
  KAFKA.find(([least]) => versionAtLeast(strimzi, least))?.[1] ?? "2.8.0";
