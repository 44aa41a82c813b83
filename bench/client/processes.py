"""CPU time and memory of a server: of the processes that were named, and of all below them."""
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional

TICKS = os.sysconf('SC_CLK_TCK')
# Fields of /proc/PID/stat after the name: parent, then own time and that of children waited for.
PARENT, OWN, WAITED_FOR = 1, slice(11, 13), slice(13, 15)
KIB = 1024


class ProcessEnded(Exception):
    """A process of the server that was measured is not there any more."""


@dataclass(frozen=True)
class Process:
    """A process, and the CPU seconds of it and of those of its children that have ended."""

    pid: int
    parent: int
    cpu: float


class Server:
    """The processes of a server: `named` are the roots, e.g. {'api': 12, 'postgres': 34}."""

    def __init__(self, named: Mapping[str, int]) -> None:
        self.names = {pid: name for name, pid in named.items()}

    def cpu_seconds(self) -> dict[str, float]:
        """User and system time used so far, by name. It never decreases, whoever ends meanwhile."""
        used = dict.fromkeys(self.names.values(), 0.0)
        for name, process in self._family():
            used[name] += process.cpu
        return used

    def memory_mib(self) -> dict[str, float]:
        """Proportional set size by name: pages that several processes share are counted once."""
        held = dict.fromkeys(self.names.values(), 0.0)
        for name, process in self._family():
            held[name] += _pss_kib(process.pid) / KIB
        return held

    def _family(self) -> list[tuple[str, Process]]:
        """Each process below a root, with the name of the nearest one."""
        processes = {process.pid: process for process in map(_read, _pids()) if process is not None}
        gone = [name for pid, name in self.names.items() if pid not in processes]
        if gone:
            raise ProcessEnded(f'no process any more: {", ".join(gone)}')
        named = ((self._name_of(process, processes), process) for process in processes.values())
        return [(name, process) for name, process in named if name is not None]

    def _name_of(self, process: Process, processes: Mapping[int, Process]) -> Optional[str]:
        above: Optional[Process] = process
        while above is not None:
            if above.pid in self.names:
                return self.names[above.pid]
            above = processes.get(above.parent)
        return None


def _pids() -> list[int]:
    return [int(name) for name in os.listdir('/proc') if name.isdigit()]


def _read(pid: int) -> Optional[Process]:
    """None: it has ended since its number was listed."""
    try:
        stat = Path(f'/proc/{pid}/stat').read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat[stat.rindex(')') + 2:].split()
    ticks = sum(map(int, fields[OWN] + fields[WAITED_FOR]))
    return Process(pid, int(fields[PARENT]), ticks / TICKS)


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith('Pss:')), 0)
