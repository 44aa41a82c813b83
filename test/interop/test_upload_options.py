"""What `rucio upload` can be told: each option, datasets, directories, several files of which one fails."""
import json
from datetime import datetime, timedelta

import pytest

from conftest import adler32
from looking import eventually, same_bytes


@pytest.fixture
def make(tmp_path):
    """Makes local files: `make('a.root', 'dir/b.root')` gives their paths, each with bytes of its own."""

    def files(*names):
        paths = [tmp_path / name for name in names]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f'{path} '.encode() * 50)
        return paths

    return files


@pytest.fixture
def upload(scientist, desk, disks):
    return lambda *words, **how: scientist('upload', '--rse', disks[0], '--scope', desk, *words, **how)


@pytest.fixture
def states(client, desk):
    """The states of a file's copies by RSE."""

    def of(name):
        rows = list(client.list_replicas([{'scope': desk, 'name': name}], all_states=True))
        return rows[0]['states'] if rows else {}

    return of


@pytest.fixture
def rules(client, desk):
    return lambda name: list(client.list_did_rules(desk, name))


def test_a_lifetime_is_the_rules(upload, make, rules):
    upload('--lifetime', 3600, *make('lifetime.root'))
    [rule] = rules('lifetime.root')
    assert rule['expires_at'] - rule['created_at'] == timedelta(hours=1)
    assert rule['account'] == 'scientist'


def test_an_expiration_date_is_the_rules(upload, make, rules):
    date = datetime.utcnow().replace(microsecond=0) + timedelta(days=30)
    upload('--expiration-date', f'{date:%Y-%m-%d-%H:%M:%S}', *make('expiration.root'))
    assert abs(rules('expiration.root')[0]['expires_at'] - date) <= timedelta(seconds=2)


def test_a_guid_and_a_name_are_kept(upload, make, client, desk, states, disks):
    [path] = make('local-name.root')
    upload('--guid', '2E2232AA-FAC8-324D-B452-070304F8D745', '--lfn', '/grid/run1/logical-name.root', path)
    name = '/grid/run1/logical-name.root'
    assert states(name) == {disks[0]: 'AVAILABLE'}
    assert client.get_metadata(desk, name)['guid'] == '2e2232aafac8324db452070304f8d745'
    assert client.get_metadata(desk, name)['adler32'] == adler32(path)


def test_an_rse_expression_chooses_one_rse(scientist, make, desk, disks, states):
    expression = '|'.join(disks[1:])
    scientist('upload', '--rse', expression, '--scope', desk, *make('anywhere.root'))
    [rse] = states('anywhere.root')
    assert rse in disks[1:]


def test_a_scheme_and_a_time_limit_may_be_given(upload, make, states, disks):
    upload('--protocol', 'https', '--transfer-timeout', 60, *make('https.root'))
    assert states('https.root') == {disks[0]: 'AVAILABLE'}


def test_an_implementation_may_be_given(scientist, make, desk, disks, states):
    # The new command line refuses every name here: its list of choices is empty.
    scientist('--legacy', 'upload', '--rse', disks[0], '--scope', desk, '--impl', 'webdav.NoRename',
              *make('implementation.root'))
    assert states('implementation.root') == {disks[0]: 'AVAILABLE'}


def test_no_register_leaves_the_catalogue_alone(upload, make, states, rules, shelf, desk, disks, client):
    [path] = make('unregistered.root')
    upload('--no-register', path)
    assert shelf(disks[0], desk, path.name).read_bytes() == path.read_bytes()
    assert states(path.name) == {}
    # It may be registered later, or uploaded again as it should be.
    upload(path)
    assert states(path.name) == {disks[0]: 'AVAILABLE'}


def test_a_pfn_cannot_be_given_where_urls_are_signed(scientist, make, desk, disks, storages, states, places):
    [path] = make('exact.root')
    pfn = f'{storages[disks[0]]}/rucio/exactly/here.root'
    said = scientist('upload', '--rse', disks[0], '--scope', desk, '--pfn', pfn, path, code=None)
    # The client looks at the plain URL before anything else, and the storage refuses it.
    assert 'no_register is True' in said.text
    assert '403' in said.text
    assert not (places[disks[0]] / 'exactly').exists()
    assert states(path.name) == {}


def test_a_dataset_is_made_with_a_rule_and_then_added_to(upload, make, client, desk, rules, disks):
    first, second = make('in-dataset.1', 'in-dataset.2')
    upload('--lifetime', 3600, first, f'{desk}:made')
    upload(second, f'{desk}:made')
    assert {did['name'] for did in client.list_content(desk, 'made')} == {first.name, second.name}
    [rule] = rules('made')
    assert rule['expires_at'] - rule['created_at'] == timedelta(hours=1)
    eventually(lambda: [(r['state'], r['locks_ok_cnt']) for r in rules('made')] == [('OK', 2)])
    assert rules(first.name) == []


