import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';

/**
 * Reads the password in `file`, or makes one: 192 random bits in letters that need no quoting in a
 * URL or in SQL. The file is complete and on disk before its name exists, and whoever comes second
 * reads the first one's.
 */
export async function readOrMakePassword(file: string): Promise<{ value: string; made: boolean }> {
  const known = await readPassword(file);
  if (known !== undefined) return { value: known, made: false };
  const value = randomBytes(24).toString('base64url');
  const unfinished = `${file}.${process.pid}`;
  const descriptor = await open(unfinished, 'w', 0o600);
  try {
    await descriptor.writeFile(`${value}\n`);
    await descriptor.sync();
  } finally {
    await descriptor.close();
  }
  try {
    await link(unfinished, file);
    return { value, made: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return { value: (await readPassword(file)) ?? value, made: false };
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** The password in `file`, or undefined where there is no such file. */
export async function readPassword(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
