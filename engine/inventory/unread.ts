/** The beginnings of lines in `unread` that are about users. */
export const UNREAD = {
  acls: "the ACLs",
  scram: "the SCRAM users",
  quotas: "the quotas",
  kafkaUsers: "the KafkaUsers",
} as const;

const isAbout = (line: string, parts: readonly (keyof typeof UNREAD)[]): boolean =>
  parts.some((part) => line.startsWith(`${UNREAD[part]}:`));

/**
 * What an inventory lacks about its users. `decisive`: without it, users would get other rights or another login.
 * `other`: users or quotas may be missing.
 */
export function unreadOfUsers(unread: readonly string[]): { decisive: string[]; other: string[] } {
  return {
    decisive: unread.filter((line) => isAbout(line, ["acls", "kafkaUsers"])),
    other: unread.filter((line) => isAbout(line, ["scram", "quotas"])),
  };
}
