import { randomBytes } from "node:crypto";
import { defineStep } from "./framework";

export interface PasswordInputs {
  /** Number of random bytes. The password is their base64url text. */
  bytes: number;
}

export interface PasswordOutputs {
  password: string;
}

/** Generated once and kept in the state, encrypted. */
export const passwordStep = defineStep<PasswordInputs, PasswordOutputs>("password", {
  outputs: { password: true },
  secret: ["password"],

  create: async ({ bytes }) => ({ password: randomBytes(bytes).toString("base64url") }),
  update: async ({ password }) => ({ password }),
  async remove() {},
  // A password in use does not change. A new number of bytes applies to the next password.
  immaterial: ["bytes"],
});
