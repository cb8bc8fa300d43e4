/** Who writes an object, as far as the object shows it. */

interface Marked {
  metadata: { labels?: unknown; annotations?: unknown; managedFields?: unknown; [field: string]: unknown };
}

/** A field manager's mark on an object. */
export interface FieldManager {
  manager?: string;
  operation?: string;
  subresource?: string;
  fieldsV1?: Record<string, unknown>;
}

export const managersOf = ({ metadata }: Marked): FieldManager[] => (metadata.managedFields ?? []) as FieldManager[];

/** Field managers of tools that write an object again and again from a file or a program. */
const TOOLS: readonly (readonly [tool: string, manager: RegExp])[] = [
  ["Argo CD", /^argocd/],
  ["Flux", /^(kustomize|helm|source)-controller$|^flux/i],
  ["Helm", /^helm$/i],
  ["Pulumi", /^pulumi/],
  ["Terraform", /^(terraform|opentofu|hashicorp)/i],
  ["kapp", /^kapp/],
  ["Fleet", /^fleet/],
];

/** Labels and annotations that such tools set. */
const MARKS: readonly (readonly [tool: string, key: RegExp])[] = [
  ["Argo CD", /^argocd[.]argoproj[.]io[/]/],
  ["Flux", /^(kustomize|helm)[.]toolkit[.]fluxcd[.]io[/]/],
  ["Helm", /^meta[.]helm[.]sh[/]/],
  ["Pulumi", /^pulumi[.]com[/]/],
  ["kapp", /^kapp[.]k14s[.]io[/]/],
];

/** This package. Its own writes may be changed. */
const OURS = /^kafka-migration-/;

/**
 * Returns the tool that would revert a change of the object's spec: a known tool, or another one with server-side
 * apply. Undefined: no tool is known. A person or a script wrote it once.
 */
export function toolOf(object: Marked): string | undefined {
  const ofSpec = managersOf(object).filter(
    ({ manager = "", subresource, fieldsV1 = {} }) =>
      subresource === undefined && "f:spec" in fieldsV1 && !OURS.test(manager),
  );
  for (const { manager = "" } of ofSpec) {
    const [tool] = TOOLS.find(([, pattern]) => pattern.test(manager)) ?? [];
    if (tool !== undefined) return `${tool} (field manager ${manager})`;
  }
  const keys = [object.metadata.labels, object.metadata.annotations].flatMap((fields) => Object.keys(fields ?? {}));
  const [tool] = MARKS.find(([, pattern]) => keys.some((key) => pattern.test(key))) ?? [];
  if (tool !== undefined) return tool;
  const applied = ofSpec.find(({ operation }) => operation === "Apply");
  return applied === undefined ? undefined : `field manager ${applied.manager}`;
}
