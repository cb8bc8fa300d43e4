import { randomBytes } from "node:crypto";
import { type Handler, serve } from "./framework";

export interface PasswordInputs {
  /** Number of random bytes; the password is their base64url text. */
  bytes: number;
}

export interface PasswordOutputs {
  password: string;
}

/** Made once and kept in state, encrypted. */
const handler: Handler<PasswordInputs, PasswordOutputs> = {
  outputs: { password: true },

  create: async ({ bytes }) => ({ password: randomBytes(bytes).toString("base64url") }),
  update: async ({ password }) => ({ password }),
  async remove() {},
  // A password that is in use stays: other bytes are for the next one.
  immaterial: ["bytes"],
};

export const passwordStep = serve("password", handler);
