import { beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStorage, type MemoryStorage } from '../../src/protocols/index.js';
import { Leftovers } from '../../src/transfertools/leftovers.js';
import { memoryEndpoint } from '../protocols/endpoints.js';
import { eventually } from '../support/eventually.js';
import { openRegistry } from './setting.js';

describe('what a failed transfer left', () => {
  let storage: MemoryStorage;
  beforeEach(() => {
    storage = memoryStorage('leftovers');
    storage.clear();
    storage.put('/data/part', 'half');
  });
  const driver = () => openRegistry().driver(memoryEndpoint('leftovers'));
  const gone = () => storage.list().length === 0;

  it('is removed at once', async () => {
    await new Leftovers([]).remove(driver(), 'part', false);
    expect(gone()).toBe(true);
  });

  it('is removed later where the storage cannot be reached, as often as that takes', async () => {
    const leftovers = new Leftovers([5, 5, 5]);
    storage.failNext('remove', 'CONNECTION', 3);
    await leftovers.remove(driver(), 'part', false);
    expect(gone()).toBe(false);
    await eventually('it is gone', gone);
  });

  it('is removed again where the storage may still have been writing', async () => {
    const leftovers = new Leftovers([20]);
    await leftovers.remove(driver(), 'part', true);
    storage.put('/data/part', 'written late');
    await eventually('it is gone again', gone);
  });

  it('stays when nobody waits for it any more', async () => {
    const [closed, waiting] = [new Leftovers([5]), new Leftovers([10])];
    storage.put('/data/other', 'half');
    storage.failNext('remove', 'CONNECTION', 2);
    await closed.remove(driver(), 'part', false);
    closed.close();
    await waiting.remove(driver(), 'other', false);
    await eventually('the other one is gone', () => !storage.list().includes('/data/other'));
    expect(storage.list()).toEqual(['/data/part']);
  });
});
