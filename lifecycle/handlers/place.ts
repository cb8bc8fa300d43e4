import { resolve } from "node:path";

/** Location of the report's files. */
export interface ReportPlace {
  /** Name of the migration in the report. The file names contain it, too. */
  name: string;
  /** Folder as the user wrote it. A relative path starts at the Pulumi project's folder. */
  folder: string;
  /**
   * Path to the Pulumi project's folder, relative to the program's folder. The program's folder is the working
   * directory.
   */
  root: string;
}

export const folderOf = ({ root, folder }: ReportPlace): string => resolve(root, folder);
