import type { Mistakes } from "../../engine/errors";
import { didYouMean } from "../../engine/near-miss";
import { eventStreamsV1beta1 } from "./event-streams-v1beta1";
import { eventStreamsV1beta2 } from "./event-streams-v1beta2";
import { DEFAULT_DIALECT, type Dialect, type DialectName } from "./model";
import { strimziV1 } from "./strimzi-v1";
import { strimziV1beta2 } from "./strimzi-v1beta2";

export * from "./model";

/** Every operator API version that can be written, by name. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  "event-streams-v1beta1": eventStreamsV1beta1,
  "event-streams-v1beta2": eventStreamsV1beta2,
  "strimzi-v1beta2": strimziV1beta2,
  "strimzi-v1": strimziV1,
};

/** An unknown name is a mistake; the default stands in so that the remaining mistakes can be found too. */
export function dialectNamed(name: string = DEFAULT_DIALECT, mistakes: Mistakes): Dialect {
  const found = Object.hasOwn(dialects, name) ? dialects[name as DialectName] : undefined;
  if (found !== undefined) return found;
  mistakes.add(`dialect "${name}" is unknown${didYouMean(name, Object.keys(dialects))}; known: ${Object.keys(dialects).join(", ")}`);
  return dialects[DEFAULT_DIALECT];
}
