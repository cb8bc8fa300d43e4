/** Own code: OAuth clients use `fetch`, which takes no CA (`tokenEndpoint.ca`) without further packages. */
import { readFile } from "node:fs/promises";
import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { MigrationError } from "../errors";
import type { Side, TokenEndpoint } from "../model";
import { LinkFailure } from "./failures";
import type { Login } from "./login";

type Bearer = Extract<Login, { mechanism: "OAUTHBEARER" }>;

const ENDPOINT_TIMEOUT_MS = 10_000;
const LONGEST_ANSWER = 1024 * 1024;
/** A token is used for new logins during this part of its lifetime, because a session ends when its token expires. */
const FRESH_PART = 0.5;
/**
 * A token file that is being written can be missing, empty or cut off. An identity provider that restarts answers with
 * 503. A login waits this long for it, because a command that has just begun has no other retry.
 */
const FILE_PATIENCE_MS = 3_000;
const ENDPOINT_PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

export interface TokensOptions {
  /** Ends all waits. */
  ended: AbortSignal;
  /** For tests. */
  patienceMs?: { file: number; endpoint: number };
}

/**
 * The bearer tokens of one cluster. A token is read or requested again when a login needs one, so a run can last longer
 * than a token. Errors never contain a token or a client secret.
 */
export class Tokens {
  private known: { token: string; useUntil: number; expiresAt: number } | undefined;
  /** The last content of the token file. */
  private read: string | undefined;
  private underWay: Promise<string> | undefined;
  private readonly patienceMs: { file: number; endpoint: number };

  constructor(
    private readonly login: Bearer,
    private readonly side: Side,
    private readonly options: TokensOptions,
  ) {
    this.patienceMs = options.patienceMs ?? { file: FILE_PATIENCE_MS, endpoint: ENDPOINT_PATIENCE_MS };
  }

  /**
   * Returns a token for one login.
   * @throws LinkFailure KAFKA_TOKEN; retriable with KAFKA_TOKEN_UNAVAILABLE if the file is empty or was there before,
   *   or if the endpoint did not respond or responded with status 408, 429 or 5xx
   */
  async get(): Promise<string> {
    const { login } = this;
    if ("token" in login) return login.token;
    if ("tokenFile" in login) return (this.read = await this.fromFile(login.tokenFile));
    if (this.known !== undefined && Date.now() < this.known.useUntil) return this.known.token;
    this.underWay ??= this.request(login.tokenEndpoint).finally(() => (this.underWay = undefined));
    return this.underWay;
  }

  /** Call this when the broker refused the token. The next login then requests another one. */
  refused(): void {
    this.known = undefined;
  }

  /**
   * Returns true if the token file has another content than the one that was refused, or gets one soon. The file may
   * have been read while it was written.
   */
  async isRewritten(): Promise<boolean> {
    const { login, read } = this;
    if (!("tokenFile" in login) || read === undefined) return false;
    const other = async () => {
      if ((await readToken(login.tokenFile, this.side)) === read) throw failed(this.side, "the same token", "", true);
      return true;
    };
    return this.patiently(this.patienceMs.file, other, () => true).catch(() => false);
  }

  /** A path that never had a file is a mistake, so nothing waits for it. */
  private fromFile(file: string): Promise<string> {
    return this.patiently(
      this.patienceMs.file,
      () => readToken(file, this.side, this.read !== undefined),
      ({ retriable }) => retriable,
    );
  }

  private async request(endpoint: TokenEndpoint): Promise<string> {
    const ask = async () => {
      // The token's lifetime can begin before a slow response arrives.
      const askedAt = Date.now();
      const { token, lifetimeMs } = await requestToken(endpoint, this.side, this.options.ended);
      this.known = { token, useUntil: askedAt + lifetimeMs * FRESH_PART, expiresAt: askedAt + lifetimeMs };
      return token;
    };
    return this.patiently(this.patienceMs.endpoint, ask, ({ retriable }) => retriable && !this.isStillValid()).catch(
      (error: unknown) => {
        if (error instanceof LinkFailure && error.retriable && this.isStillValid()) return this.known!.token;
        throw error;
      },
    );
  }

  /** True if the last token has not expired, although it is not fresh. */
  private isStillValid(): boolean {
    return this.known !== undefined && Date.now() < this.known.expiresAt;
  }

