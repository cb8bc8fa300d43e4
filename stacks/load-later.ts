import Module, { createRequire } from "node:module";

/**
 * Puts a substitute in the place of each module, which loads the module when one of its properties is read. Does
 * nothing for a module that is loaded already, or that cannot be found.
 * @param file from where the modules are resolved
 */
export function loadLater(names: readonly string[], file: string): void {
  const from = createRequire(file);
  for (const name of names) {
    let path: string;
    try {
      path = from.resolve(name);
    } catch {
      continue;
    }
    if (from.cache[path] !== undefined) continue;
    const substitute = new Module(path);
    substitute.filename = path;
    substitute.loaded = true;
    substitute.exports = substituteFor(() => {
      if (from.cache[path] === substitute) Reflect.deleteProperty(from.cache, path);
      return from(path) as object;
    });
    from.cache[path] = substitute;
  }
}

function substituteFor(load: () => object): object {
  return new Proxy(
    {},
    {
      // What TypeScript's `import * as` asks first: without it, it would copy and so load everything.
      get: (_, key) => (key === "__esModule" ? true : key === "default" ? load() : Reflect.get(load(), key)),
      has: (_, key) => Reflect.has(load(), key),
      ownKeys: () => Reflect.ownKeys(load()),
      getOwnPropertyDescriptor: (_, key) => {
        const found = Reflect.getOwnPropertyDescriptor(load(), key);
        return found && { ...found, configurable: true };
      },
    },
  );
}
