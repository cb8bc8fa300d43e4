import { CONFIG_MAPS, KubeError, type Kube, type KubeObject, type Resource } from "../kube/client";
import { condition, type Condition } from "../status";
import type { ConnectorDefinition } from "./properties";
import type { ConnectRest } from "./rest";

const ACTIONS = { list: "ListOffsets", alter: "AlterOffsets", reset: "ResetOffsets" } as const;
type Action = keyof typeof ACTIONS;

export interface OffsetsRequest {
  kube: Kube;
  resource: Resource;
  object: KubeObject;
  /** `strimzi.io` or `eventstreams.ibm.com`. */
  domain: string;
  rest: ConnectRest;
  definitions: readonly ConnectorDefinition[];
  progress: (line: string) => void;
}

/**
 * Lists, alters or resets the offsets of one connector if two annotations of the resource request it (Strimzi 0.44 and
 * later): `connector-offsets` and `mirrormaker-connector`. Removes both when it has succeeded.
 * @returns a warning condition if it failed. The annotations stay then, and the next reconciliation tries again.
 */
export async function manageOffsets(request: OffsetsRequest): Promise<Condition[]> {
  const { object, domain, progress } = request;
  const annotation = (name: string): string | undefined => object.metadata.annotations?.[`${domain}/${name}`];
  const action = annotation("connector-offsets");
  const connector = annotation("mirrormaker-connector");
  if (action === undefined && connector === undefined) return [];
  try {
    if (action === undefined || connector === undefined)
      throw new Error(`Annotations ${domain}/connector-offsets and ${domain}/mirrormaker-connector must both be set`);
    if (!Object.hasOwn(ACTIONS, action)) throw new Error(`Unknown value ${action} of ${domain}/connector-offsets`);
    const definition = request.definitions.find(({ name }) => name === connector);
    if (definition === undefined) throw new Error(`There is no connector ${connector}`);
    await carryOut(action as Action, definition, request);
    await forget(request);
    progress(`operator: connector ${connector}: offsets: ${action} is done`);
    return [];
  } catch (error) {
    if (error instanceof KubeError && error.status === 409) return [];
    const type = action !== undefined && Object.hasOwn(ACTIONS, action) ? ACTIONS[action as Action] : "ManageOffsets";
    return [condition("Warning", type, (error as Error).message)];
  }
}

async function carryOut(action: Action, definition: ConnectorDefinition, request: OffsetsRequest): Promise<void> {
  const { rest } = request;
  const { name, listOffsets, alterOffsets } = definition;
  if (action === "reset") return rest.resetOffsets(name);
  const configMap = action === "list" ? listOffsets : alterOffsets;
  if (configMap === undefined) throw new Error(`${action}Offsets of connector ${name} is not set`);
  const key = `${name.replaceAll("->", "--")}.json`;
  const namespace = request.object.metadata.namespace!;
  const there = await request.kube.get(CONFIG_MAPS, namespace, configMap);
  if (action === "alter") {
    const text = there?.data?.[key];
    if (text === undefined) throw new Error(`ConfigMap ${namespace}/${configMap} has no key ${key}`);
    return rest.alterOffsets(name, JSON.parse(text));
  }
  const data = { ...there?.data, [key]: JSON.stringify(await rest.offsets(name)) };
  if (there === undefined) await request.kube.create(CONFIG_MAPS, { metadata: { name: configMap, namespace }, data });
  else await request.kube.replace(CONFIG_MAPS, { ...there, data });
}

/** Removes the annotations, so that the request is carried out once. */
async function forget({ kube, resource, object, domain }: OffsetsRequest): Promise<void> {
  const live = await kube.get(resource, object.metadata.namespace!, object.metadata.name);
  if (live === undefined) return;
  const annotations = { ...live.metadata.annotations };
  for (const name of ["connector-offsets", "mirrormaker-connector"]) delete annotations[`${domain}/${name}`];
  await kube.replace(resource, { ...live, metadata: { ...live.metadata, annotations } });
}
