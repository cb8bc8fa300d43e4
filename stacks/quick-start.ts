import { loadLater } from "./load-later";

/* Makes the start of the program shorter. The program imports this file first. */

// The SDK's first line loads the TypeScript compiler and npm's dependency resolver, half of its loading time. It uses
// them only to serialize functions of a program. This program has none: its providers are text already.
loadLater(["typescript", "@npmcli/arborist"], require.resolve("@pulumi/pulumi/package.json"));

// The SDK keeps a stack of calls with every property of every resource, and maps each to sources, which the package
// does not contain.
Reflect.deleteProperty(Error, "prepareStackTrace");
