/**
 * Has published programs judge Sluice: `npm run test:interop [-- options]`.
 *
 * 1. demo: the official Rucio client tells its stories against the demo (test_*.py).
 * 2. site: it tells those of test_site_*.py against a Sluice on https and XRootDs that believe its tokens.
 * 3. specs: the drivers, transfer tools and daemons meet XRootD, rclone, nginx and Apache (*.spec.ts).
 *
 * Installs what it needs below .interop/ (kept for the next time): a Python environment with
 * rucio-clients, Snakemake and pytest, and KM3NeT's test files; as root on Debian also one with DIRAC,
 * the storage servers, and for the time of the run an authority into the system's bundle. Not being
 * root, DIRAC, 2 and 3 are skipped.
 *
 * --slow adds what takes more than a few seconds, --full asks every command of the client's command
 * lines (else: one of each noun) and writes docs/compatibility.md, --only demo|site|specs runs one part,
 * all else is for pytest (for jest after --only specs). SLUICE_INTEROP_DEMO=<state>/demo.json judges a
 * demo that is already running; SLUICE_INTEROP_URL, …_USERNAME and …_PASSWORD judge the catalogue of
 * any other server.
 */
import { register } from 'node:module';

register('../support/typescript-hooks.mjs', import.meta.url);
await import('./run/main.ts');
