import { X509Certificate } from "node:crypto";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority, issueCertificate } from "./tls";

let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority("test CA");
});

describe("certificates", () => {
  it("are signed by their authority and name their hosts", async () => {
    const ca = new X509Certificate(authority.cert);
    const leaf = new X509Certificate(
      (await issueCertificate(authority, { commonName: "broker", hosts: ["127.0.0.1", "localhost"] })).cert,
    );
    expect(ca.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.checkIssued(ca)).toBe(true);
    expect(leaf.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(leaf.checkHost("localhost")).toBe("localhost");
    expect(leaf.checkHost("elsewhere")).toBeUndefined();
    expect(leaf.subject).toBe("CN=broker");
    expect(Date.parse(leaf.validTo) - Date.now()).toBeGreaterThan(364 * 24 * 3600 * 1000);
  });

  it("have unique, positive serial numbers", async () => {
    const issued = await Promise.all(
      Array.from({ length: 40 }, () => issueCertificate(authority, { commonName: "x" })),
    );
    const serials = issued.map(({ cert }) => new X509Certificate(cert).serialNumber);
    expect(new Set(serials).size).toBe(40);
    expect(serials.every((serial) => !serial.startsWith("-"))).toBe(true);
  });
});

describe("a TLS server with such a certificate", () => {
  let server: Server;
  let port = 0;
  beforeAll(async () => {
    const own = await issueCertificate(authority, { commonName: "server", hosts: ["127.0.0.1"] });
    server = createServer({ ...own, requestCert: true, rejectUnauthorized: true }, (socket) =>
      socket.end(String(socket.getPeerCertificate().subject.CN)),
    );
    server.on("tlsClientError", () => {});
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => void server.close());

  const talk = async (options: object): Promise<string> => {
    const socket: TLSSocket = connect({ host: "127.0.0.1", port, ...options });
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await once(socket, "close");
    return text;
  };

  it("is trusted by a client that knows the authority, and trusts a client certificate of it", async () => {
    const client = await issueCertificate(authority, { commonName: "a user", usage: "client" });
    expect(await talk({ ca: authority.cert, cert: client.cert, key: client.key })).toBe("a user");
  });

  it("is refused by a client that knows another authority of the same name", async () => {
    await expect(talk({ ca: (await createAuthority("test CA")).cert })).rejects.toThrow(
      /certificate|signature|verify/i,
    );
  });
});
