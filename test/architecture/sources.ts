import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../..');

/** A source file: path from the project's root, text, and what it imports (paths, or package names). */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return /\.ts$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : [];
  });
}

function importsOf(path: string, text: string): string[] {
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) =>
      fileName.startsWith('.')
        ? relative(ROOT, resolve(dirname(path), fileName)).replace(/\.js$/, '.ts')
        : fileName,
    );
}

/** Every TypeScript file below `src`. */
export const sources: readonly Source[] = filesBelow(join(ROOT, 'src')).map((path) => {
  const text = readFileSync(path, 'utf8');
  return { path: relative(ROOT, path), text, imports: importsOf(path, text) };
});

/** The part of a path that names its room: `src/rules/x.ts` is rules, `src/main.ts` is main.ts. */
export const roomOf = (path: string): string => path.split('/')[1] ?? '';

/** The line of rooms, and what stands before it. Each may import only what stands before it. */
export const line = [
  'vocabulary',
  'errors',
  'config',
  'db',
  'messages',
  'settings',
  'audit',
  'rses',
  'accounts',
  'scopes',
  'dids',
  'metadata',
  'replicas',
  'requests',
  'locks',
  'rules',
  'subscriptions',
  'jobs',
  'doctor',
] as const;

export const rooms: readonly string[] = line.slice(line.indexOf('messages'));

/** The text without comments: what a rule about code has to look at. */
export function codeOf({ text }: Source): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}
