/**
 * A stand-in for Pulumi's kubernetes resource plugin, for machines where the real one is not available. It behaves like
 * the real plugin 4.34 and talks to a real API server.
 *
 * Supports: v1 Secret, ConfigMap and Namespace, and every custom resource. Create by POST; update by server-side apply
 * with the manager in `__fieldManager`; `ignoreChanges`; replacement rules and names; dry runs in previews; read,
 * refresh, import; deletion with propagation and waiting; `pulumi.com/waitFor`, `skipAwait`, `timeoutSeconds`,
 * `patchForce`, `patchFieldManager`, `deletionPropagationPolicy`; unreachable clusters; secrets marked in state;
 * cancellation.
 *
 * Rejects, with a message: every other built-in kind, patch and list resources, YAML, Kustomize, Helm and all
 * functions; unknown provider options and annotations;
 * client-side apply (`enableServerSideApply: false`).
 *
 * Leaves out: status lines from Kubernetes events, warnings about deprecated API versions, the package's schema.
 */

import { PLUGIN_VERSION } from "./version";

/** Interval at which the plugin checks whether the engine that started it still runs, in milliseconds. */
const PARENT_MS = 1000;
/** Maximum time for pending answers after this process was asked to stop, in milliseconds. */
const STOP_MS = 500;

function main(args: readonly string[]): void {
  if (args.some((arg) => arg === "--version" || arg === "-version" || arg === "version")) {
    console.log(PLUGIN_VERSION);
    return;
  }
  // Load these late: a request for the version needs no gRPC.
  const { grpc, services, LIMITS } = require("./rpc") as typeof import("./rpc");
  const { engineMessages } = require("./engine-log") as typeof import("./engine-log");
  const { providerService } = require("./service") as typeof import("./service");

  // Flags (logging) come before the engine's address.
  const address = args.filter((arg) => !arg.startsWith("-")).at(-1);
  const cancel = new AbortController();
  const server = new grpc.Server(LIMITS);
  server.addService(services.ResourceProviderService as never, providerService(engineMessages(address), cancel));
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) {
      console.error(error.message);
      process.exit(1);
    }
    // The engine reads the port from the first line.
    console.log(String(port));
  });

  // The engine ends a plugin with SIGINT. Pending operations answer first, so that Pulumi keeps their state.
  const stop = () => {
    cancel.abort();
    server.tryShutdown(() => process.exit(0));
    setTimeout(() => process.exit(0), STOP_MS);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, PARENT_MS).unref();
}

main(process.argv.slice(2));