  private async patiently<T>(
    limitMs: number,
    attempt: () => Promise<T>,
    again: (failure: LinkFailure) => boolean,
  ): Promise<T> {
    const { ended } = this.options;
    const until = Date.now() + limitMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return await attempt();
      } catch (error) {
        ended.throwIfAborted();
        if (!(error instanceof LinkFailure) || Date.now() + pause > until || !again(error)) throw error;
      }
      await sleep(pause, undefined, { signal: ended }).catch(() => {});
      ended.throwIfAborted();
    }
  }
}

/** @param wasThere the file could be read before. Default false: a missing file is a permanent error */
async function readToken(file: string, side: Side, wasThere = false): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    const reason = error.code ?? "unknown reason";
    const fix = "check tokenFile and the file's permissions";
    throw failed(side, `the token file ${file} cannot be read (${reason})`, fix, wasThere);
  });
  const token = text.trim();
  if (token === "") throw failed(side, `the token file ${file} is empty`, "write a token into the file", true);
  return token;
}

/** Requests a token as in RFC 6749, section 4.4 (client credentials). Sends the client id and secret as in 2.3.1. */
async function requestToken(
  endpoint: TokenEndpoint,
  side: Side,
  signal: AbortSignal,
): Promise<{ token: string; lifetimeMs: number }> {
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  if (endpoint.scope !== undefined) form.set("scope", endpoint.scope);
  if (endpoint.audience !== undefined) form.set("audience", endpoint.audience);
  const { status, text } = await post(endpoint, form.toString(), side, signal);
  const answer = parsed(text);
  const where = `the token endpoint ${endpoint.url}`;
  if (status >= 500 || status === 429 || status === 408) {
    throw failed(side, `${where} answered with status ${status}`, "check the identity provider and run again", true);
  }
  if (status !== 200) {
    const reason = [answer.error, answer.error_description].filter((part) => typeof part === "string").join(": ");
    const seen = `${where} refused client "${endpoint.clientId}" with status ${status}`;
    const why = reason === "" ? "" : ` (${reason.slice(0, 200)})`;
    throw failed(side, seen + why, "check the client's id, its secret, the scope and the audience");
  }
  if (typeof answer.access_token !== "string" || answer.access_token === "") {
    const fix = "check that the URL is the identity provider's token endpoint (RFC 6749)";
    throw failed(side, `${where} returned no access_token`, fix);
  }
  const seconds = Number(answer.expires_in);
  return { token: answer.access_token, lifetimeMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0 };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function post(
  endpoint: TokenEndpoint,
  body: string,
  side: Side,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const url = new URL(endpoint.url);
  const encoded = (text: string) => new URLSearchParams({ "": text }).toString().slice(1);
  const basic = Buffer.from(`${encoded(endpoint.clientId)}:${encoded(endpoint.clientSecret)}`).toString("base64");
  const headers = {
    authorization: `Basic ${basic}`,
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
    "content-length": Buffer.byteLength(body),
  };
  const fix = "check the URL, the network, and the CA that signed the endpoint's certificate (tokenEndpoint.ca)";
  const ca = endpoint.ca === undefined ? {} : { ca: endpoint.ca };
  return new Promise((resolve, reject) => {
    const refuse = (reason: string) =>
      reject(failed(side, `the token endpoint ${endpoint.url} did not answer: ${reason}`, fix, true));
    const options = { method: "POST", headers, timeout: ENDPOINT_TIMEOUT_MS, signal, ...ca };
    const send = url.protocol === "https:" ? overHttps : overHttp;
    const request = send(url, options, (response) => {
      const pieces: Buffer[] = [];
      let size = 0;
      response.on("data", (piece: Buffer) => {
        size += piece.length;
        if (size > LONGEST_ANSWER) request.destroy(new Error("its answer is longer than 1 MiB"));
        else pieces.push(piece);
      });
      response.on("error", (error) => refuse(error.message));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString("utf8") }),
      );
    });
    request.on("timeout", () => request.destroy(new Error("time-out after 10 s")));
    request.on("error", (error) => refuse(error.message));
    request.end(body);
  });
}

function failed(side: Side, seen: string, fix: string, retriable = false): LinkFailure {
  const code = retriable ? "KAFKA_TOKEN_UNAVAILABLE" : "KAFKA_TOKEN";
  return new LinkFailure(new MigrationError(code, `${side} cluster: ${seen}`, { fix }), retriable);
}
