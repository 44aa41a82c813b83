"""Uploads that break off are taken up again by the same command: nothing is left over, nothing twice."""
import re

import pytest

from looking import eventually, lay_down, same_bytes

WHOLE = bytes(range(256)) * 400
REGISTERED_FIRST, REGISTERED_AFTER = [], ['--register-after-upload']
WAYS = pytest.mark.parametrize(
    'way', [REGISTERED_FIRST, REGISTERED_AFTER], ids=['registered-first', 'registered-after']
)


@pytest.fixture
def original(tmp_path, request):
    path = tmp_path / (re.sub('[^a-z]+', '-', request.node.name).strip('-') + '.root')
    path.write_bytes(WHOLE)
    return path


@pytest.fixture
def upload(desk, disks, original):
    """The words of one upload."""
    return ['upload', '--rse', disks[0], '--scope', desk, original]


@pytest.fixture
def stored(shelf, desk, disks, original):
    """Where its bytes are to stand."""
    return shelf(disks[0], desk, original.name)


@pytest.fixture
def ends_well(scientist, client, desk, disks, upload, stored, original, tmp_path):
    """Gives the command again: then everything is as if nothing had happened."""

    def again(*more, dataset=None):
        scientist(*upload, *more)
        assert stored.read_bytes() == WHOLE
        assert [path.name for path in stored.parent.iterdir() if original.name in path.name] == [original.name]
        [replica] = client.list_replicas([{'scope': desk, 'name': original.name}], all_states=True)
        assert replica['states'] == {disks[0]: 'AVAILABLE'}
        rules = lambda: client.list_did_rules(desk, dataset or original.name)
        eventually(lambda: [(rule['state'], rule['locks_ok_cnt']) for rule in rules()] == [('OK', 1)])
        scientist('download', '--dir', tmp_path / 'back', f'{desk}:{original.name}')
        same_bytes(tmp_path / 'back', [original])

    return again


@WAYS
def test_killed_while_it_sends(scientist, upload, way, stored, ends_well):
    scientist.killed('sending', *upload, *way)
    assert not stored.exists() or stored.stat().st_size < len(WHOLE)
    ends_well(*way)


@WAYS
def test_killed_while_it_sends_to_a_storage_that_keeps_the_half(scientist, upload, way, stored, ends_well):
    scientist.killed('sending', *upload, *way)
    lay_down(stored, WHOLE[:50_000])
    ends_well(*way)


@WAYS
def test_killed_when_it_has_sent_and_not_said_so(scientist, upload, way, stored, ends_well):
    scientist.killed('sent', *upload, *way)
    assert stored.read_bytes() == WHOLE
    ends_well(*way)


@WAYS
def test_killed_twice(scientist, upload, way, ends_well):
    scientist.killed('sent', *upload, *way)
    scientist.killed('sending', *upload, *way)
    ends_well(*way)


@WAYS
def test_killed_on_the_way_into_a_dataset(scientist, client, desk, upload, way, original, ends_well):
    dataset = f'{original.stem}.dataset'
    scientist.killed('sent', *upload, *way, f'{desk}:{dataset}')
    ends_well(*way, f'{desk}:{dataset}', dataset=dataset)
    assert [did['name'] for did in client.list_content(desk, dataset)] == [original.name]


def test_meanwhile_nobody_downloads_half_a_file(scientist, client, desk, upload, stored, original, tmp_path):
    scientist.killed('sending', *upload)
    lay_down(stored, WHOLE[:50_000])
    [replica] = client.list_replicas([{'scope': desk, 'name': original.name}])
    assert replica['pfns'] == {}
    scientist('download', '--dir', tmp_path / 'back', f'{desk}:{original.name}', code=None)
    assert list((tmp_path / 'back').rglob('*.root')) == []
