import { createHash } from "node:crypto";

/** Longest name of a Kubernetes object (RFC 1123 subdomain). */
const LONGEST = 253;
const VALID = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export const isResourceName = (name: string): boolean => name.length <= LONGEST && VALID.test(name);

/**
 * Returns the name of a topic's KafkaTopic. A topic name that Kubernetes accepts stays. Another one is made valid and
 * gets the SHA-1 of the topic's name: `__consumer_offsets` becomes
 * `consumer-offsets---84e7a678d08f4bd226872e5cdd4eb527fadc1c6a`. Strimzi's Topic Operator named the resources that it
 * created itself in the same way (bidirectional operator, up to Strimzi 0.45).
 * @param isTaken true for names of other objects. If the topic's own name is one of them, the hash is added, too
 */
export function resourceName(topic: string, isTaken: (name: string) => boolean = () => false): string {
  if (isResourceName(topic) && !isTaken(topic)) return topic;
  for (let more = ""; ; more += "+") {
    const name = hashedName(
      topic,
      createHash("sha1")
        .update(topic + more)
        .digest("hex"),
    );
    if (!isTaken(name)) return name;
  }
}

function hashedName(topic: string, hash: string): string {
  // Each run of separators becomes one: a dot must not be beside a dot or a hyphen.
  const readable = topic
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, "-")
    .replace(/[.-]+/g, (run) => run[0]!)
    .replace(/^[.-]+/, "")
    .slice(0, LONGEST - hash.length - "---".length)
    .replace(/[.-]+$/, "");
  return readable === "" ? hash : `${readable}---${hash}`;
}
