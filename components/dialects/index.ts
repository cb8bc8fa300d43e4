import { Mistakes } from "../../engine/errors";
import { didYouMean } from "../../engine/near-miss";
import { eventStreamsV1, strimziV1 } from "./v1";
import { eventStreamsV1beta1 } from "./event-streams-v1beta1";
import { eventStreamsV1beta2, strimziV1beta2 } from "./v1beta2";
import { DEFAULT_DIALECT, type DialectName } from "../settings/mirror";
import type { Dialect } from "./model";
import { strimziOf } from "./versions";

export type { DialectName } from "../settings/mirror";
export * from "./model";

const writers: Readonly<Record<DialectName, (strimzi: string) => Dialect>> = {
  "event-streams-v1beta1": () => eventStreamsV1beta1,
  "event-streams-v1beta2": eventStreamsV1beta2,
  "event-streams-v1": eventStreamsV1,
  "strimzi-v1beta2": strimziV1beta2,
  "strimzi-v1": strimziV1,
};

/** All dialects by name, each for the newest operator that reads it. */
export const dialects = Object.fromEntries(
  (Object.keys(writers) as DialectName[]).map((name) => [
    name,
    writers[name](strimziOf(name, undefined, new Mistakes())),
  ]),
) as Readonly<Record<DialectName, Dialect>>;

/**
 * Returns a dialect. An unknown name or operator version is a mistake. In that case a default is returned, so that the
 * remaining mistakes can be found, too.
 * @param operatorVersion version of Strimzi or Event Streams, depending on the dialect. Default: the newest that reads
 *   the dialect
 */
export function dialectNamed(name: string = DEFAULT_DIALECT, mistakes: Mistakes, operatorVersion?: string): Dialect {
  if (Object.hasOwn(writers, name))
    return writers[name as DialectName](strimziOf(name as DialectName, operatorVersion, mistakes));
  mistakes.add(
    `dialect "${name}" is unknown${didYouMean(name, Object.keys(dialects))}; known: ` +
      `${Object.keys(dialects).join(", ")}`,
  );
  return dialects[DEFAULT_DIALECT];
}
