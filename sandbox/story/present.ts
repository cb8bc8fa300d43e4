import type { Sandbox, SandboxCluster } from "../start";
import { SandboxError } from "../error";
import { kubernetesObjects } from "./kubernetes";
import { listEverything } from "./witness";

/**
 * Lists everything on both clusters and in Kubernetes except these topics and the target's groups. Kafka's own topics
 * do not count.
 */
export async function residueIn(sandbox: Sandbox, topics: string[], groups: string[]): Promise<string[]> {
  const [origin, target] = await Promise.all([listEverything(sandbox.origin), listEverything(sandbox.target)]);
  return [
    ...leftTopics("origin", origin.topics, topics),
    ...leftTopics("target", target.topics, topics),
    ...target.groups
      .filter((group) => !groups.includes(group) && !group.startsWith("witness-"))
      .map((group) => `target: group ${group}`),
    ...leftPrincipals("origin", origin.principals),
    ...leftPrincipals("target", target.principals),
    ...(await kubernetesObjects(sandbox)).map((object) => `kubernetes: ${object}`),
  ];
}

/**
 * What an existing cluster already contains, so that it is not reported as residue later.
 * @throws SandboxError ESTATE_EXISTS
 */
export async function present(sandbox: Sandbox, names: string[]): Promise<string[]> {
  for (const side of ["origin", "target"] as const) {
    const { topics } = await listEverything(sandbox[side]);
    const clash = names.filter((name) => topics.has(name));
    if (clash.length === 0) continue;
    throw new SandboxError(
      "ESTATE_EXISTS",
      `${side}: ${clash.length} of the estate's topics are there already, e.g. ${clash[0]}`,
      { fix: "give an empty cluster, or remove them if an earlier run left them" },
    );
  }
  return residueIn(sandbox, [], []);
}

/** Counts the topics by their number of replicas. */
export async function factors(cluster: SandboxCluster, names: string[]): Promise<Record<string, number>> {
  const { topics } = await listEverything(cluster);
  const count: Record<string, number> = {};
  for (const name of names) {
    const key = topics.get(name)?.replicas.join(" or ") ?? "absent";
    count[key] = (count[key] ?? 0) + 1;
  }
  return count;
}

function leftTopics(side: string, topics: Map<string, unknown>, estate: string[]): string[] {
  return [...topics.keys()]
    .filter((name) => !name.startsWith("__") && !estate.includes(name))
    .map((name) => `${side}: topic ${name}`);
}

function leftPrincipals(side: string, principals: string[]): string[] {
  return principals.filter((p) => p.includes("mm2-")).map((p) => `${side}: ACLs of ${p}`);
}
