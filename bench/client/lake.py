"""What is measured on: RSEs of one source and of several groups of destinations, and files without bytes."""
import random
import socket
import string
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Iterator, Sequence

if TYPE_CHECKING:
    from rucio.client import Client

BATCH = 1000
# Each path places its copies at RSEs of its own, where no path before it has left any.
GROUPS = {'DATASET': 3, 'NONE': 3, 'SMALL': 2, 'EVALUATED': 3}


class WrongAnswer(Exception):
    """The server answered, but not with what it was given."""


def expect(what: str, got: object, wanted: object) -> None:
    """Raises WrongAnswer unless both are equal: figures of wrong answers are none."""
    if got != wanted:
        raise WrongAnswer(f'{what}: {got} instead of {wanted}')


def batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Slices of 1,000: what the client sends in one request."""
    return (items[at:at + BATCH] for at in range(0, len(items), BATCH))


class Lake:
    """The RSEs and what is listened to behind them: nobody answers there, so that no byte moves."""

    def __init__(self, client: 'Client') -> None:
        self.client = client
        self.tag = ''.join(random.choices(string.ascii_uppercase, k=5))
        self.silence = socket.create_server(('127.0.0.1', 0), backlog=512)
        self.source = self._add_rse('SOURCE')
        self.groups = {
            group: [self._add_rse(f'{group}-{at}') for at in range(size)]
            for group, size in GROUPS.items()
        }
        for rse in [self.source, *sum(self.groups.values(), [])]:
            client.set_local_account_limit(client.account, rse, 10**17)

    def anywhere_in(self, group: str) -> str:
        """The RSE expression of a group."""
        return '|'.join(self.groups[group])

    def _add_rse(self, name: str) -> str:
        rse = f'BENCH-{self.tag}-{name}'
        access = {'read': 1, 'write': 1, 'delete': 1}
        copies = {'third_party_copy_read': 1, 'third_party_copy_write': 1}
        self.client.add_rse(rse)
        self.client.add_protocol(rse, {
            'scheme': 'https', 'hostname': '127.0.0.1', 'port': self.silence.getsockname()[1],
            'prefix': f'/{rse.lower()}/', 'impl': 'rucio.rse.protocols.webdav.Default',
            'domains': {'lan': access, 'wan': {**access, **copies}},
        })
        return rse


@dataclass(frozen=True)
class Round:
    """One repetition's scope and files: each one begins with a scope in which nothing is."""

    lake: Lake
    number: int
    count: int

    @property
    def client(self) -> 'Client':
        return self.lake.client

    @cached_property
    def scope(self) -> str:
        """Made at the first look."""
        scope = f'bench.{self.lake.tag.lower()}.{self.number}'
        self.client.add_scope(self.client.account, scope)
        return scope

    @cached_property
    def files(self) -> list[dict[str, Any]]:
        """As they are registered; the names are as long as those of a neutrino telescope's raw data."""
        name = f'KM3NeT_{self.lake.tag}0000_{self.number:08d}_S%09d.raw.jpp-v18.6.0.root'
        return [
            {'scope': self.scope, 'name': name % at, 'bytes': 10**6 + at, 'adler32': f'{at + 1:08x}'}
            for at in range(self.count)
        ]

    @cached_property
    def dids(self) -> list[dict[str, str]]:
        return [{'scope': file['scope'], 'name': file['name']} for file in self.files]

    def dataset(self, name: str, dids: Sequence[dict[str, str]]) -> dict[str, str]:
        """A new dataset of these files: its DID."""
        self.client.add_dataset(self.scope, name)
        for batch in batches(dids):
            self.client.attach_dids(self.scope, name, batch)
        return {'scope': self.scope, 'name': name}
