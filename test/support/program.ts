import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "@kafka-migration/sandbox";
import { pulumiYaml } from "@kafka-migration/sandbox/testing";

/** A Pulumi project in `cwd` whose program is this text; it finds the compiled repository as `./dist`. */
export async function programProject(cwd: string, name: string, program: string): Promise<void> {
  await mkdir(cwd);
  for (const part of ["dist", "node_modules", "package.json"])
    await symlink(join(repositoryRoot, part), join(cwd, part));
  await writeFile(join(cwd, "Pulumi.yaml"), pulumiYaml(name, "program.js"));
  await writeFile(join(cwd, "program.js"), program);
}
