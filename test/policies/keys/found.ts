import { rules } from "../../../engine/rules";
import { readView } from "../../../policies/read";
import { custom } from "../resources";

const RULES = [
  "misspelt-key",
  "misplaced-key",
  "refused-value",
  "unit-doubtful",
  "time-negative",
  "key-of-another-version",
  "settings-contradict",
];

/** A mirror with these keys in one of its blocks. */
export function mirror(
  block: string,
  config: Record<string, unknown>,
  version = "3.9.0",
  others: Record<string, Record<string, unknown>> = {},
) {
  const own = (name: string) => ({ config: name === block ? config : (others[name] ?? {}) });
  return custom({
    apiVersion: "kafka.strimzi.io/v1beta2",
    kind: "KafkaMirrorMaker2",
    metadata: { name: "mm2", namespace: "ns" },
    spec: {
      version,
      replicas: 1,
      connectCluster: "b",
      clusters: [
        { alias: "a", bootstrapServers: "a:9092", ...own("origin") },
        { alias: "b", bootstrapServers: "b:9092", ...own("target") },
      ],
      mirrors: [
        {
          sourceCluster: "a",
          targetCluster: "b",
          topicsPattern: "orders",
          sourceConnector: own("source"),
          checkpointConnector: own("checkpoint"),
          heartbeatConnector: own("heartbeat"),
        },
      ],
    },
  });
}

/** What the rules about keys and values find, each as `rule: message`. */
export function found(...given: Parameters<typeof mirror>): string[] {
  const view = readView([mirror(...given)]);
  return rules
    .filter(({ name }) => RULES.includes(name))
    .flatMap((rule) => rule.check(view))
    .map(({ rule, message }) => `${rule}: ${message}`);
}
