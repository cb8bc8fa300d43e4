import { modelFrom, reader } from "../mirror-configuration";
import type { Saying } from "./rule";
import { type MirrorView, namesIn } from "./view";

/** The producer that writes the copied records. The connector's settings take precedence over those of the workers. */
export function producerOf(mirror: MirrorView) {
  const { source, target } = mirror;
  const [connector, worker] = [reader(source.config), reader(target.config)];
  return {
    number: (key: string): number | undefined =>
      connector.number(`producer.override.${key}`) ?? worker.number(`producer.${key}`),
    flag: (key: string): boolean | undefined =>
      connector.flag(`producer.override.${key}`) ?? worker.flag(`producer.${key}`),
    /** The place where a value is written, for messages. */
    path: (key: string): string =>
      connector.text(`producer.override.${key}`) === undefined && worker.text(`producer.${key}`) !== undefined
        ? `producer.${key} in ${namesIn(mirror).workers}.config`
        : `producer.override.${key}`,
  };
}

/** A record counts as copied as soon as the producer has its acknowledgement. */
export function unacknowledged(mirror: MirrorView): Saying[] {
  const producer = producerOf(mirror);
  const acks = producer.number("acks");
  // An idempotent producer does not start with these values: settings-contradict.
  if ((acks !== 0 && acks !== 1) || modelFrom(mirror).exactlyOnce || producer.flag("enable.idempotence") === true)
    return [];
  const why =
    acks === 0
      ? "the mirror does not see that a broker refuses a record or loses it, and goes on without it"
      : "a broker that fails before the others have a record loses it, and the mirror does not copy it again";
  return [{ seen: `${producer.path("acks")} is ${acks}`, why, instead: "remove it: MirrorMaker 2 waits for all" }];
}
