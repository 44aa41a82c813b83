"""Arguments for operators and listings that no command line sends: what they do, as a real Rucio does it."""
from datetime import datetime

import pytest
from rucio.common.exception import (
    AccountNotFound,
    ConfigNotFound,
    Duplicate,
    IdentityError,
    InvalidPath,
    ReplicaNotFound,
    RSENotFound,
    RSEProtocolNotSupported,
    RuleNotFound,
)


@pytest.fixture(scope='module')
def person(client, tag):
    account = f'clerk{tag}'
    client.add_account(account, 'USER', 'clerk@example.org')
    return account


def first(lake):
    return [{'scope': lake.scope, 'name': lake.files[0]['name']}]


def test_an_identity_comes_and_goes(client, person):
    client.add_identity(person, 'CN=clerk', 'X509', 'clerk@example.org', default=True)
    assert [each['identity'] for each in client.list_identities(person)] == ['CN=clerk']
    client.del_identity(person, 'CN=clerk', 'X509')
    with pytest.raises(IdentityError):
        client.del_identity(person, 'CN=clerk', 'X509')


def test_limits_say_where_they_hold(client, lake, person):
    both = f'{lake.disk}|{lake.archive}'
    client.set_account_limit(person, lake.disk, 1000, 'local')
    client.set_account_limit(person, both, 2000, 'global')
    assert client.get_account_limits(person, lake.disk, 'local') == {lake.disk: 1000}
    assert client.get_global_account_limit(person, both)[both] == 2000
    [usage] = client.get_local_account_usage(person, lake.disk)
    assert (usage['bytes_limit'], usage['bytes_remaining']) == (1000, 1000)
    client.delete_account_limit(person, lake.disk, 'local')
    client.delete_global_account_limit(person, both)
    assert client.get_local_account_limits(person) == {}


def test_accounts_are_found_by_what_they_are(client, person):
    assert [each['account'] for each in client.list_accounts(filters={'account': person})] == [person]
    assert person in [each['account'] for each in client.list_accounts(account_type='USER')]
    client.delete_account(person)
    with pytest.raises(AccountNotFound):
        client.update_account('nobody', 'email', 'x@example.org')


def test_copies_are_listed_as_asked(client, lake):
    def rows(**asked):
        return list(client.list_replicas(first(lake), **asked))

    assert list(rows(schemes=['https'])[0]['rses']) == [lake.disk]
    assert rows(schemes=['srm'])[0]['rses'] == {}
    assert rows(rse_expression=lake.archive)[0]['rses'] == {}
    assert list(rows(updated_after=datetime(2001, 1, 1))[0]['rses']) == [lake.disk]
    assert rows(client_location={'ip': '192.0.2.1', 'fqdn': 'here.example', 'site': 'HERE'}, sort='random')
    assert len(list(client.list_replicas([{'scope': lake.scope, 'name': lake.run}], nrandom=1))) == 1
    [row] = rows(all_states=True, resolve_parents=True, ignore_availability=False, signature_lifetime=60)
    assert row['states'] == {lake.disk: 'AVAILABLE'} and lake.did(lake.run) in row['parents']


def test_a_copy_is_where_its_rse_says(client, lake):
    with pytest.raises(InvalidPath):
        client.add_replica(lake.disk, lake.scope, 'astray', 1, '00000001', pfn='https://elsewhere.example/astray')
    client.add_replica(lake.disk, lake.scope, 'home', 1, '00000001', md5='d' * 32, meta={'lumiblocknr': 2})
    assert client.get_metadata(lake.scope, 'home')['lumiblocknr'] == 2
    client.set_tombstone([{'scope': lake.scope, 'name': 'home', 'rse': lake.disk}])
    with pytest.raises(ReplicaNotFound):
        client.set_tombstone([{'scope': lake.scope, 'name': 'nothing', 'rse': lake.disk}])


