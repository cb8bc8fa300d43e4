/** A word of a command, to copy into a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w.:@%+=/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
