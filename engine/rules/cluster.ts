import type { Side } from "../model";
import { attempt } from "./unknown";
import type { MirrorView } from "./view";

/** Names of one cluster: its addresses, or its alias where no address is written. */
export function clusterNames(mirror: MirrorView, side: Side): string[] {
  const servers = (mirror[side].bootstrapServers ?? "").split(",").map((server) => server.trim().toLowerCase());
  const addresses = servers
    .filter((server) => server !== "")
    .map((server) =>
      address(
        server,
        attempt(() => mirror.namespace),
      ),
    );
  return addresses.length > 0 ? addresses : [`alias ${mirror[side].alias}`];
}

/** Do both sides mean the same cluster? One common address is enough. */
export function sameCluster(one: MirrorView, a: Side, other: MirrorView, b: Side): boolean {
  const names = clusterNames(one, a);
  return clusterNames(other, b).some((name) => names.includes(name));
}

/**
 * An operator's service is one cluster on each of its ports, and means another one in each namespace: a short name gets
 * the mirror's own namespace, and `.svc.cluster.local` is left out.
 */
function address(server: string, namespace: string | undefined): string {
  const host = server.replace(/:\d+$/, "").replace(/\.svc(\.[\w.-]+)?$/, "");
  if (!/-kafka-(\w+-)?(bootstrap|brokers)(\.[\w-]+)?$/.test(host)) return server;
  return host.includes(".") ? host : `${host}.${namespace ?? ""}`;
}
