import axios from 'axios';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { basename, join } from 'node:path';
import { type RawFile } from './raw-data.js';
import { type RestClient } from './rest-client.js';
import { type World } from './world.js';

// The story's people move bytes as anybody would: by signed URLs, trusting the lake's CA.
const agents = new Map<string, Agent>();

function agentOf(world: World): Agent {
  const known = agents.get(world.caPem) ?? new Agent({ ca: world.caPem, keepAlive: true });
  agents.set(world.caPem, known);
  return known;
}

async function sign(
  who: RestClient,
  rse: string,
  op: 'read' | 'write',
  url: string,
): Promise<string> {
  return who.text(
    'GET',
    `/credentials/signurl?rse=${rse}&svc=s3&op=${op}&lifetime=600&url=${encodeURIComponent(url)}`,
  );
}

/** Where a new file of the scope belongs at an RSE. */
async function pfnFor(world: World, who: RestClient, rse: string, name: string): Promise<string> {
  const did = `${world.scope}:${name}`;
  const pfns = await who.json<Record<string, string>>(
    'GET',
    `/rses/${rse}/lfns2pfns?lfn=${encodeURIComponent(did)}`,
  );
  const pfn = pfns[did];
  if (pfn === undefined) throw new Error(`no PFN for ${did} at ${rse}`);
  return pfn;
}

/** Writes a file to a storage with a URL that opens nothing else. */
export async function putSigned(
  world: World,
  who: RestClient,
  rse: string,
  file: RawFile,
): Promise<void> {
  const url = await sign(who, rse, 'write', await pfnFor(world, who, rse, file.name));
  await axios.put(url, file.bytes, {
    httpsAgent: agentOf(world),
    headers: { 'Content-Length': file.bytes.length, 'Content-Type': 'application/octet-stream' },
    maxBodyLength: Infinity,
  });
}

/** The bytes behind a signed PFN of a replica list. */
export async function fetchSigned(world: World, pfn: string): Promise<Buffer> {
  const answer = await axios.get<ArrayBuffer>(pfn, {
    httpsAgent: agentOf(world),
    responseType: 'arraybuffer',
  });
  return Buffer.from(answer.data);
}

/** Flips one byte of a stored file behind everybody's back. */
export async function corruptAt(world: World, rse: string, name: string): Promise<void> {
  const storage = storageAt(world, rse);
  const path = (await storage.list()).find((stored) => basename(stored) === name);
  if (path === undefined) throw new Error(`${rse} does not hold ${name}`);
  const file = join(storage.root, path);
  const bytes = await readFile(file);
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8((bytes.readUInt8(middle) + 1) % 256, middle);
  await writeFile(file, bytes);
}

/** The names of the files that a storage really holds, sorted. */
export async function storedNames(world: World, rse: string): Promise<string[]> {
  const paths = await storageAt(world, rse).list();
  return paths.map((path) => basename(path)).sort();
}

function storageAt(world: World, rse: string) {
  const storage = world.storages.get(rse);
  if (!storage) throw new Error(`no storage ${rse}`);
  return storage;
}