def test_datasets_are_told_rse_by_rse(client, lake):
    name = {'scope': lake.scope, 'name': lake.run}
    [deep] = client.list_dataset_replicas(lake.scope, lake.run, deep=True)
    assert (deep['rse'], deep['length'], deep['state']) == (lake.disk, 2, 'AVAILABLE')
    assert list(client.list_dataset_replicas_bulk([{'scope': lake.scope, 'name': 'nothing'}])) == []
    with pytest.raises(RSENotFound):
        list(client.list_datasets_per_rse('NOWHERE'))
    # In brackets: another story may hold the same on the same RSE.
    [rule] = client.add_replication_rule([name], 1, f'({lake.disk})', comment='held', meta='{"why": 1}', priority=4)
    assert {(lock['name'], lock['state']) for lock in client.list_replica_locks(rule)} == {
        (file['name'], 'OK') for file in lake.files[:2]}
    assert {lock['rse'] for lock in client.get_locks_for_dids([dict(name, type='dataset')])} == {lake.disk}
    assert client.examine_replication_rule(rule)['transfers'] == []
    with pytest.raises(RuleNotFound):
        client.approve_replication_rule('0' * 32)


def test_protocols_are_found_changed_swapped_and_removed(client, lake, tag):
    rse = f'ARGUED-{tag.upper()}'
    client.add_rse(rse, deterministic=True, volatile=False, city='Marseille', continent='EU', rse_type='DISK')
    for scheme, port in (('https', 443), ('root', 1094)):
        client.add_protocol(rse, {
            'scheme': scheme, 'hostname': 'argued.example.org', 'port': port, 'prefix': '//data/',
            'impl': 'rucio.rse.protocols.gfal.Default', 'domains': {'wan': {'read': 1 if scheme == 'https' else 2}}})

    def order():
        told = client.get_protocols(rse, protocol_domain='wan', operation='read')
        return {each['scheme']: each['domains']['wan']['read'] for each in told}

    assert order() == {'https': 1, 'root': 2}
    client.swap_protocols(rse, 'wan', 'read', 'https', 'root')
    assert order() == {'https': 2, 'root': 1}
    client.update_protocols(rse, 'root', {'prefix': '//new/'}, 'argued.example.org', 1094)
    [pfn] = client.lfns2pfns(rse, ['any:file'], protocol_domain='wan', operation='read', scheme='root').values()
    assert pfn.startswith('root://argued.example.org:1094//new/')
    client.delete_protocols(rse, 'root', 'argued.example.org', 1094)
    with pytest.raises(RSEProtocolNotSupported):
        client.delete_protocols(rse, 'root')


def test_what_an_rse_has_and_may_have_is_told(client, lake):
    client.set_rse_usage(lake.archive, 'storage', 100, 50, files=3)
    [usage] = client.get_rse_usage(lake.archive, filters={'source': 'storage'})
    assert (usage['used'], usage['free'], usage['total'], usage['files']) == (100, 50, 150, 3)
    client.set_rse_limits(lake.archive, 'MinFreeSpace', 10)
    client.delete_rse_limits(lake.archive, 'MinFreeSpace')
    assert 'MinFreeSpace' not in client.get_rse_limits(lake.archive)
    client.add_distance(lake.disk, lake.archive, {'distance': 5}, bidirectional=True)
    client.update_distance(lake.disk, lake.archive, {'distance': 7}, bidirectional=True)
    assert [each['distance'] for each in client.get_distance(lake.archive, lake.disk)] == [7]
    client.delete_distance(lake.disk, lake.archive, bidirectional=True)
    assert client.get_distance(lake.archive, lake.disk) == []


def test_settings_come_by_path_or_by_body(client, tag):
    section = f'argued{tag}'
    client.set_config_option(section, 'by_body', 'a/b')
    client.set_config_option(section, 'by_path', 'c', use_body_for_params=False)
    assert client.get_config(section) == {'by_body': 'a/b', 'by_path': 'c'}
    client.delete_config_section(section)
    with pytest.raises(ConfigNotFound):
        client.get_config(section)


def test_a_key_takes_its_values(client, tag):
    key = f'argued{tag}'
    client.add_key(key, 'ALL')
    client.add_value(key, 'first')
    assert client.list_values(key) == ['first'] and key in client.list_keys()
    with pytest.raises(Duplicate):
        client.add_value(key, 'first')
