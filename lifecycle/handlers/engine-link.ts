import { connect } from "node:net";
import * as grpc from "@grpc/grpc-js";
import { keepLinks } from "../../engine/kafka/kept-links";
import type { Progress } from "../../engine/progress";

/**
 * Pulumi starts the dynamic provider with the address of its engine as the first argument. The address serves two needs
 * that the dynamic protocol does not cover: to show progress, and to detect that `pulumi` was killed. Pulumi does not
 * notify a dynamic provider. A gate that is left running would continue until its limit.
 */
function engineAddress(): string | undefined {
  const address = process.argv[2];
  return address !== undefined && /^[\w.[\]-]+:\d+$/.test(address) ? address : undefined;
}

/** Returns true if Pulumi started this process. */
export const underPulumi = (): boolean => engineAddress() !== undefined;

const WATCH_EVERY_MS = 2000;
/** The longest time between two steps of a cutover in which clients wait. */
const KEEP_LINKS_MS = 5_000;
let watching = false;

/**
 * Ends this process when Pulumi's engine is gone. This is safe because every step can run again. The steps of one run
 * share their connections to the brokers.
 */
export function watchEngine(): void {
  const address = engineAddress();
  if (watching || address === undefined) return;
  watching = true;
  void keepLinks(KEEP_LINKS_MS);
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at);
  const port = Number(address.slice(at + 1));
  let refused = 0;
  setInterval(() => {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      refused = 0;
      socket.destroy();
    });
    socket.once("error", () => {
      refused += 1;
      socket.destroy();
      if (refused >= 2) process.exit(1);
    });
  }, WATCH_EVERY_MS).unref();
}

type LogClient = { log(request: unknown, callback: (error: Error | null) => void): void };

let client: { log: LogClient; proto: typeof import("@pulumi/pulumi/proto/engine_pb") } | undefined;

function logClient(address: string) {
  if (client === undefined) {
    const { EngineClient } = require("@pulumi/pulumi/proto/engine_grpc_pb") as {
      EngineClient: new (address: string, credentials: grpc.ChannelCredentials) => LogClient;
    };
    const proto = require("@pulumi/pulumi/proto/engine_pb") as typeof import("@pulumi/pulumi/proto/engine_pb");
    client = { log: new EngineClient(address, grpc.credentials.createInsecure()), proto };
  }
  return client;
}

/** Sends progress lines to `pulumi up`. Writes to standard error if there is no engine (tests of a single step). */
export function engineProgress(kind: string, wave?: string): Progress {
  const address = engineAddress();
  const send = (severity: "INFO" | "WARNING", line: string) => {
    const named = line.startsWith(`${kind}: `) ? line : `${kind}: ${line}`;
    const text = wave === undefined ? named : `wave ${wave}: ${named}`;
    if (address === undefined) {
      process.stderr.write(`${text}\n`);
      return;
    }
    const { log, proto } = logClient(address);
    const request = new proto.LogRequest();
    request.setSeverity(proto.LogSeverity[severity]);
    request.setMessage(text);
    log.log(request, (error) => {
      if (error) process.stderr.write(`${text}\n`);
    });
  };
  return { info: (line) => send("INFO", line), warn: (line) => send("WARNING", line) };
}
