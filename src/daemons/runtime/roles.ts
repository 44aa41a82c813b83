import { DaemonNames, type DaemonName } from '../../vocabulary/index.js';

/** Groups of daemons that are usually run together. */
const groups: Record<string, readonly DaemonName[]> = {
  judge: [
    'judge-evaluator',
    'judge-injector',
    'judge-repairer',
    'judge-cleaner',
    'judge-drifter',
    'judge-phaser',
    'transmogrifier',
    'foreman',
  ],
  conveyor: ['conveyor-submitter', 'conveyor-poller', 'conveyor-finisher'],
  housekeeping: [
    'undertaker',
    'necromancer',
    'verifier',
    'kronos',
    'atropos',
    'hermes',
    'abacus',
    'rescuer',
    'doctor',
    'janitor',
  ],
};

export interface Roles {
  readonly api: boolean;
  readonly daemons: readonly DaemonName[];
}

/**
 * What a process serves: `all`, `api`, a group (judge, conveyor, housekeeping) or a daemon's name.
 * @throws RangeError naming the unknown role and the known ones.
 */
export function parseRoles(roles: readonly string[]): Roles {
  const daemons = new Set<DaemonName>();
  let api = false;
  for (const role of roles) {
    const named = DaemonNames.find((name) => name === role);
    if (role === 'all' || role === 'api') api = true;
    if (role === 'all') DaemonNames.forEach((name) => daemons.add(name));
    else if (role in groups) groups[role]?.forEach((name) => daemons.add(name));
    else if (named) daemons.add(named);
    else if (role !== 'api') {
      throw new RangeError(
        `unknown role '${role}'; known: all, api, ${Object.keys(groups).join(', ')}, ${DaemonNames.join(', ')}`,
      );
    }
  }
  return { api, daemons: DaemonNames.filter((name) => daemons.has(name)) };
}
