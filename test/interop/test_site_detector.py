"""A detector's run at real storages: a standing order spreads it, and in the end nothing is left of it."""
import json
import xml.etree.ElementTree as ElementTree

import pytest
from rucio.common.exception import DataIdentifierNotFound

from conftest import adler32
from looking import counted, eventually, same_bytes

RUN = 'KM3NeT_00000267_00025291'
SHORE, COPIES = 'SHORE-DISK', ('EU-DISK', 'NA-DISK')
METALINK = '{urn:ietf:params:xml:ns:metalink}'


@pytest.fixture(scope='module')
def online(server, storages, shells):
    """The online filter's shell."""
    user = server['filter']
    return shells(user['account'], user['username'], user['password'])


@pytest.fixture(scope='module')
def order(root, client, tag):
    """Two copies on tier-1 disks of everything raw in the run's scope: the order's name, and the scope."""
    scope, name = f'raw-{tag}', f'raw-data-{tag}'
    client.add_scope('online', scope)
    wanted = json.dumps({'scope': [scope], 'datatype': ['RAW'], 'did_type': ['DATASET']})
    rule = json.dumps([{'copies': 2, 'rse_expression': 'tier=1', 'activity': 'Data Consolidation'}])
    root('subscription', 'add', '--account', 'online', '--filter', wanted, '--rule', rule, name)
    return name, scope


@pytest.fixture(scope='module')
def taken(online, clients, server, order, runs):
    """The filter opens a dataset, writes the run to the shore, and closes it: its DID and its files."""
    _, scope = order
    files = list(runs.values())
    catalogue = clients(server['filter'])
    at_the_shore = {'account': 'online', 'copies': 1, 'rse_expression': SHORE, 'grouping': 'DATASET'}
    meta = {'datatype': 'RAW', 'run_number': 25291}
    catalogue.add_dataset(scope, RUN, meta=meta, rules=[at_the_shore])
    did = f'{scope}:{RUN}'
    online('upload', '--rse', SHORE, '--scope', scope, *files, did)
    online('did', 'update', '--close', did)
    return did, files


@pytest.fixture(scope='module')
def spread(client, order, taken):
    """The run, when the order's rule is OK."""
    name, _ = order
    _, files = taken

    def is_ok():
        rules = list(client.list_subscription_rules('online', name))
        return [(rule['state'], rule['locks_ok_cnt']) for rule in rules] == [('OK', 2 * len(files))]

    eventually(is_ok)
    return taken


def test_the_order_is_listed(root, order):
    name, scope = order
    listed = root('subscription', 'show', '--account', 'online', name).out
    assert scope in listed and 'tier=1' in listed


def test_the_order_brings_every_file_to_both_disks(spread, order, shelf):
    _, scope = order
    _, files = spread
    for rse in (SHORE, *COPIES):
        for path in files:
            assert shelf(rse, scope, path.name).read_bytes() == path.read_bytes()


def test_every_copy_has_the_checksum_of_the_original(spread, order, client):
    _, scope = order
    _, files = spread
    replicas = client.list_replicas([{'scope': scope, 'name': path.name} for path in files])
    seen = {row['name']: (row['adler32'], row['bytes'], set(row['states'].items())) for row in replicas}
    everywhere = {(rse, 'AVAILABLE') for rse in (SHORE, *COPIES)}
    assert seen == {path.name: (adler32(path), path.stat().st_size, everywhere) for path in files}


@pytest.mark.parametrize('rse', COPIES)
def test_each_disk_gives_the_run_back(spread, online, tmp_path, rse):
    did, files = spread
    download = counted(online('download', '--rses', rse, '--dir', tmp_path, did))
    assert download['Downloaded files'] == len(files)
    same_bytes(tmp_path, files)


def test_the_run_is_listed_as_metalink_and_downloaded_by_it(spread, online, tmp_path):
    did, files = spread
    listing = online('replica', 'list', 'file', '--metalink', did).out
    listed = ElementTree.fromstring(listing.strip().encode())
    told = {
        file.get('name'): (
            file.findtext(f'{METALINK}hash[@type="adler32"]'),
            {url.get('location') for url in file.iter(f'{METALINK}url')},
        )
        for file in listed.iter(f'{METALINK}file')
    }
    assert told == {path.name: (adler32(path), {SHORE, *COPIES}) for path in files}
    (tmp_path / 'run.meta4').write_text(listing.strip())
    online('download', '--metalink', tmp_path / 'run.meta4', '--dir', tmp_path / 'back')
    same_bytes(tmp_path / 'back', files)


def test_then_everything_expires_and_the_storages_are_empty(spread, client, places):
    did, _ = spread

    def left():
        return [path for place in places.values() for path in place.rglob('*') if path.is_file()]

    def is_erased():
        try:
            return not client.get_did(*did.split(':'))
        except DataIdentifierNotFound:
            return True

    assert left()
    client.set_metadata(*did.split(':'), 'lifetime', 1)
    # And what other stories left at this site.
    for rule in client.list_replication_rules():
        client.update_replication_rule(rule['id'], {'lifetime': 0})
    eventually(lambda: not left())
    assert list(client.list_replication_rules()) == []
    eventually(is_erased)
