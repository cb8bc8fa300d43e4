/** Sends messages for users through Pulumi's engine. The engine does not show the plugin's own output. */
import { engine, engineService, grpc, LIMITS } from "./rpc";
import type { Messages } from "./session";

/** Without an address (in a test) it sends nothing. A message that does not arrive is not an error. */
export function engineMessages(address: string | undefined): Messages {
  if (!address) return { log: () => undefined, status: () => undefined };
  const client = new engineService.EngineClient(address, grpc.credentials.createInsecure(), LIMITS);
  const last = new Map<string, string>();
  const send = (severity: "info" | "warning", urn: string, message: string, ephemeral: boolean) => {
    const request = new engine.LogRequest();
    request.setSeverity(severity === "warning" ? engine.LogSeverity.WARNING : engine.LogSeverity.INFO);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    client.log(request, () => undefined);
  };
  return {
    log: (severity, urn, message) => send(severity, urn, message, false),
    status: (urn, message) => {
      if ((last.get(urn) ?? "") === message) return;
      last.set(urn, message);
      send("info", urn, message, true);
    },
  };
}
