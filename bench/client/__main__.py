"""
The hot paths of a server of the Rucio REST API through the published Python client, the same calls for
every server: what they cost in CPU of the server's processes, in wall time and in CPU of the client.

  python bench/client --url URL --username NAME --password WORD --process NAME=PID … --json FILE

`npm run bench:clients` starts the servers and compares them.
"""
import argparse
import json
import shlex
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from catalogue import measure_catalogue
from daemons import Daemons
from judge import CLEANER, EVALUATOR, INJECTOR, measure_judge
from lake import Lake, Round
from login import log_in
from meter import Meter
from processes import Server

WARM_UP_FILES, WARM_UP_CALLS = 100, 5


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name in ('url', 'username', 'password', 'json'):
        parser.add_argument(f'--{name}', required=True)
    parser.add_argument('--process', action='append', required=True, help='a root of the server: NAME=PID')
    parser.add_argument('--daemon', default='', help='runs the daemon appended once; default: they run')
    parser.add_argument('--files', type=int, default=10_000, help='of a repetition')
    parser.add_argument('--calls', type=int, default=50, help='of a path that is measured call by call')
    parser.add_argument('--repetitions', type=int, default=3)
    parser.add_argument('--idle', type=float, default=10, help='seconds that it is watched doing nothing')
    return parser.parse_args()


def judge(options: argparse.Namespace, home: Path) -> dict:
    """Measures everything: what the JSON file holds, in seconds and MiB."""
    roots = {name: int(pid) for name, pid in (each.split('=') for each in options.process)}
    meter = Meter(Server(roots))
    client = log_in(options.url, options.username, options.password, home)
    daemons = Daemons(shlex.split(options.daemon), meter)
    answer = client.ping()
    meter.settle()
    memory = {'idle': meter.server.memory_mib()}
    idle = meter.cost(lambda: time.sleep(options.idle))
    daemons.learn_starts(INJECTOR, EVALUATOR, CLEANER)
    lake = Lake(client)
    if options.repetitions > 1:  # a single one is nobody's figure
        warm_up = Meter(meter.server, aloud=False)
        measure_round(warm_up, Round(lake, 0, WARM_UP_FILES), WARM_UP_CALLS, daemons)
    for number in range(1, options.repetitions + 1):
        measure_round(meter, Round(lake, number, options.files), options.calls, daemons)
    memory['after'] = meter.server.memory_mib()
    return {
        'server': answer['version'], 'client': version('rucio-clients'), 'python': python_version(),
        'idleShare': idle.cpu() / idle.wall, 'memory': memory, 'starting': daemons.starting,
        'paths': meter.paths,
    }


def measure_round(meter: Meter, round: Round, calls: int, daemons: Daemons) -> None:
    """One repetition of every path."""
    daemons.meter = meter
    measure_catalogue(meter, round, calls)
    measure_judge(meter, daemons, round, calls)


def main() -> None:
    """Writes the JSON file when everything was measured and every answer was right."""
    options = parse()
    with tempfile.TemporaryDirectory() as home:
        told = judge(options, Path(home))
    sizes = {name: getattr(options, name) for name in ('files', 'calls', 'repetitions', 'idle')}
    Path(options.json).write_text(json.dumps({**told, 'sizes': sizes}, indent=1))


if __name__ == '__main__':
    main()
