import { reader } from "../mirror-configuration";
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
