import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { SandboxError } from "../error";
import type { ManagedProcess } from "../processes";
import type { KubernetesRest } from "./rest";

/** The fields of a CustomResourceDefinition that are used here. */
export interface Definition {
  metadata: { name: string };
  spec: {
    group: string;
    names: { kind: string; plural: string };
    versions: { name: string; served: boolean; storage: boolean; additionalPrinterColumns?: { jsonPath: string }[] }[];
  };
}

const eventStreams = "eventstreams.ibm.com";

/** Returns every definition under the group of Strimzi, and a copy of each under the group of Event Streams. */
export async function readDefinitions(folder: string): Promise<Definition[]> {
  const strimzi = await readFiles(folder);
  return [...strimzi, ...strimzi.map(asEventStreams)];
}

/**
 * Returns the definitions of another Strimzi release under a separate group, so that one API server can serve them
 * beside the others.
 */
export async function definitionsInGroup(folder: string, group: string): Promise<Definition[]> {
  return (await readFiles(folder)).map((definition) => inGroup(definition, group));
}

function inGroup(definition: Definition, group: string): Definition {
  const copy = structuredClone(definition);
  copy.spec.group = group;
  copy.metadata.name = `${copy.spec.names.plural}.${group}`;
  return copy;
}

async function readFiles(folder: string): Promise<Definition[]> {
  const files = (await readdir(folder)).filter((file) => /\.ya?ml$/.test(file)).sort();
  if (files.length === 0)
    throw new SandboxError("NO_CRDS", `no YAML file in ${folder}`, {
      fix: "remove that folder: the CRDs are made again",
    });
  return Promise.all(files.map(async (file) => parse(await readFile(join(folder, file), "utf8")) as Definition));
}

/**
 * Derives an Event Streams definition. Event Streams is a derivative of Strimzi: it has another group, another label
 * and the same schemas. Its release 10, which the guide uses, had KafkaMirrorMaker2 as v1alpha1. Strimzi's current CRD
 * no longer has that version, so it gets the schema of v1beta2, which has the same fields.
 */
export function asEventStreams(definition: Definition): Definition {
  const copy = inGroup(definition, eventStreams);
  for (const version of copy.spec.versions) {
    for (const column of version.additionalPrinterColumns ?? [])
      column.jsonPath = column.jsonPath.replace("strimzi\\.io/", "eventstreams\\.ibm\\.com/");
  }
  const oldest = copy.spec.versions.find((version) => version.name === "v1beta2");
  if (
    oldest &&
    copy.spec.names.kind === "KafkaMirrorMaker2" &&
    !copy.spec.versions.some((version) => version.name === "v1alpha1")
  ) {
    copy.spec.versions.push({ ...structuredClone(oldest), name: "v1alpha1", storage: false });
  }
  return copy;
}

/** Applies the definitions and waits until every version of every kind is served and its schema is published. */
export async function applyDefinitions(
  rest: KubernetesRest,
  server: ManagedProcess,
  definitions: readonly Definition[],
): Promise<void> {
  await Promise.all(
    definitions.map((one) =>
      rest.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", one.metadata.name, one),
    ),
  );
  const missing = new Set(
    definitions.flatMap(({ spec }) =>
      spec.versions
        .filter((version) => version.served)
        .map((version) => `/apis/${spec.group}/${version.name}/${spec.names.plural}`),
    ),
  );
  await server.until(
    `${missing.size} resource paths of the CRDs`,
    async () => {
      for (const path of missing) {
        if ((await rest.call("GET", `${path}?limit=1`)).status === 200) missing.delete(path);
        else return undefined;
      }
      return true;
    },
    60_000,
    100,
  );
  // Clients that validate fields themselves read the schemas from here. The server publishes them a moment later.
  const described = [
    ...new Set(definitions.flatMap(({ spec }) => spec.versions.map((version) => `apis/${spec.group}/${version.name}`))),
  ];
  await server.until(
    "the CRDs' schemas in /openapi/v3",
    async () => {
      const paths = ((await rest.call("GET", "/openapi/v3")).body as { paths?: Record<string, unknown> }).paths ?? {};
      return described.every((path) => path in paths) ? true : undefined;
    },
    60_000,
    100,
  );
}
