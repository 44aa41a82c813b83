"""Arguments of the Python client that no command line sends: what they do, as a real Rucio does it."""
import pytest
from rucio.common.exception import (
    DataIdentifierNotFound,
    DuplicateContent,
    FileConsistencyMismatch,
    InvalidRSEExpression,
    InvalidType,
    UnsupportedOperation,
)


@pytest.fixture(scope='module')
def known(lake):
    """The lake's runs as what may be attached."""
    return [{key: file[key] for key in ('scope', 'name', 'bytes', 'adler32')} for file in lake.files]


def names(rows):
    return sorted(row['name'] for row in rows)


def test_a_dataset_comes_with_all_that_it_is(client, lake, known):
    client.add_dataset(
        lake.scope, 'described-at-once', statuses={'monotonic': True}, meta={'project': 'KM3NeT', 'run_number': 7},
        rules=[{'account': client.account, 'copies': 1, 'rse_expression': lake.disk}],
        lifetime=3600, files=known[:2], rse=lake.disk)
    told = client.get_did(lake.scope, 'described-at-once', dynamic=True)
    assert (told['monotonic'], told['length'], told['open']) == (True, 2, True)
    assert told['expired_at'] is not None
    meta = client.get_metadata(lake.scope, 'described-at-once')
    assert (meta['project'], meta['run_number']) == ('KM3NeT', 7)
    assert [rule['state'] for rule in client.list_did_rules(lake.scope, 'described-at-once')] == ['OK']


def test_containers_come_many_at_a_time(client, lake):
    client.add_containers([{'scope': lake.scope, 'name': name} for name in ('upper', 'lower', 'beside')])
    client.add_datasets([{'scope': lake.scope, 'name': name} for name in ('leaf1', 'leaf2')])
    client.add_containers_to_container(lake.scope, 'upper', [{'scope': lake.scope, 'name': 'lower'}])
    client.add_datasets_to_container(lake.scope, 'lower', [{'scope': lake.scope, 'name': 'leaf1'}])
    client.add_datasets_to_containers(
        [{'scope': lake.scope, 'name': name, 'dids': [{'scope': lake.scope, 'name': 'leaf2'}]}
         for name in ('lower', 'beside')])
    client.add_containers_to_containers(
        [{'scope': lake.scope, 'name': 'upper', 'dids': [{'scope': lake.scope, 'name': 'beside'}]}])
    assert names(client.list_content(lake.scope, 'upper')) == ['beside', 'lower']
    assert names(client.list_content(lake.scope, 'lower')) == ['leaf1', 'leaf2']
    again = [{'scope': lake.scope, 'name': 'lower', 'dids': [{'scope': lake.scope, 'name': 'leaf1'}]}]
    with pytest.raises(DuplicateContent):
        client.attach_dids_to_dids(again)
    client.attach_dids_to_dids(again, ignore_duplicate=True)


def test_what_is_given_twice_is_attached_once(client, lake, known):
    client.add_dataset(lake.scope, 'attached-twice')
    client.attach_dids(lake.scope, 'attached-twice', [known[0], known[0]])
    client.attach_dids(lake.scope, 'attached-twice', [known[1], known[1]], rse=lake.disk)
    client.add_dataset(lake.scope, 'twice-new', files=[known[0], known[0]])
    assert names(client.list_files(lake.scope, 'attached-twice')) == sorted(file['name'] for file in known[:2])
    assert client.get_did(lake.scope, 'twice-new', dynamic=True)['length'] == 1
    with pytest.raises(FileConsistencyMismatch):
        client.attach_dids(lake.scope, 'attached-twice', [dict(known[2], bytes=1)])


