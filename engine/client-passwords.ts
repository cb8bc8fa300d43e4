import { shellWord } from "./shell";

/** Configuration key of the applications' passwords: an object with one text for each user. */
export const CLIENT_PASSWORDS = "clientPasswords";

/** The command that sets the password of a user in the ready-made stack. Pulumi then asks for the password. */
export const passwordCommand = (user: string): string =>
  // In a path of Pulumi only the quote is escaped.
  `pulumi config set --secret --path ${shellWord(`${CLIENT_PASSWORDS}["${user.replaceAll('"', '\\"')}"]`)}`;
