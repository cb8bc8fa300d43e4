import { randomBytes } from "node:crypto";
import { defineStep } from "./framework";

export interface PasswordInputs {
  /** Number of random bytes; the password is their base64url text. */
  bytes: number;
}

export interface PasswordOutputs {
  password: string;
}

/** Made once and kept in state, encrypted. */
export const passwordStep = defineStep<PasswordInputs, PasswordOutputs>("password", {
  outputs: { password: true },
  secret: ["password"],

  create: async ({ bytes }) => ({ password: randomBytes(bytes).toString("base64url") }),
  update: async ({ password }) => ({ password }),
  async remove() {},
  // A password that is in use stays: other bytes are for the next one.
  immaterial: ["bytes"],
});
