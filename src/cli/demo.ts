import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Demo, type DemoOptions, playDemo } from '../demo/index.js';
import { untilSignal } from './signals.js';

/** `sluice demo`: plays the story; with --keep everything stays up until Ctrl-C. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const started = Date.now();
  const demo = await playDemo(options);
  console.log(`\nAll of it came true in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
  if (options.keep) {
    const signal = untilSignal();
    explain(demo);
    await signal;
  }
  await demo.stop();
}

/** Commands of the official client for somebody who wants to look around. */
function explain(demo: Demo): void {
  const guide = demo.guideFile;
  const { url, password, scope } = JSON.parse(readFileSync(guide, 'utf8')) as Record<
    string,
    string
  >;
  const directory = join(guide, '..');
  console.log(`
Sluice stays at ${url} until Ctrl-C. Addresses and passwords: ${guide}

To look at it with the official client (pip install rucio-clients==41.5.*):

  mkdir -p ${directory}/etc && cat > ${directory}/etc/rucio.cfg <<END
[client]
rucio_host = ${url}
auth_host = ${url}
account = root
auth_type = userpass
username = root
password = ${password}
END
  export RUCIO_HOME=${directory}
  rucio whoami
  rucio list-dids "${scope}:*" --filter type=DATASET
  rucio list-dids "${scope}:*" --filter datatype=RAW,run_number.gte=25290
  rucio subscription list --account datamanager
  rucio list-rules --account datamanager
  rucio list-file-replicas ${scope}:KM3NeT_00000267_00025291
  rucio download --dir /tmp ${scope}:KM3NeT_00000267_00025291

What a rule would come to, what would have to move if a storage left, and why a thing is as it is:

  npx sluice rule plan ${scope}:KM3NeT_00000267_00025291 --rses 'type=DISK:2;type=TAPE:1;distinct=continent'
  npx sluice rule plan --rse-leaves EU-DISK
  npx sluice explain ${scope}:KM3NeT_00000267_00025291

Ready.`);
}
