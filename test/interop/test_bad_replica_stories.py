"""Bad, suspicious, resting, lost and dark replicas, by an operator at the official command line."""
import time
from datetime import datetime, timedelta, timezone

import pytest

WITHIN_SECONDS = 90


def eventually(true):
    """Asks again until it is true: the daemons work while we look."""
    until = time.monotonic() + WITHIN_SECONDS
    while not true():
        assert time.monotonic() < until, f'not within {WITHIN_SECONDS} s'
        time.sleep(0.5)


@pytest.fixture(scope='module')
def disks(client, storages):
    return sorted(rse for rse in storages if client.get_rse(rse)['rse_type'] == 'DISK')


@pytest.fixture(scope='module')
def scope(client, root, tag, disks):
    name = f'bad-{tag}'
    client.add_scope(root.account, name)
    return name


@pytest.fixture
def upload(root, scope, disks, tmp_path):
    """Uploads a file of this content to the first disk: its DID and its original."""
    def make(name, content):
        original = tmp_path / name
        original.write_text(content)
        root('upload', '--rse', disks[0], '--scope', scope, original)
        return f'{scope}:{name}', original

    return make


def states(client, did):
    scope, name = did.split(':')
    [row] = client.list_replicas([{'scope': scope, 'name': name}], all_states=True)
    return row['states']


def pfn(client, did, rse):
    scope, name = did.split(':')
    [row] = client.list_replicas([{'scope': scope, 'name': name}], all_states=True)
    return row['rses'][rse][0]


def two_copies(client, did, rses):
    scope, name = did.split(':')
    client.add_replication_rule([{'scope': scope, 'name': name}], len(rses), '|'.join(rses))
    eventually(lambda: states(client, did) == dict.fromkeys(rses, 'AVAILABLE'))


def test_a_bad_copy_is_replaced_from_another_one(root, client, upload, disks, tmp_path):
    did, original = upload('replaced.txt', 'events of a good run')
    two_copies(client, did, disks[:2])
    # With its signature, as a user sees it.
    said = root('replica', 'state', 'update', 'bad', pfn(client, did, disks[1]), '--reason', 'a broken disk')
    assert 'cannot be declared' not in said.text
    eventually(lambda: states(client, did) == dict.fromkeys(disks[:2], 'AVAILABLE'))
    root('download', '--rses', disks[1], '--no-subdir', '--dir', tmp_path / 'back', did)
    assert (tmp_path / 'back' / original.name).read_text() == original.read_text()


def test_a_name_at_an_rse_is_enough(root, client, scope, upload, disks, tmp_path):
    did, _ = upload('byname.txt', 'by name')
    two_copies(client, did, disks[:2])
    names = tmp_path / 'names'
    names.write_text('byname.txt\nno-such-file\n')
    said = root('replica', 'state', 'update', 'bad', names, '--lfn', '--scope', scope, '--rse', disks[1],
                '--reason', 'said so')
    assert f'{disks[1]} : replica cannot be declared: {scope}:no-such-file Unknown replica' in said.text
    eventually(lambda: states(client, did) == dict.fromkeys(disks[:2], 'AVAILABLE'))


def test_every_form_of_a_declaration_is_taken(client, upload, disks):
    did, _ = upload('old.txt', 'every form')
    scope, name = did.split(':')
    assert client.declare_bad_did_replicas(disks[0], [{'scope': scope, 'name': name}], 'x') == []
    assert client.declare_bad_file_replicas([{'scope': scope, 'name': name, 'rse': disks[0]}], 'x') == {
        disks[0]: [f'{did} Already declared']}
    assert client.declare_bad_file_replicas(
        [{'scope': scope, 'name': name, 'rse': disks[0]}], 'x', force=True) == {}


def test_a_user_may_not_declare_but_suspect(scientist, client, root, upload, disks):
    did, _ = upload('suspect.txt', 'slow to read')
    where = pfn(client, did, disks[0])
    refused = scientist.fails('replica', 'state', 'update', 'bad', where, '--reason', 'mine')
    assert 'declare replicas bad' in refused.text
    for _ in range(2):
        assert client.declare_suspicious_file_replicas([where], 'slow') == {}
    listed = root('replica', 'state', 'list', 'suspicious', '--rses', disks[0], '--n-attempts', '1')
    assert 'suspect.txt' in listed.out
    assert states(client, did) == {disks[0]: 'AVAILABLE'}
    far = root('replica', 'state', 'list', 'suspicious', '--younger-than', '2099-01-01T00:00:00')
    assert 'suspect.txt' not in far.out


