import type * as pulumi from "@pulumi/pulumi";

/**
 * The provider of one step. Pulumi serializes these methods and later runs them from old state, so they hold nothing:
 * each finds the package from the Pulumi project's folder (the dynamic provider's working directory) by its name, which
 * works in this repository and in a project that installed the package, and hands its arguments on.
 */
export function thinProvider(kind: string): pulumi.dynamic.ResourceProvider {
  const step = () => require("module").createRequire(process.cwd() + "/package.json")("pulumi-kafka-migration/lifecycle").step(kind);
  return {
    check: (olds: unknown, news: unknown) => step().check(olds, news),
    diff: (id: string, olds: unknown, news: unknown) => step().diff(id, olds, news),
    create: (inputs: unknown) => step().create(inputs),
    update: (id: string, olds: unknown, news: unknown) => step().update(id, olds, news),
    delete: (id: string, props: unknown) => step().delete(id, props),
  };
}
