import { startEmbedded } from '../../src/db/embedded/index.js';

/** A process that supervises the cluster of the directory it is given, to be killed by a spec. */
const [stateDir = ''] = process.argv.slice(2);
const cluster = await startEmbedded({ stateDir });
process.stdout.write(`${JSON.stringify({ url: cluster.url, pid: cluster.pid })}\n`);