def test_a_copy_rests_and_comes_back_by_itself(root, client, upload, disks):
    did, _ = upload('resting.txt', 'a tape robot sleeps')
    said = root('replica', 'state', 'update', 'unavailable', pfn(client, did, disks[0]), '--reason', 'asleep',
                '--duration', '5')
    assert '1 replicas successfully declared' in said.out
    assert states(client, did) == {disks[0]: 'TEMPORARY_UNAVAILABLE'}
    scope, name = did.split(':')
    [row] = client.list_replicas([{'scope': scope, 'name': name}])
    assert row['pfns'] == {}
    eventually(lambda: states(client, did) == {disks[0]: 'AVAILABLE'})


def test_nothing_rests_for_longer_than_thirty_days(client, upload, disks):
    from rucio.common.exception import InputValidationError

    did, _ = upload('forever.txt', 'asleep for ever')
    where = pfn(client, did, disks[0])
    until = (datetime.now(timezone.utc) + timedelta(days=31)).replace(tzinfo=None).isoformat()
    with pytest.raises(InputValidationError):
        client.add_bad_pfns([where], 'x', 'TEMPORARY_UNAVAILABLE', until)
    with pytest.raises(InputValidationError):
        client.add_bad_pfns([where], 'x', 'TEMPORARY_UNAVAILABLE', None)
    with pytest.raises(InputValidationError):
        client.add_bad_pfns([where], 'x', 'BAD', until)
    assert states(client, did) == {disks[0]: 'AVAILABLE'}


def test_a_file_whose_last_copy_is_bad_is_lost_and_says_so(root, client, scope, upload, disks, tmp_path):
    did, original = upload('lost.txt', 'the only copy')
    name = did.split(':')[1]
    client.add_dataset(scope, 'run')
    client.attach_dids(scope, 'run', [{'scope': scope, 'name': name}])
    [rule] = client.add_replication_rule([{'scope': scope, 'name': 'run'}], 1, disks[0])
    root('replica', 'state', 'update', 'bad', did, '--reason', 'the disk is gone')
    eventually(lambda: client.get_metadata(scope, name)['availability'] == 'LOST')
    eventually(lambda: client.get_replication_rule(rule)['state'] == 'STUCK')
    assert 'lost' in client.get_replication_rule(rule)['error']
    assert [file['name'] for file in client.list_files(scope, 'run')] == [name]
    vain = root('download', '--dir', tmp_path / 'none', did, code=None)
    assert f'No available source found for file: {did}' in vain.text
    client.add_dataset(scope, 'other')
    refused = root('did', 'content', 'add', did, '--to-did', f'{scope}:other', code=None)
    assert 'lost' in refused.text.lower()
    # Somebody has it still, and brings it back.
    root('upload', '--rse', disks[1], '--scope', scope, original)
    eventually(lambda: client.get_metadata(scope, name)['availability'] == 'AVAILABLE')
    eventually(lambda: client.get_replication_rule(rule)['state'] == 'OK')
    assert states(client, did)[disks[0]] == 'AVAILABLE'


def test_the_file_behind_a_physical_name_is_told(client, upload, disks):
    did, _ = upload('whose.txt', 'whose is this')
    where = pfn(client, did, disks[0])
    scope, name = did.split(':')
    assert list(client.get_did_from_pfns([where])) == [{where: {'scope': scope, 'name': name}}]
    assert list(client.get_did_from_pfns([where], disks[0])) == [{where: {'scope': scope, 'name': name}}]


def test_what_is_dark_is_quarantined(client, disks, tag):
    from rucio.common.exception import RSENotFound

    client.quarantine_replicas([{'path': f'/dark/{tag}/x'}], rse=disks[0])
    client.quarantine_replicas([{'path': f'/dark/{tag}/y'}], rse_id=client.get_rse(disks[0])['id'])
    with pytest.raises(RSENotFound):
        client.quarantine_replicas([{'path': 'x'}], rse='NO-SUCH-DISK')
