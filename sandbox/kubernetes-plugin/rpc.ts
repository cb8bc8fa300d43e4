/**
 * gRPC and the messages of Pulumi's protocol, loaded through @pulumi/pulumi. The stubs check that a message is of their
 * own class. It must therefore come from the same copy of the libraries that they use.
 */
import { createRequire } from "node:module";

const load = createRequire(require.resolve("@pulumi/pulumi/package.json"));

export const grpc = load("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
export const services = load("./proto/provider_grpc_pb.js") as typeof import("@pulumi/pulumi/proto/provider_grpc_pb");
export const messages = load("./proto/provider_pb.js") as typeof import("@pulumi/pulumi/proto/provider_pb");
export const plugin = load("./proto/plugin_pb.js") as typeof import("@pulumi/pulumi/proto/plugin_pb");
export const engineService = load("./proto/engine_grpc_pb.js") as typeof import("@pulumi/pulumi/proto/engine_grpc_pb");
export const engine = load("./proto/engine_pb.js") as typeof import("@pulumi/pulumi/proto/engine_pb");

/** `google.protobuf.Struct`. */
export interface Struct {
  toJavaScript(): unknown;
}
export const struct = load("google-protobuf/google/protobuf/struct_pb.js") as {
  Struct: { fromJavaScript(value: unknown): never };
};
export const empty = load("google-protobuf/google/protobuf/empty_pb.js") as { Empty: new () => never };
export const any = load("google-protobuf/google/protobuf/any_pb.js") as {
  Any: new () => { pack(bytes: Uint8Array, name: string): void };
};
export const status = load("./proto/status_pb.js") as {
  Status: new () => {
    setCode(code: number): void;
    setMessage(message: string): void;
    addDetails(detail: unknown): void;
    serializeBinary(): Uint8Array;
  };
};

/** A plan or a state with hundreds of objects is larger than gRPC's default limit of 4 MB. */
export const LIMITS = { "grpc.max_receive_message_length": 400 << 20, "grpc.max_send_message_length": 400 << 20 };
