import { createRequire } from "node:module";

/** The version of this package. The package's own name leads to its package.json from sources and from `dist/`. */
export const packageVersion = (): string =>
  (createRequire(__filename)("pulumi-kafka-migration/package.json") as { version: string }).version;
