// @ts-nocheck Plain JavaScript: Pulumi starts it as it is.
"use strict";
/*
 * Stands before the sandbox's language host, which is from before language hosts started policy packs: starts them as the
 * current one does, and passes everything else on. Pulumi runs it as `pulumi-language-nodejs`, with the host's own arguments.
 */
const { spawn } = require("node:child_process");
const { createInterface } = require("node:readline");

const modules = process.env.TEST_MODULES;
const from = (name) => require(require.resolve(name, { paths: [modules] }));
const grpc = from("@grpc/grpc-js");
const { LanguageRuntimeService } = from("@pulumi/pulumi/proto/language_grpc_pb.js");
const { RunPluginRequest, RunPluginResponse } = from("@pulumi/pulumi/proto/language_pb.js");

const host = spawn(process.env.TEST_LANGUAGE_HOST, process.argv.slice(2), { stdio: ["ignore", "pipe", "inherit"] });
process.on("exit", () => host.kill());
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
host.on("exit", (code) => process.exit(code ?? 1));

const bytes = (message) => message;
const options = { "grpc.max_receive_message_length": 400 * 1024 * 1024, "grpc.max_send_message_length": 400 * 1024 * 1024 };

createInterface({ input: host.stdout }).once("line", (port) => {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options);
  const server = new grpc.Server(options);
  const methods = Object.entries(LanguageRuntimeService).map(([name, { path, responseStream }]) => [
    name,
    { path, requestStream: false, responseStream, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes },
  ]);
  const passed = methods.map(([name, { path, responseStream }]) => [
    name,
    responseStream
      ? (call) => client.makeServerStreamRequest(path, bytes, bytes, call.request).on("data", (data) => call.write(data)).on("end", () => call.end()).on("error", (error) => call.emit("error", error))
      : (call, done) => client.makeUnaryRequest(path, bytes, bytes, call.request, done),
  ]);
  server.addService(Object.fromEntries(methods), { ...Object.fromEntries(passed), runPlugin });
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
    if (error) throw error;
    process.stdout.write(`${bound}\n`);
  });
});

/** A pack in its own folder, with the SDK that is found from there. */
function runPlugin(call) {
  const request = RunPluginRequest.deserializeBinary(call.request);
  const folder = request.getInfo().getProgramDirectory();
  const runner = require.resolve("@pulumi/pulumi/cmd/run-policy-pack", { paths: [folder] });
  const env = { ...process.env, ...Object.fromEntries(request.getEnvList().map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)])) };
  const pack = spawn(process.execPath, [runner, ...request.getArgsList(), request.getInfo().getEntryPoint()], { cwd: folder, env });
  const say = (set) => (data) => {
    const response = new RunPluginResponse();
    response[set](data);
    call.write(Buffer.from(response.serializeBinary()));
  };
  pack.stdout.on("data", say("setStdout"));
  pack.stderr.on("data", say("setStderr"));
  pack.on("close", (code) => {
    say("setExitcode")(code ?? 1);
    call.end();
  });
  call.on("cancelled", () => pack.kill());
  process.on("exit", () => pack.kill());
}
