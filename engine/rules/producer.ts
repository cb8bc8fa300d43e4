import { reader } from "../mirror-configuration";
import { type MirrorView, namesIn } from "./view";

/** The producer that writes the data: what the connector asks for, else what its workers have. */
export function producerOf(mirror: MirrorView) {
  const { source, target } = mirror;
  const [connector, worker] = [reader(source.config), reader(target.config)];
  return {
    number: (key: string): number | undefined =>
      connector.number(`producer.override.${key}`) ?? worker.number(`producer.${key}`),
    flag: (key: string): boolean | undefined =>
      connector.flag(`producer.override.${key}`) ?? worker.flag(`producer.${key}`),
    /** Where a value is said, for messages. */
    path: (key: string): string =>
      connector.text(`producer.override.${key}`) === undefined && worker.text(`producer.${key}`) !== undefined
        ? `producer.${key} in ${namesIn(mirror).workers}.config`
        : `producer.override.${key}`,
  };
}
