import { resolve } from "node:path";

/** Where the report's files are. */
export interface ReportPlace {
  /** Name of the migration in the report, and of its files. */
  name: string;
  /** As somebody wrote it: a relative one is taken from the Pulumi project's folder. */
  folder: string;
  /** The Pulumi project's folder, from the program's, which is the working directory here. */
  root: string;
}

export const folderOf = ({ root, folder }: ReportPlace): string => resolve(root, folder);
