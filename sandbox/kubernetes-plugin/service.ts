/** `pulumirpc.ResourceProvider`. Each call reads its message, calls one operation and writes the answer. */
import type { sendUnaryData, ServerUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import type * as Messages from "@pulumi/pulumi/proto/provider_pb";
import { check, diff } from "./check";
import { create } from "./create";
import { renderPath, type Change } from "./diff";
import { NotSupported } from "./kubeconfig";
import { diffOptions, optionFailures, parseOptions } from "./options";
import { read, remove } from "./read";
import { any, empty, grpc, messages, plugin, status, struct, type Struct } from "./rpc";
import { InitFailedError, openSession, type Messages as People, type Session } from "./session";
import { update } from "./update";
import { decodeProps, encode, type Props } from "./values";
import { PLUGIN_VERSION } from "./version";

type Handler<Request, Response> = (request: Request) => Promise<Response> | Response;

/**
 * `cancel` ends every request and every wait. It is used when the engine calls Cancel and when this process has to
 * stop.
 */
export function providerService(people: People, cancel: AbortController): UntypedServiceImplementation {
  let session: Session | undefined;
  const configured = (): Session => {
    if (!session) throw new Error("the provider is not configured");
    return session;
  };

  const checkConfig: Handler<Messages.CheckRequest, Messages.CheckResponse> = (request) => {
    const failures = optionFailures(props(request.getNews()));
    return checked(request.getNews(), failures);
  };

  const diffConfig: Handler<Messages.DiffRequest, Messages.DiffResponse> = async (request) => {
    const { changed, replaces } = await diffOptions(props(request.getOlds()), props(request.getNews()));
    const response = new messages.DiffResponse();
    const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
    response.setChanges(changed.length === 0 ? DIFF_NONE : DIFF_SOME);
    response.setDiffsList(changed);
    response.setReplacesList(replaces);
    return response;
  };

  const configure: Handler<Messages.ConfigureRequest, Messages.ConfigureResponse> = async (request) => {
    session = await openSession(parseOptions(configuration(request)), people, cancel.signal);
    const response = new messages.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    response.setSupportsAutonamingConfiguration(true);
    return response;
  };

  const checkResource: Handler<Messages.CheckRequest, Messages.CheckResponse> = async (request) => {
    const autonaming = request.getAutonaming();
    const { DISABLE } = messages.CheckRequest.AutonamingOptions.Mode;
    const result = await check(configured(), {
      urn: request.getUrn(),
      olds: props(request.getOlds()),
      news: props(request.getNews()),
      randomSeed: request.getRandomseed_asU8(),
      ...(autonaming
        ? { autonaming: { proposedName: autonaming.getProposedName(), disabled: autonaming.getMode() === DISABLE } }
        : {}),
    });
    return checked(message(result.inputs), result.failures);
  };

  const diffResource: Handler<Messages.DiffRequest, Messages.DiffResponse> = async (request) => {
    const result = await diff(configured(), {
      olds: props(request.getOlds()),
      news: props(request.getNews()),
      ignoreChanges: request.getIgnorechangesList(),
    });
    const response = new messages.DiffResponse();
    const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
    response.setChanges(result.changes.length === 0 ? DIFF_NONE : DIFF_SOME);
    response.setReplacesList(result.replaces);
    response.setDeletebeforereplace(result.deleteBeforeReplace);
    response.setHasdetaileddiff(true);
    for (const change of result.changes)
      response.getDetaileddiffMap().set(renderPath(change.path), propertyDiff(change));
    return response;
  };

  const createResource: Handler<Messages.CreateRequest, Messages.CreateResponse> = async (request) => {
    const result = await create(configured(), {
      urn: request.getUrn(),
      properties: props(request.getProperties()),
      timeout: request.getTimeout(),
      preview: request.getPreview(),
    });
    const response = new messages.CreateResponse();
    response.setId(result.id);
    response.setProperties(message(result.properties));
    return response;
  };

  const readResource: Handler<Messages.ReadRequest, Messages.ReadResponse> = async (request) => {
    const result = await read(configured(), {
      urn: request.getUrn(),
      id: request.getId(),
      inputs: props(request.getInputs()),
      properties: props(request.getProperties()),
    });
    const response = new messages.ReadResponse();
    if (!result) return response;
    response.setId(result.id);
    response.setProperties(message(result.properties));
    response.setInputs(message(result.inputs));
    return response;
  };

  const updateResource: Handler<Messages.UpdateRequest, Messages.UpdateResponse> = async (request) => {
    const properties = await update(configured(), {
      urn: request.getUrn(),
      olds: props(request.getOlds()),
      news: props(request.getNews()),
      timeout: request.getTimeout(),
      preview: request.getPreview(),
      ignoreChanges: request.getIgnorechangesList(),
    });
    const response = new messages.UpdateResponse();
    response.setProperties(message(properties));
    return response;
  };

  const deleteResource: Handler<Messages.DeleteRequest, never> = async (request) => {
    await remove(configured(), {
      urn: request.getUrn(),
      id: request.getId(),
      properties: props(request.getProperties()),
      timeout: request.getTimeout(),
    });
    return new empty.Empty();
  };

  return {
    checkConfig: unary(checkConfig),
    diffConfig: unary(diffConfig),
    configure: unary(configure),
    check: unary(checkResource),
    diff: unary(diffResource),
    create: unary(createResource),
    read: unary(readResource),
    update: unary(updateResource),
    delete: unary(deleteResource),
    cancel: unary(() => {
      cancel.abort();
      return new empty.Empty();
    }),
    getPluginInfo: unary(() => {
      const info = new plugin.PluginInfo();
      info.setVersion(PLUGIN_VERSION);
      return info;
    }),
    getMapping: unary(() => new messages.GetMappingResponse()),
    getMappings: unary(() => new messages.GetMappingsResponse()),
    // The engine calls these first and continues without them.
    handshake: unimplemented(() => "handshake"),
    parameterize: unimplemented(() => "parameterized packages"),
    getSchema: unimplemented(() => "the package's schema"),
    // Used for charts, YAML files and Kustomize folders.
    invoke: unimplemented((request: Messages.InvokeRequest) => `the function ${request.getTok()}`),
    call: unimplemented((request: Messages.CallRequest) => `the method ${request.getTok()}`),
    construct: unimplemented((request: Messages.ConstructRequest) => `the component ${request.getType()}`),
  };
}

function props(sent: Struct | undefined): Props {
  return decodeProps(sent?.toJavaScript());
}

function message(value: Props): never {
  return struct.Struct.fromJavaScript(encode(value));
}

/** The arguments. An engine without arguments sends the same values as string variables. */
function configuration(request: Messages.ConfigureRequest): Props {
  if (request.hasArgs()) return props(request.getArgs());
  const raw: Props = {};
  request.getVariablesMap().forEach((value: string, key: string) => {
    raw[key.replace(/^kubernetes:config:/, "")] = value;
  });
  return raw;
}

function checked(
  inputs: ReturnType<Messages.CheckRequest["getNews"]>,
  failures: { property: string; reason: string }[],
): Messages.CheckResponse {
  const response = new messages.CheckResponse();
  response.setInputs(inputs);
  response.setFailuresList(
    failures.map(({ property, reason }) => {
      const failure = new messages.CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      return failure;
    }),
  );
  return response;
}

function propertyDiff(change: Change): Messages.PropertyDiff {
  const { Kind } = messages.PropertyDiff;
  const kinds = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  } as const;
  const result = new messages.PropertyDiff();
  result.setKind(kinds[change.kind][change.replace ? 1 : 0]);
  result.setInputdiff(change.inputDiff);
  return result;
}

function unary<Request, Response>(handler: Handler<Request, Response>) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    void (async () => handler(call.request))().then(
      (response) => callback(null, response),
      (error: unknown) => callback(failure(error as Error)),
    );
  };
}

function unimplemented<Request>(what: (request: Request) => string) {
  return (call: ServerUnaryCall<Request, never>, callback: sendUnaryData<never>): void =>
    callback({
      code: grpc.status.UNIMPLEMENTED,
      details:
        `${what(call.request)}: not supported by this stand-in for the kubernetes plugin, which serves v1 ` +
        "ConfigMap, Namespace, Secret and custom resources",
    });
}

/** A resource that exists but is not ready is sent in the details of the error, so that Pulumi keeps it. */
function failure(error: Error) {
  const code = error instanceof NotSupported ? grpc.status.INVALID_ARGUMENT : grpc.status.UNKNOWN;
  if (!(error instanceof InitFailedError)) return { code, details: error.message };
  const detail = new messages.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(message(error.properties));
  detail.setReasonsList([error.message]);
  const packed = new any.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const details = new status.Status();
  details.setCode(grpc.status.UNKNOWN);
  details.setMessage(error.message);
  details.addDetails(packed);
  const metadata = new grpc.Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(details.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: error.message, metadata };
}
