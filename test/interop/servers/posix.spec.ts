import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { movesToAndFromXrootd } from './movements.js';

movesToAndFromXrootd('a mounted file system', async ({ root }) => {
  const dataDir = join(root, 'mounted/data');
  await mkdir(dataDir, { recursive: true });
  return {
    dataDir,
    endpoint: {
      ...{ rse: 'MOUNTED', scheme: 'file', hostname: 'localhost', port: 0 },
      prefix: `${dataDir}/`,
      impl: 'rucio.rse.protocols.posix.Default',
      extendedAttributes: {},
    },
  };
});
