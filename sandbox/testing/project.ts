/** The `Pulumi.yaml` of a program in JavaScript, for which Pulumi need not load the TypeScript compiler. */
export const pulumiYaml = (name: string, main = "index.js"): string =>
  `name: ${name}\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: ${main}\n`;
