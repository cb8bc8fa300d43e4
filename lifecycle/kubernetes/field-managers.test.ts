import { describe, expect, test } from "vitest";
import { toolOf } from "./field-managers";

const spec = { "f:spec": { "f:replicas": {} } };
const by = (manager: string, operation = "Update", fieldsV1: object = spec, subresource?: string) => ({
  metadata: {
    managedFields: [{ manager, operation, fieldsV1, ...(subresource === undefined ? {} : { subresource }) }],
  },
});

describe("the tool that would revert a change", () => {
  test.each([
    ["argocd-controller", "Argo CD (field manager argocd-controller)"],
    ["argocd-application-controller", "Argo CD (field manager argocd-application-controller)"],
    ["kustomize-controller", "Flux (field manager kustomize-controller)"],
    ["helm", "Helm (field manager helm)"],
    ["pulumi-kubernetes-1a2b", "Pulumi (field manager pulumi-kubernetes-1a2b)"],
    ["Terraform", "Terraform (field manager Terraform)"],
  ])("is known by its field manager %s, whichever operation it uses", (manager, tool) => {
    expect(toolOf(by(manager))).toBe(tool);
    expect(toolOf(by(manager, "Apply"))).toBe(tool);
  });

  test("is every manager that applies the spec, also one that this package does not know", () => {
    expect(toolOf(by("team-gitops", "Apply"))).toBe("field manager team-gitops");
  });

  test("is known by its mark where it uses kubectl's field manager", () => {
    const object = by("kubectl-client-side-apply");
    expect(toolOf({ metadata: { ...object.metadata, annotations: { "argocd.argoproj.io/tracking-id": "x" } } })).toBe(
      "Argo CD",
    );
  });

  test.each([
    ["a person", by("kubectl-edit")],
    ["an apply from a shell", by("kubectl-client-side-apply")],
    ["the operator's status", by("strimzi-topic-operator", "Update", { "f:status": {} }, "status")],
    ["labels that somebody applied", by("labeller", "Apply", { "f:metadata": {} })],
    ["this package", by("kafka-migration-123456789abc", "Apply")],
    ["nobody", { metadata: {} }],
  ])("is not %s", (_who, object) => {
    expect(toolOf(object)).toBeUndefined();
  });
});
