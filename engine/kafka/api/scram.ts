import type { Api } from "../wire";
import type { Outcome } from "./topics";

/** Mechanism codes (KIP-554). */
const MECHANISMS: Record<number, string> = { 1: "SCRAM-SHA-256", 2: "SCRAM-SHA-512" };

/**
 * DescribeUserScramCredentials v0 (KIP-554, Kafka 2.7 and later), for one user. Never returns the credential itself.
 */
export const describeScramUser: Api<string, Outcome & { users: (Outcome & { mechanisms: string[] })[] }> = {
  name: "DescribeUserScramCredentials",
  key: 50,
  version: 0,
  flexible: true,
  write: (out, user) => out.list([user], (name) => out.string(name)).tags(),
  read(body) {
    body.throttleTime();
    const errorCode = body.int16();
    const message = body.nullableString();
    const users = body.list(() => {
      body.string();
      return {
        errorCode: body.int16(),
        message: body.nullableString(),
        mechanisms: body.list(() => {
          const mechanism = MECHANISMS[body.int8()] ?? "unknown";
          body.int32();
          return mechanism;
        }),
      };
    });
    return { errorCode, message, users };
  },
};
