import type { Api } from "../wire";
import type { Outcome } from "./topics";

/** Mechanism codes (KIP-554). */
const MECHANISMS: Record<number, string> = { 1: "SCRAM-SHA-256", 2: "SCRAM-SHA-512" };

/** The mechanisms for which a user has a credential. */
export interface DescribedScramUser extends Outcome {
  name: string;
  mechanisms: string[];
}

/**
 * DescribeUserScramCredentials v0 (KIP-554, Kafka 2.7 and later), for these users. null: all users. Never returns the
 * credentials themselves.
 */
export const describeScramUsers: Api<readonly string[] | null, Outcome & { users: DescribedScramUser[] }> = {
  name: "DescribeUserScramCredentials",
  key: 50,
  version: 0,
  flexible: true,
  write: (out, users) => out.list(users, (name) => out.string(name)).tags(),
  read(body) {
    body.throttleTime();
    const errorCode = body.int16();
    const message = body.nullableString();
    const users = body.list(() => {
      return {
        name: body.string(),
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
