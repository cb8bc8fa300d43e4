import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LinkFailure } from "./failures";
import { Tokens } from "./tokens";

const ending = new AbortController();
const options = (ms = 2_000) => ({ ended: ending.signal, patienceMs: { file: ms, endpoint: ms } });
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: unknown) =>
      error instanceof LinkFailure ? `${error.retriable} ${error.message.split("\n", 1)[0]}` : error,
  );

describe("a token file that is rewritten in place", () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kafka-migration-token-"));
    file = join(folder, "token");
  });
  afterEach(() => rm(folder, { recursive: true }));
  const files = (ms?: number) => new Tokens({ mechanism: "OAUTHBEARER", tokenFile: file }, "origin", options(ms));
  const soon = (work: () => Promise<unknown>) => void setTimeout(() => void work(), 150);

  it("may be empty when the first login reads it", async () => {
    await writeFile(file, "");
    soon(() => writeFile(file, "second\n"));
    expect(await files().get()).toBe("second");
  });

  it("may be missing for a moment if it was there before", async () => {
    await writeFile(file, "first");
    const tokens = files();
    expect(await tokens.get()).toBe("first");
    await rm(file);
    soon(() => writeFile(file, "second"));
    expect(await tokens.get()).toBe("second");
  });

  it("may be cut off when it is read: a refused token is compared with what the file has then", async () => {
    await writeFile(file, "fir");
    const tokens = files();
    expect(await tokens.isRewritten()).toBe(false);
    expect(await tokens.get()).toBe("fir");
    soon(() => writeFile(file, "first"));
    expect(await tokens.isRewritten()).toBe(true);
    expect(await tokens.get()).toBe("first");
    expect(await files(100).isRewritten()).toBe(false);
  });

  it("is an error if it stays empty or missing, and at once if there never was a file", async () => {
    const tokens = files(200);
    expect(await failureOf(tokens.get())).toMatch(/^false KAFKA_TOKEN: .*cannot be read \(ENOENT\)/);
    await writeFile(file, " \n");
    expect(await failureOf(tokens.get())).toMatch(/^true KAFKA_TOKEN_UNAVAILABLE: .* is empty/);
    await writeFile(file, "first");
    await tokens.get();
    await rm(file);
    expect(await failureOf(tokens.get())).toMatch(/^true KAFKA_TOKEN_UNAVAILABLE: .*cannot be read \(ENOENT\)/);
  });
});

describe("a token endpoint that does not always answer", () => {
  let server: Server;
  let asked = 0;
  let answers: ((response: ServerResponse) => void)[];
  const gives = (token: string, seconds: number) => (response: ServerResponse) =>
    void response.end(JSON.stringify({ access_token: token, expires_in: seconds }));
  const status = (code: number) => (response: ServerResponse) => void response.writeHead(code).end("{}");
  beforeEach(async () => {
    [asked, answers] = [0, []];
    server = createServer((request, response) => {
      request.resume();
      const answer = answers[asked++] ?? answers.at(-1)!;
      answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = (ended = ending.signal, ms = 2_000) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
    const tokenEndpoint = { url, clientId: "me", clientSecret: "client-secret" };
    return new Tokens({ mechanism: "OAUTHBEARER", tokenEndpoint }, "target", { ...options(ms), ended });
  };

  it("is asked again after 503, 429 and a broken connection", async () => {
    answers = [status(503), status(429), (response) => void response.destroy(), gives("one", 60)];
    expect(await endpoint().get()).toBe("one");
    expect(asked).toBe(4);
  });

  it("is not needed while the last token is valid, although it is no longer fresh", async () => {
    answers = [gives("one", 2), status(503)];
    const tokens = endpoint(undefined, 200);
    expect(await tokens.get()).toBe("one");
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await tokens.get()).toBe("one");
    expect(asked).toBe(2);
    tokens.refused();
    expect(await failureOf(tokens.get())).toMatch(/^true KAFKA_TOKEN_UNAVAILABLE: .*status 503/);
  });

  it("is asked once if it refuses the client", async () => {
    answers = [status(401)];
    expect(await failureOf(endpoint().get())).toMatch(/^false KAFKA_TOKEN: .*refused client "me" with status 401/);
    expect(asked).toBe(1);
  });

  it("does not hold up a port that is closed", async () => {
    for (const answer of [() => {}, status(503)]) {
      answers = [answer];
      const closing = new AbortController();
      const waiting = failureOf(endpoint(closing.signal, 60_000).get());
      const began = Date.now();
      setTimeout(() => closing.abort("closed"), 100);
      expect(await waiting).toBe("closed");
      expect(Date.now() - began).toBeLessThan(5_000);
    }
  });
});
