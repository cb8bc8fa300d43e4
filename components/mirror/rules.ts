import type { Mistakes } from "../../engine/errors";
import { type MirrorView, refusals, textsOf } from "../../engine/rules";
import type { ResolvedMirror } from "./resolve";

/** What the policy pack's mandatory rules forbid is refused here with the same message, from the same definition. */
export function checkRules(mirror: ResolvedMirror, mistakes: Mistakes): void {
  for (const message of refusals({ mirrors: [viewOf(mirror)] })) mistakes.add(message);
}

/** The mirror as the rules look at it, before its connections are known. */
export function viewOf(mirror: ResolvedMirror): MirrorView {
  const { dialect, origin, target, source, checkpoint, heartbeat, pods } = mirror;
  const configs = { source, checkpoint, heartbeat };
  return {
    ...mirror,
    resource: "",
    label: "",
    apiVersion: dialect.mirrorApiVersion,
    // The dialect says itself that it has none.
    heartbeatKnown: true,
    connectionsKnown: false,
    declared: { source: true, checkpoint: true },
    doubleExclusions: [],
    secretKeys: new Map(),
    texts: [
      ...(["source", "checkpoint", "heartbeat"] as const).flatMap((name) => textsOf(configs[name]?.config, `${name}Connector.config`)),
      ...textsOf(origin.config, "origin.config"),
      ...textsOf(target.config, "target.config"),
      ...textsOf(pods, ""),
    ],
  };
}
