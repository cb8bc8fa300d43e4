import { mkdir, symlink, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { repositoryRoot } from "@kafka-migration/sandbox";
import { kubernetesObjects, openProject, type Project } from "@kafka-migration/sandbox/story";
import { bindings, pulumiYaml } from "@kafka-migration/sandbox/testing";
import { aclBindings } from "../../engine/acls";
import { leastAcls, mirrorModelOf } from "../../index";
import { createTopic, produce, recordsIn, until, withSandbox } from "./support";

const MINUTES = 60_000;

/**
 * The documentation's own program: users, Secrets and a mirror without `Migration`, on the machine's default
 * Kubernetes.
 */
describe("the parts, combined as in docs/components.md", () => {
  const at = withSandbox();
  let project: Project;

  test(
    "copy only what the pattern names, with the least rights",
    async () => {
      const { sandbox } = at;
      for (const topic of ["orders", "others"]) {
        await createTopic(sandbox, topic);
        await produce(sandbox, topic, 100);
      }
      const folder = join(sandbox.folder, "parts");
      await mkdir(join(folder, "node_modules"), { recursive: true });
      await symlink(repositoryRoot, join(folder, "node_modules", "pulumi-kafka-migration"));
      await symlink(join(repositoryRoot, "node_modules", "@pulumi"), join(folder, "node_modules", "@pulumi"));
      await writeFile(join(folder, "Pulumi.yaml"), pulumiYaml("parts"));
      await writeFile(
        join(folder, "package.json"),
        '{ "name": "parts", "dependencies": { "@pulumi/pulumi": "*", "pulumi-kafka-migration": "*" } }',
      );
      await writeFile(join(folder, "index.js"), await program());
      project = await openProject(sandbox.pulumi!, folder, "dev", () => {});
      await project.set({ "kubernetes:kubeconfig": sandbox.kubeconfig });
      await project.up();
      const mirror = mirrorModelOf({
        topicsPattern: "orders,payments-.*",
        groupsPattern: "orders-.*",
        target: { brokers: 3 },
      });
      for (const side of ["origin", "target"] as const) {
        expect(await bindings(sandbox[side], "User:mm2-credentials")).toHaveLength(
          aclBindings(leastAcls(side, mirror), "").length,
        );
      }
      await until(
        "the copy",
        () => recordsIn(sandbox.target, "orders"),
        (n) => n === 100,
      );
      expect(await recordsIn(sandbox.target, "others")).toBe(0);
      expect((await project.preview()).stdout).not.toMatch(/\d+ to (create|update|delete|replace)/);
    },
    10 * MINUTES,
  );

  test(
    "are removed by a destroy",
    async () => {
      await project.destroy();
      expect(await kubernetesObjects(at.sandbox)).toEqual([]);
      for (const side of ["origin", "target"] as const)
        expect(await bindings(at.sandbox[side], "User:mm2-credentials")).toEqual([]);
      expect(await recordsIn(at.sandbox.target, "orders")).toBe(100);
    },
    5 * MINUTES,
  );

  /** The page's example, with the sandbox's addresses. */
  async function program(): Promise<string> {
    const page = await readFile(join(repositoryRoot, "docs", "components.md"), "utf8");
    const example = /```ts\n([^]*?)```/.exec(page)![1]!;
    const address = "`${side}-kafka-bootstrap.${namespace}:9093`";
    expect(example).toContain(address);
    const addresses = JSON.stringify({
      origin: at.sandbox.origin.bootstrapServers,
      target: at.sandbox.target.bootstrapServers,
    });
    return ts.transpileModule(example.replace(address, `${addresses}[side]`), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    }).outputText;
  }
});
