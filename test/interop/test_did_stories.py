"""Names by the Python client: what is in what, states, archives, samples, what comes back."""
import pytest
from rucio.common.exception import (
    DataIdentifierAlreadyExists, DataIdentifierNotFound, DuplicateContent, FileAlreadyExists,
    FileConsistencyMismatch, UnsupportedOperation,
)


def named(lake, *names):
    return [{'scope': lake.scope, 'name': name} for name in names]


def names(rows):
    return sorted(row['name'] for row in rows)


@pytest.fixture(scope='module')
def pile(client, lake):
    """Six files of 100 bytes: their names."""
    files = [f'pile-{at}.root' for at in range(6)]
    client.add_replicas(lake.disk, [
        {'scope': lake.scope, 'name': name, 'bytes': 100, 'adler32': '00000001'} for name in files])
    return files


def test_many_datasets_are_added_with_content_metadata_and_rules_at_once(client, lake, pile):
    rule = {'account': client.account, 'copies': 1, 'rse_expression': lake.archive}
    client.add_datasets([
        {'scope': lake.scope, 'name': f'many-{at}', 'dids': named(lake, pile[at], pile[5]),
         'meta': {'run_number': at}, 'rules': [rule], 'lifetime': 86400}
        for at in range(3)
    ])
    for at in range(3):
        assert names(client.list_content(lake.scope, f'many-{at}')) == sorted([pile[at], pile[5]])
        [added] = client.list_did_rules(lake.scope, f'many-{at}')
        assert (added['rse_expression'], added['locks_replicating_cnt']) == (lake.archive, 2)
        assert client.get_metadata(lake.scope, f'many-{at}')['run_number'] == at
    with pytest.raises(DataIdentifierAlreadyExists):
        client.add_datasets(named(lake, 'many-new', 'many-0'))
    with pytest.raises(DataIdentifierNotFound):
        client.get_did(lake.scope, 'many-new')


def test_what_attaches_to_what(client, lake, pile):
    for name in ('rules-ds1', 'rules-ds2'):
        client.add_dataset(lake.scope, name)
    for name in ('rules-c1', 'rules-c2'):
        client.add_container(lake.scope, name)
    attach = lambda parent, *children: client.attach_dids(lake.scope, parent, named(lake, *children))
    attach('rules-ds1', pile[0])
    attach('rules-c1', 'rules-ds1')
    attach('rules-c2', 'rules-c1')
    for parent, child, fact in (
        ('rules-ds1', pile[0], FileAlreadyExists),
        ('rules-ds1', 'rules-ds2', UnsupportedOperation),
        ('rules-c1', 'rules-ds1', DuplicateContent),
        ('rules-c1', pile[1], UnsupportedOperation),
        ('rules-c1', 'rules-c2', UnsupportedOperation),
        ('rules-c1', 'rules-c1', UnsupportedOperation),
        ('rules-ds1', 'rules-none', DataIdentifierNotFound),
        ('rules-none', pile[0], DataIdentifierNotFound),
        (pile[0], pile[1], UnsupportedOperation),
    ):
        with pytest.raises(fact):
            attach(parent, child)
    with pytest.raises(UnsupportedOperation):
        attach('rules-c2', 'rules-ds2', 'rules-c1')
    with pytest.raises(FileConsistencyMismatch):
        client.attach_dids(lake.scope, 'rules-ds2', [{**named(lake, pile[1])[0], 'bytes': 99}])
    client.add_files_to_datasets([
        {'scope': lake.scope, 'name': name, 'dids': named(lake, pile[0], pile[1])}
        for name in ('rules-ds1', 'rules-ds2')
    ], ignore_duplicate=True)
    assert names(client.list_files(lake.scope, 'rules-c2')) == sorted(pile[:2])
    assert {'rules-ds1', 'rules-ds2'} <= set(names(client.list_parent_dids(lake.scope, pile[1])))
    below = [(row['level'], row['name']) for row in client.scope_list(lake.scope, 'rules-c2', recursive=True)]
    assert below == [(1, 'rules-c1'), (2, 'rules-ds1'), (3, pile[0]), (3, pile[1])]
    by_parent = {(row['parent_name'], row['name'])
                 for row in client.bulk_list_files(named(lake, 'rules-ds1', 'rules-c2', 'rules-none'))}
    assert by_parent == {(parent, name) for parent in ('rules-ds1', 'rules-c2') for name in pile[:2]}


