import type { Side } from "../model";
import { type AclRule, allow, cluster, group, topic } from "./rules";

const anyTopic = topic("*");
const anyGroup = group("*");

/**
 * The rules of the guide's two KafkaUsers, in its order, one operation each: 9 bindings on the origin, 11 on the
 * target. They are wider than needed (see `leastAcls`). We keep them because users already have them. `Read` on the
 * cluster has no effect in a broker; it is in the guide.
 */
export function guideAcls(role: Side): AclRule[] {
  return role === "origin"
    ? [
        allow(anyTopic, "Read"),
        allow(anyTopic, "Describe"),
        allow(anyTopic, "DescribeConfigs"),
        allow(cluster, "Create"),
        allow(cluster, "Read"),
        allow(cluster, "Describe"),
        allow(anyTopic, "Write"),
        allow(anyGroup, "Describe"),
        allow(anyGroup, "Read"),
      ]
    : [
        allow(anyTopic, "Read"),
        allow(anyTopic, "Write"),
        allow(anyTopic, "Describe"),
        allow(anyTopic, "DescribeConfigs"),
        allow(anyTopic, "AlterConfigs"),
        allow(anyTopic, "Alter"),
        allow(cluster, "Create"),
        allow(cluster, "Alter"),
        allow(cluster, "DescribeConfigs"),
        allow(anyGroup, "Read"),
        allow(anyGroup, "Describe"),
      ];
}
