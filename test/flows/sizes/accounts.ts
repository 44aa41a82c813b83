import { type Sized, type SizedLake } from './sized-lake.js';

const each = async (size: number, work: (at: number) => Promise<unknown>): Promise<void> => {
  for (let at = 0; at < size; at++) await work(at);
};

const account = (lake: SizedLake, name: string) =>
  lake.send('POST', `/accounts/${name}`, { type: 'USER', email: null });

/** An account with a limit over each of so many expressions. */
async function limited(lake: SizedLake, size: number, tag: string): Promise<void> {
  await account(lake, tag);
  await each(size, (at) =>
    lake.send('POST', `/accounts/${tag}/limits/global/A-DISK%7Crse=X${at}`, { bytes: 1 }),
  );
}

/** Requests about accounts and scopes whose answer has a size. */
export const aboutAccounts: Readonly<Record<string, Sized>> = {
  'limits over many expressions': async (lake, size, tag) => {
    await limited(lake, size, tag);
    return ['GET', `/accounts/${tag}/limits/global`];
  },
  'usage over many expressions': async (lake, size, tag) => {
    await limited(lake, size, tag);
    return ['GET', `/accounts/${tag}/usage/global`];
  },
  'attributes of an account': async (lake, size, tag) => {
    await account(lake, tag);
    await each(size, (at) => lake.send('POST', `/accounts/${tag}/attr/k${at}`, { value: 1 }));
    return ['GET', `/accounts/${tag}/attr/`];
  },
  'scopes of an account': async (lake, size, tag) => {
    await account(lake, tag);
    await each(size, (at) => lake.send('POST', `/accounts/${tag}/scopes/${tag}.${at}`));
    return ['GET', `/accounts/${tag}/scopes/`];
  },
  'owners of scopes': async (lake, size, tag) => {
    await each(size, async (at) => {
      await account(lake, `${tag}-${at}`);
      await lake.send('POST', `/accounts/${tag}-${at}/scopes/${tag}.${at}`);
    });
    return ['GET', '/scopes/owner'];
  },
  'identities of an account': async (lake, size, tag) => {
    await account(lake, tag);
    await each(size, (at) =>
      lake.send('POST', `/accounts/${tag}/identities`, {
        identity: `${tag}${at}`,
        authtype: 'X509',
        email: null,
      }),
    );
    return ['GET', `/accounts/${tag}/identities`];
  },
  'accounts of an identity': async (lake, size, tag) => {
    await each(size, async (at) => {
      await account(lake, `${tag}-${at}`);
      const identity = { identity: tag, authtype: 'X509', email: null };
      await lake.send('POST', `/accounts/${tag}-${at}/identities`, identity);
    });
    return ['GET', `/identities/accounts?identity_key=${tag}&type=X509`];
  },
  'who uses an RSE': async (lake, size, tag) => {
    const dids = await lake.files(tag, 1, 'A-DISK');
    await each(size, async (at) => {
      const name = `${tag}-${at}`;
      await account(lake, name);
      await lake.send('POST', `/accounts/${name}/limits/local/C-DISK`, { bytes: -1 });
      const rule = { dids, account: name, copies: 1, rse_expression: 'C-DISK' };
      await lake.send('POST', '/rules/', rule);
    });
    return ['GET', '/rses/C-DISK/accounts/usage'];
  },
  'registering files of many scopes': async (lake, size, tag) => {
    const files = await Promise.all(
      Array.from({ length: size }, async (_, at) => {
        await lake.send('POST', `/accounts/root/scopes/${tag}.${at}`);
        return { scope: `${tag}.${at}`, name: 'f', bytes: 1, adler32: '00000001' };
      }),
    );
    return ['POST', '/replicas', { rse: 'A-DISK', files }];
  },
};
