"""What a piece of work costs: the CPU of the server, beside it the wall time and the client's own CPU."""
import resource
import time
from dataclasses import asdict, dataclass
from typing import Callable

from processes import Server

# Daemons that work by themselves have nothing left to do when a server is as quiet as this.
QUIET_SECONDS, QUIET_SHARE, QUIET_WITHIN_SECONDS = 0.3, 0.1, 30.0


@dataclass(frozen=True)
class Cost:
    """Seconds. `server` holds the CPU of each part, `daemons` that of programs run by hand."""

    server: dict[str, float]
    daemons: float
    client: float
    wall: float

    def cpu(self) -> float:
        """All CPU that is not the client's."""
        return sum(self.server.values()) + self.daemons


class Meter:
    """Measures work and keeps what it cost, path by path."""

    def __init__(self, server: Server, aloud: bool = True) -> None:
        self.server = server
        self.aloud = aloud
        self.paths: dict[str, dict] = {}

    def cost(self, work: Callable[[], object]) -> Cost:
        """Does the work and gives its cost."""
        before, daemons, client, wall = self._read()
        work()
        after, daemons_after, client_after, wall_after = self._read()
        return Cost(
            server={name: after[name] - before[name] for name in after},
            daemons=daemons_after - daemons,
            client=client_after - client,
            wall=wall_after - wall,
        )

    def keep(self, name: str, item: str, items: int, cost: Cost, starting: float = 0.0) -> None:
        """
        One more repetition of a path of `items` items. `starting` are CPU seconds that daemons
        started by hand needed to start, which those of a production do once: they are left out.
        """
        path = self.paths.setdefault(name, {'item': item, 'items': items, 'repetitions': []})
        cpu = cost.cpu() - starting
        path['repetitions'].append({'cpu': cpu, 'starting': starting, **asdict(cost)})
        if self.aloud:
            micros = cpu / items * 1e6
            print(f'{name}: {micros:,.1f} us of CPU a {item}, {cost.wall:.2f} s for {items:,}', flush=True)

    def measure(self, name: str, item: str, items: int, work: Callable[[], object]) -> None:
        """Waits until the server is quiet, does the work, and keeps what it cost."""
        self.settle()
        self.keep(name, item, items, self.cost(work))

    def settle(self) -> None:
        """Until the server has nothing to do, or 30 s: it has the rest to do beside the next path."""
        until = time.monotonic() + QUIET_WITHIN_SECONDS
        while time.monotonic() < until:
            if self.cost(lambda: time.sleep(QUIET_SECONDS)).cpu() < QUIET_SHARE * QUIET_SECONDS:
                return

    def _read(self) -> tuple[dict[str, float], float, float, float]:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (
            self.server.cpu_seconds(),
            ended.ru_utime + ended.ru_stime,
            time.process_time(),
            time.perf_counter(),
        )
