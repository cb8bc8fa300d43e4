import { fields, type SinkView } from "../../engine/rules";
import { partsOf } from "./home";
import { type AnyResource, object, text } from "./plain";

/**
 * The sink connectors among the KafkaConnectors. Connect gives a connector a group (`connect-<name>`) only if it reads
 * topics.
 */
export function readSinks(connectors: readonly AnyResource[]): SinkView[] {
  return connectors.flatMap((resource) => {
    const { metadata, spec } = partsOf(resource);
    const config = object(spec.config);
    if (text(config.topics) === undefined && text(config["topics.regex"]) === undefined) return [];
    return [
      fields<SinkView>({
        group: () => text(config["consumer.override.group.id"]) ?? `connect-${text(metadata.name) ?? resource.name}`,
        topics: () =>
          text(config.topics)
            ?.split(",")
            .map((topic) => topic.trim()),
      }),
    ];
  });
}
