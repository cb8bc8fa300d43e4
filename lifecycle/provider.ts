/** The methods of a step and their arguments, in the order of Pulumi's protocol. */
const METHODS = {
  check: ["olds", "news"],
  diff: ["id", "olds", "news"],
  create: ["inputs"],
  update: ["id", "olds", "news"],
  delete: ["id", "props"],
} as const;

const REQUIRE = 'require("module").createRequire(process.cwd() + "/package.json")';
const FIND = `() => ${REQUIRE}("pulumi-kafka-migration/lifecycle").step(kind)`;

/**
 * The program text of a step's provider, as Pulumi (3.259) writes it into the state. Pulumi would make the same text
 * from functions, but that takes a quarter of a second of every preview. Pulumi later runs it from old state, so it
 * holds nothing: each method finds the package from the Pulumi project's folder (the dynamic provider's working
 * directory) by its name, which works in this repository and in a project that installed the package, and hands its
 * arguments on.
 */
export function providerText(kind: string): string {
  const names = Object.keys(METHODS) as (keyof typeof METHODS)[];
  // Pulumi numbers functions in the order in which it meets them: the first method, then what it uses.
  const idOf = (index: number) => `__f${index === 0 ? 1 : index + 2}`;
  const methods = names.map((name, index) => {
    const given = METHODS[name].join(", ");
    return nested(idOf(index), METHODS[name].length, "step: __f2", `(${given}) => step().${name}(${given})`);
  });
  return [
    "exports.handler = __f0;\n",
    `var __provider = {${names.map((name, index) => `${name}: ${idOf(index)}`).join(", ")}};\n`,
    nested("__f2", 0, `kind: ${JSON.stringify(kind)}`, FIND),
    ...methods,
    nested("__f0", 0, "provider: __provider", "() => provider"),
  ].join("\n");
}

/** A function as Pulumi writes it: with the variables that it captures around it. */
function nested(id: string, parameters: number, captured: string, body: string): string {
  const given = Array.from({ length: parameters }, (_, i) => `__${i}`).join(", ");
  return `function ${id}(${given}) {
  return (function() {
    with({ ${captured}, this: undefined, arguments: undefined }) {

return ${body};

    }
  }).apply(undefined, undefined).apply(this, arguments);
}
`;
}