def test_the_lifetime_of_a_dataset_that_exists_is_not_changed(upload, make, client, desk, rules, states):
    client.add_dataset(desk, 'exists')
    [path] = make('too-late.root')
    said = upload('--lifetime', 3600, path, f'{desk}:exists', code=None)
    assert 'Prohibited to modify parent dataset lifetime' in said.text
    assert rules('exists') == []
    assert states(path.name) == {}


def test_a_closed_dataset_takes_nothing(upload, make, client, desk, states, disks):
    client.add_dataset(desk, 'closed')
    client.close(desk, 'closed')
    [path] = make('for-closed.root')
    said = upload(path, f'{desk}:closed', code=None)
    assert 'Failed to attach file to the dataset' in said.text
    assert list(client.list_content(desk, 'closed')) == []
    # The bytes are where they should be: what failed is the last step.
    assert states(path.name) == {disks[0]: 'AVAILABLE'}


def test_a_dataset_of_somebody_else_takes_nothing(upload, make, client, lake, states):
    client.add_dataset(lake.scope, 'not-yours')
    for dataset in ('not-yours', 'not-there-yet'):
        said = upload(*make('for-others.root'), f'{lake.scope}:{dataset}', code=None)
        assert 'You may not add DIDs in scope' in said.text
        assert states('for-others.root') == {}
    assert list(client.list_content(lake.scope, 'not-yours')) == []


def test_a_foreign_scope_takes_nothing(scientist, client, lake, disks, make, places):
    before = sorted(places[disks[0]].rglob('foreign.root'))
    said = scientist('upload', '--rse', disks[0], '--scope', lake.scope, *make('foreign.root'), code=None)
    assert 'denied' in said.text
    assert sorted(places[disks[0]].rglob('foreign.root')) == before


def test_directories_become_datasets_and_containers(upload, make, client, scientist, desk, tmp_path):
    paths = make('tree/runs/run1/a.root', 'tree/runs/run1/b.root', 'tree/runs/run2/c.root', 'tree/notes/d.root')
    upload('--recursive', tmp_path / 'tree')
    content = lambda name: {(did['name'], did['type']) for did in client.list_content(desk, name)}
    assert content('tree') == {('runs', 'CONTAINER'), ('notes', 'DATASET')}
    assert content('runs') == {('run1', 'DATASET'), ('run2', 'DATASET')}
    assert content('run1') == {('a.root', 'FILE'), ('b.root', 'FILE')}
    back = tmp_path / 'back'
    scientist('download', '--dir', back, f'{desk}:tree')
    same_bytes(back / 'tree', paths)


def test_a_directory_of_files_and_directories_is_refused_as_a_whole(upload, make, client, desk, tmp_path):
    make('mixed/one.root', 'mixed/inside/two.root')
    said = upload('--recursive', tmp_path / 'mixed', code=None)
    assert 'Invalid input folder structure' in said.text
    assert list(client.list_dids(desk, filters=[{'name': 'mixed'}], did_type='all')) == []


def test_the_others_arrive_where_one_fails(upload, make, desk, disks, states, client, shelf, tmp_path):
    good, taken, last = make('several/good.root', 'several/taken.root', 'several/last.root')
    upload(taken)
    said = upload('--summary', good, taken, last, f'{desk}:several', code=None, cwd=tmp_path)
    assert 'Not all of the given files have been uploaded' in said.text
    assert [states(path.name) for path in (good, taken, last)] == [{disks[0]: 'AVAILABLE'}] * 3
    assert set(json.loads((tmp_path / 'rucio_upload.json').read_text())) == {f'{desk}:good.root', f'{desk}:last.root'}
    assert {did['name'] for did in client.list_content(desk, 'several')} == {'good.root', 'last.root'}


def test_an_rse_that_takes_no_writes_is_told_at_once(scientist, client, make, desk, disks, states):
    client.update_rse(disks[1], {'availability_write': False})
    try:
        said = scientist('upload', '--rse', disks[1], '--scope', desk, *make('blocked.root'), code=None)
    finally:
        client.update_rse(disks[1], {'availability_write': True})
    assert 'not available for writing' in said.text
    assert states('blocked.root') == {}


def test_whoever_has_no_room_left_uploads_nothing(scientist, client, make, desk, disks, states, shelf):
    client.set_local_account_limit(scientist.account, disks[0], 0)
    try:
        said = scientist('upload', '--rse', disks[0], '--scope', desk, *make('no-room.root'), code=None)
    finally:
        client.set_local_account_limit(scientist.account, disks[0], 10**10)
    assert 'denied' in said.text
    assert states('no-room.root') == {}
    assert not shelf(disks[0], desk, 'no-room.root').exists()
