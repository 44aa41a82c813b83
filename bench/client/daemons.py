"""The server's daemons: either they work by themselves, or a command runs one of them once."""
import subprocess
import time
from typing import Callable, Sequence

from meter import Meter

STARTS = 2
RUNS_MAX = 20
WITHIN_SECONDS = 900
LOOK_SECONDS = 0.1
# A run that costs less than this beside a start had nothing to do.
NOTHING_TO_DO = 1.3


class NotDone(Exception):
    """The daemons had time enough, and what they should have done is not there."""


class Daemons:
    """`command` runs the daemon whose name is appended once; empty: they work by themselves."""

    def __init__(self, command: Sequence[str], meter: Meter) -> None:
        self.command = command
        self.meter = meter
        self.runs = 0
        self.starting: dict[str, float] = {}

    def learn_starts(self, *names: str) -> None:
        """Measures what it costs to start each of them while there is nothing to do: CPU seconds."""
        for name in names if self.command else ():
            cost = self.meter.cost(lambda: self.run(name, STARTS))
            self.starting[name] = cost.cpu() / STARTS

    def run(self, name: str, times: int = 1) -> None:
        """Runs one, and once more when it has ended. Raises CalledProcessError unless it exits 0."""
        for _ in range(times):
            subprocess.run([*self.command, name], check=True, stdout=subprocess.DEVNULL)
            self.runs += 1

    def catch_up(self, name: str) -> None:
        """Until it has nothing to do: what earlier paths have left is not the next one's."""
        if not self.command:
            return self.meter.settle()
        for _ in range(RUNS_MAX):
            cost = self.meter.cost(lambda: self.run(name)).cpu()
            if cost < NOTHING_TO_DO * self.starting[name]:
                return None
        raise NotDone(f'{name} still has something to do after {RUNS_MAX} runs')

    def until(self, name: str, true: Callable[[], bool]) -> None:
        """Until that daemon's work is done. Raises NotDone."""
        until = time.monotonic() + WITHIN_SECONDS
        runs = 0
        while not true():
            if runs == RUNS_MAX or time.monotonic() > until:
                raise NotDone(f'{name} has not done it')
            if self.command:
                self.run(name)
                runs += 1
            else:
                time.sleep(LOOK_SECONDS)

    def measure(self, path: str, daemon: str, items: int, work: Callable[[], None]) -> None:
        """A path per lock whose work ends with `until`; what its daemon needs to start is left out."""
        self.meter.settle()
        runs = self.runs
        cost = self.meter.cost(work)
        starting = (self.runs - runs) * self.starting.get(daemon, 0.0)
        self.meter.keep(path, 'lock', items, cost, starting)
