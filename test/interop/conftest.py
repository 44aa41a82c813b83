"""The server under judgement, the users that speak to it, and the files that they own.

SLUICE_INTEROP_DEMO names the demo.json of a demo that is kept running: everything is judged.
SLUICE_INTEROP_URL, …_USERNAME and …_PASSWORD name any other server of the Rucio REST API: its
catalogue is judged, and the stories that move bytes are skipped.
SLUICE_INTEROP_DATA is the directory of KM3NeT's test files.
"""
import json
import os
import random
import string
import zlib
from pathlib import Path
from urllib.parse import urlparse

import pytest

# What is asserted there is shown as in a test.
pytest.register_assert_rewrite('every.new_style', 'every.legacy', 'every.admin', 'looking')

from shell import Shell  # noqa: E402

DATA = Path(os.environ['SLUICE_INTEROP_DATA'])


@pytest.fixture(scope='session')
def server():
    """Where the server is and who may speak: the words of demo.json."""
    demo = os.environ.get('SLUICE_INTEROP_DEMO')
    if demo:
        return json.loads(Path(demo).read_text())
    url = os.environ['SLUICE_INTEROP_URL']
    return {
        'url': url,
        'authUrl': url,
        'account': 'root',
        'username': os.environ['SLUICE_INTEROP_USERNAME'],
        'password': os.environ['SLUICE_INTEROP_PASSWORD'],
        'storages': [],
    }


@pytest.fixture(scope='session')
def storages(server):
    """The RSEs whose storage really runs."""
    if not server['storages']:
        pytest.skip('this server has no storage of ours')
    return {storage['rse']: storage['url'] for storage in server['storages']}


@pytest.fixture(scope='session')
def shells(server, tmp_path_factory):
    """Opens a shell for an account; all are closed at the end."""
    opened = []

    def open_shell(account, username, password):
        home = tmp_path_factory.mktemp(account)
        opened.append(Shell(home, server, account, username, password))
        return opened[-1]

    yield open_shell
    for shell in opened:
        shell.close()


@pytest.fixture(scope='session')
def root(server, shells):
    return shells(server['account'], server['username'], server['password'])


@pytest.fixture(scope='session')
def scientist(server, storages, shells):
    """A user of the demo who is no admin."""
    user = server['scientist']
    return shells(user['account'], user['username'], user['password'])


@pytest.fixture(scope='session')
def clients(root, server):
    """Opens the Python client for whoever may speak: the words of demo.json."""
    os.environ.update({k: root.environment[k] for k in ('RUCIO_CONFIG', 'TMPDIR', 'HOME')})
    from rucio.client import Client

    return lambda user: Client(
        rucio_host=server['url'], auth_host=server['authUrl'], account=user['account'],
        auth_type='userpass', ca_cert=server.get('ca'),
        creds={'username': user['username'], 'password': user['password']},
    )


@pytest.fixture(scope='session')
def client(clients, server):
    """The Python client, as root."""
    return clients(server)


@pytest.fixture(scope='session')
def researcher(clients, server, storages):
    """The Python client of a user of the demo who is no admin."""
    return clients(server['scientist'])


@pytest.fixture(scope='session')
def tag():
    """A word of this session, so that the same server can be judged twice."""
    return ''.join(random.choices(string.ascii_lowercase, k=5))


@pytest.fixture(scope='session')
def disks(client, storages):
    """The disks among the storages, the scientist's first choice in front."""
    return sorted(rse for rse in storages if client.get_rse(rse)['rse_type'] == 'DISK')


@pytest.fixture(scope='session')
def desk(scientist, client, disks, tag):
    """The scientist with a scope of their own and room on every disk."""
    scope = f'user.{scientist.account}.{tag}'
    client.add_scope(scientist.account, scope)
    for rse in disks:
        client.set_local_account_limit(scientist.account, rse, 10**10)
    return scope


@pytest.fixture(scope='session')
def places(server, storages):
    """The directory of every RSE whose storage runs here: what stands below its protocol's prefix."""
    return {
        storage['rse']: Path(storage.get('dataDir') or f'{storage["root"]}/rucio')
        for storage in server['storages']
    }