def test_a_closed_dataset_keeps_its_size_and_a_container_has_that_of_what_is_below(client, lake, pile):
    client.add_dataset(lake.scope, 'state-ds', statuses={'monotonic': True}, files=named(lake, *pile[:2]))
    client.add_container(lake.scope, 'state-c')
    client.attach_dids(lake.scope, 'state-c', named(lake, 'state-ds'))
    shown = client.get_did(lake.scope, 'state-c', dynamic_depth='FILE')
    assert (shown['length'], shown['bytes'], shown['open']) == (2, 200, True)
    for name in ('state-ds', 'state-c'):
        client.close(lake.scope, name)
        shown = client.get_did(lake.scope, name)
        assert (shown['length'], shown['bytes'], shown['open']) == (2, 200, False)
        with pytest.raises(UnsupportedOperation):
            client.close(lake.scope, name)
    assert client.get_did(lake.scope, 'state-ds')['monotonic'] is True
    with pytest.raises(UnsupportedOperation):
        client.attach_dids(lake.scope, 'state-ds', named(lake, pile[2]))
    client.set_status(lake.scope, 'state-ds', open=True)
    client.attach_dids(lake.scope, 'state-ds', named(lake, pile[2]))
    assert client.get_did(lake.scope, 'state-ds')['bytes'] == 300


def test_what_was_detached_is_in_the_history(client, lake, pile):
    client.add_dataset(lake.scope, 'past', files=named(lake, *pile[:3]))
    client.detach_dids(lake.scope, 'past', named(lake, pile[1]))
    [former] = client.list_content_history(lake.scope, 'past')
    assert (former['name'], former['type'], former['bytes']) == (pile[1], 'FILE', 100)
    assert former['deleted_at'] >= former['created_at']
    with pytest.raises(DataIdentifierNotFound):
        client.detach_dids(lake.scope, 'past', named(lake, pile[1]))


def test_an_archive_makes_its_members_and_lists_them(client, lake, pile):
    archive = {'scope': lake.scope, 'name': 'pack.tar.gz', 'bytes': 1000, 'adler32': '0000000a'}
    client.add_replicas(lake.disk, [archive])
    guid = '5e2232aafac8324db452070304f8d748'
    member = {'scope': lake.scope, 'name': 'member.root', 'bytes': 7, 'adler32': '00000007',
              'meta': {'guid': guid, 'detector': 'ARCA'}}
    client.add_files_to_archive(lake.scope, 'pack.tar.gz', [member, *named(lake, pile[0])])
    assert names(client.list_archive_content(lake.scope, 'pack.tar.gz')) == ['member.root', pile[0]]
    meta = client.get_metadata(lake.scope, 'member.root', plugin='ALL')
    assert (meta['guid'], meta['constituent'], meta['detector']) == (guid, True, 'ARCA')
    assert client.get_metadata(lake.scope, 'pack.tar.gz')['is_archive'] is True
    assert list(client.list_archive_content(lake.scope, pile[1])) == []
    client.add_dataset(lake.scope, 'of-members', files=named(lake, 'member.root'))
    assert names(client.get_dataset_by_guid(guid)) == ['of-members']


def test_a_sample_is_a_dataset_of_some_files_of_another(client, lake, pile):
    client.add_dataset(lake.scope, 'whole', files=named(lake, *pile))
    client.create_did_sample(lake.scope, 'whole', lake.scope, 'part', 4)
    part = names(client.list_files(lake.scope, 'part'))
    assert len(set(part)) == 4 and set(part) <= set(pile)
    with pytest.raises(DataIdentifierAlreadyExists):
        client.create_did_sample(lake.scope, 'whole', lake.scope, 'part', 4)


def test_what_has_expired_is_brought_back(client, lake, pile):
    client.add_dataset(lake.scope, 'brief', lifetime=-1, files=named(lake, pile[0]), meta={'detector': 'ORCA'})
    client.resurrect(named(lake, 'brief'))
    assert client.get_did(lake.scope, 'brief')['expired_at'] is None
    assert names(client.list_content(lake.scope, 'brief')) == [pile[0]]
    assert client.get_metadata(lake.scope, 'brief', plugin='JSON') == {'detector': 'ORCA'}
    with pytest.raises(DataIdentifierNotFound):
        client.resurrect(named(lake, 'never-was'))


def test_a_search_goes_below_what_it_finds(client, lake, pile):
    client.add_dataset(lake.scope, 'deep-ds', files=named(lake, *pile[:2]), meta={'project': 'km3'})
    client.add_container(lake.scope, 'deep-c')
    client.attach_dids(lake.scope, 'deep-c', named(lake, 'deep-ds'))
    found = client.list_dids(lake.scope, [{'name': 'deep-c'}], did_type='all', recursive=True)
    assert sorted(found) == sorted(['deep-c', 'deep-ds', *pile[:2]])
    found = client.list_dids(lake.scope, [{'name': 'deep*', 'project': 'km3', 'length.gt': '1'}], long=True)
    assert list(found) == [
        {'scope': lake.scope, 'name': 'deep-ds', 'did_type': 'DATASET', 'bytes': 200, 'length': 2}]