def test_what_is_attached_with_an_rse_is_registered_there(client, lake):
    client.add_dataset(lake.scope, 'arriving')
    files = [{'scope': lake.scope, 'name': 'arrived', 'bytes': 3, 'adler32': '00000003', 'meta': {'events': 9}}]
    client.add_files_to_datasets([{'scope': lake.scope, 'name': 'arriving', 'dids': files, 'rse': lake.disk}])
    [row] = client.list_replicas([{'scope': lake.scope, 'name': 'arrived'}])
    assert list(row['states'].items()) == [(lake.disk, 'AVAILABLE')]
    assert client.get_metadata(lake.scope, 'arrived')['events'] == 9


def test_a_closed_collection_tells_its_size_and_its_events(client, lake):
    client.add_dataset(lake.scope, 'counted')
    client.attach_dids(lake.scope, 'counted', [
        {'scope': lake.scope, 'name': f'counted{at}', 'bytes': 10, 'adler32': '0000000a', 'meta': {'events': at}}
        for at in (4, 5)], rse=lake.disk)
    client.add_container(lake.scope, 'counting')
    client.attach_dids(lake.scope, 'counting', [{'scope': lake.scope, 'name': 'counted'}])
    assert client.get_metadata(lake.scope, 'counted')['events'] is None
    for collection in ('counted', 'counting'):
        client.close(lake.scope, collection)
        meta = client.get_metadata(lake.scope, collection)
        assert {key: meta[key] for key in ('length', 'bytes', 'events')} == {'length': 2, 'bytes': 20, 'events': 9}


@pytest.mark.parametrize('key, value', [('events', 7), ('guid', 'b' * 32)])
def test_what_only_files_have_is_said_of_files_only(client, lake, key, value):
    with pytest.raises(UnsupportedOperation):
        client.set_metadata(lake.scope, lake.other, key, value)
    with pytest.raises(DataIdentifierNotFound):
        client.set_metadata(lake.scope, 'nothing', key, value)


def test_a_name_from_near_and_far_is_told_once(client, lake):
    [row] = client.list_replicas([{'scope': lake.scope, 'name': lake.files[0]['name']}], domain='all')
    [pfns] = row['rses'].values()
    assert len(pfns) == 1
    assert [place['priority'] for place in row['pfns'].values()] == [1]


def test_bad_copies_are_named_with_their_rse(client, lake):
    with pytest.raises(InvalidType):
        client.declare_bad_file_replicas([{'scope': lake.scope, 'name': lake.files[0]['name']}], 'broken')


def test_a_move_says_what_is_wrong_with_the_new_rule(client, lake):
    [rule] = client.add_replication_rule([{'scope': lake.scope, 'name': lake.production}], 1, lake.disk)
    with pytest.raises(InvalidRSEExpression):
        client.move_replication_rule(rule, 'NOWHERE', override={})
    with pytest.raises(UnsupportedOperation):
        client.move_replication_rule(rule, lake.archive, override={'colour': 'red'})
    moved = client.move_replication_rule(rule, f'{lake.disk}|{lake.archive}', override={'activity': 'Staging'})
    assert client.get_replication_rule(moved)['activity'] == 'Staging'


def test_no_global_limit_is_a_limit_of_nothing(client, lake, tag):
    account = f'bare{tag}'
    client.add_account(account, 'USER', 'bare@example.org')
    [usage] = client.get_global_account_usage(account, lake.disk)
    assert (usage['rse_expression'], usage['bytes_limit'], usage['files']) == (lake.disk, 0, 0)


def test_a_member_is_available_where_its_archive_is(client, lake):
    client.add_replica(lake.disk, lake.scope, 'packed.zip', 100, '00000001')
    client.add_files_to_archive(lake.scope, 'packed.zip', [{'scope': lake.scope, 'name': 'member', 'bytes': 3}])
    [row] = client.list_replicas([{'scope': lake.scope, 'name': 'member'}])
    assert row['states'] == {lake.disk: 'AVAILABLE'}
    assert [place['domain'] for place in row['pfns'].values()] == ['zip']
    [alone] = client.list_replicas([{'scope': lake.scope, 'name': 'member'}], resolve_archives=False)
    assert (alone['states'], alone['pfns']) == ({}, {})