@pytest.fixture(scope='session')
def shelf(client, places):
    """Where the bytes of a copy stand on disk: `shelf(rse, scope, name)`, as the server names it."""

    def at(rse, scope, name):
        [pfn] = client.lfns2pfns(rse, [f'{scope}:{name}']).values()
        prefix = next(each['prefix'] for each in client.get_protocols(rse) if pfn.startswith(each['scheme']))
        return places[rse] / urlparse(pfn).path.removeprefix(prefix)

    return at


@pytest.fixture(scope='session')
def lake(client, tag):
    """Two RSEs, a scope and three runs of KM3NeT: names, sizes and checksums, but no bytes."""
    return Lake(client, tag)


@pytest.fixture(scope='session')
def runs():
    """Real files of KM3NeT, by name."""
    return {path.name: path for path in sorted(DATA.iterdir())}


def adler32(path):
    """adler32 of a file as the catalogue writes it: eight hexadecimal digits."""
    return f'{zlib.adler32(Path(path).read_bytes()) & 0xFFFFFFFF:08x}'


# A name as long as KM3NeT's longest: 133 characters.
LONG_NAME = (
    'mcv6.2.gsg_muon-CCHEDIS-HE_100-5000GeV.km3sim.ORCA6_noise.jterbr00009684'
    '.jppmuon_aashower_dynamic.offline.v6.2.1.production.dst1.root'
)


class Lake:
    """What the stories about the catalogue are told on."""

    def __init__(self, client, tag):
        assert len(LONG_NAME) == 133
        self.tag = tag
        self.scope = f'interop-{tag}'
        self.disk = f'INTEROP-{tag.upper()}-DISK'
        self.archive = f'INTEROP-{tag.upper()}-ARCHIVE'
        self.run = 'KM3NeT_00000267_00025291'
        self.production = 'mc_v6.2_gsg_muon-CC'
        self.other = 'mc_v6.2_gsg_elec-NC'
        client.add_scope(client.account, self.scope)
        for rse in (self.disk, self.archive):
            client.add_rse(rse)
            client.add_protocol(rse, {
                'scheme': 'https', 'hostname': f'{rse.lower()}.example.org', 'port': 443,
                'prefix': '/data/', 'impl': 'rucio.rse.protocols.webdav.Default',
                'domains': {
                    'lan': {'read': 1, 'write': 1, 'delete': 1},
                    'wan': {'read': 1, 'write': 1, 'delete': 1,
                            'third_party_copy_read': 1, 'third_party_copy_write': 1},
                },
            })
            client.set_local_account_limit(client.account, rse, 10**15)
        self.files = [
            self.file(f'{self.run}_L1.root', 2268903, '0a1b2c3d', '2e2232aafac8324db452070304f8d745', 1500),
            self.file(f'{self.run}_SN.root', 681503, '00b2c3d4', '3e2232aafac8324db452070304f8d746', 500),
            self.file(LONG_NAME, 12345, '0c0ffee0', '4e2232aafac8324db452070304f8d747', 10),
        ]
        client.add_replicas(self.disk, self.files)
        for dataset, names in ((self.run, [0, 1]), (self.production, [2]), (self.other, [])):
            client.add_dataset(self.scope, dataset)
            children = [{'scope': self.scope, 'name': self.files[i]['name']} for i in names]
            if children:
                client.attach_dids(self.scope, dataset, children)
        client.set_metadata_bulk(self.scope, self.production, {
            'Production': 'TeV_low', 'NumberShowers': 2500, 'ParticleType': 'muon'})
        client.set_metadata_bulk(self.scope, self.other, {
            'Production': 'TeV_low', 'NumberShowers': 1500, 'ParticleType': 'electron'})

    def file(self, name, size, checksum, guid, events):
        return {'scope': self.scope, 'name': name, 'bytes': size, 'adler32': checksum,
                'meta': {'guid': guid, 'events': events}}

    def did(self, name):
        return f'{self.scope}:{name}'
