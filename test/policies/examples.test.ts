import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dialects } from "../../components/dialects";
import { annotated, type PulumiProject, pulumiProject } from "./project";

const root = resolve(__dirname, "../..");
const folder = join(root, "stacks/examples");
const examples = readdirSync(folder).map((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)![1]!);

/**
 * The guide's own right to write everywhere, which the documentation lists; its single replicas the migration resets.
 */
const OF_THE_GUIDE = ["error origin-write-everything"];

const KUBECONFIG = {
  apiVersion: "v1",
  kind: "Config",
  "current-context": "c",
  contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "u", user: { token: "x" } }],
};

let project: PulumiProject;

beforeAll(async () => {
  project = await pulumiProject();
  await project.write(
    "Pulumi.yaml",
    readFileSync(join(root, "Pulumi.yaml"), "utf8").replace(
      "main: dist/",
      "main: node_modules/pulumi-kafka-migration/dist/",
    ),
  );
  await project.write("package.json", '{ "name": "examples", "dependencies": { "@pulumi/pulumi": "*" } }');
}, 120_000);
afterAll(() => project?.stop());

test("every dialect has an example", () => {
  expect(examples.sort()).toEqual(Object.keys(dialects).sort());
});

test.each(examples)(
  "the example %s, with the ready-made stack and the real preview, has no mandatory finding but the guide's",
  async (name) => {
    await project.stack(name);
    const text = readFileSync(join(folder, `Pulumi.${name}.yaml`), "utf8");
    await project.write(
      `Pulumi.${name}.yaml`,
      text.replace(
        /^( *)kafka-migration:mirror:\n/m,
        (line, indent: string) => `${line}${indent}  kubeconfig: ${JSON.stringify(JSON.stringify(KUBECONFIG))}\n`,
      ),
    );
    const { code, stdout, stderr, text: comment } = await project.review("--stack", name);
    const guide = /profile: guide/.test(text);
    expect(
      annotated(stdout).filter((line) => line.startsWith("error")),
      stdout + comment + stderr,
    ).toEqual(guide ? OF_THE_GUIDE : []);
    expect(code).toBe(guide ? 1 : 0);
    expect(comment).toContain(`| create | KafkaMirrorMaker2 | ${name}-mirror |`);
    // Nothing at all where the profile is the recommended one.
    if (!guide) expect(annotated(stdout)).toEqual([]);
  },
  240_000,
);
