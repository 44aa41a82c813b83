"""What operators do beside rules: transfer limits, qualities of service, settings, whole exports."""
import pytest
from rucio.common.constants import TransferLimitDirection
from rucio.common.exception import AccessDenied, InvalidRSEExpression, RSENotFound


def limits_of(client, rse):
    return [limit for limit in client.list_transfer_limits() if limit['rse_expression'] == rse]


def test_a_transfer_limit_is_set_shown_and_taken_back(client, lake):
    client.set_transfer_limit(lake.disk, activity='Staging', max_transfers=5)
    client.set_transfer_limit(lake.disk, direction=TransferLimitDirection.SOURCE, max_transfers=7)
    by_direction = {limit['direction']: limit for limit in limits_of(client, lake.disk)}
    assert by_direction['DESTINATION']['max_transfers'] == 5
    assert by_direction['DESTINATION']['activity'] == 'Staging'
    assert by_direction['SOURCE']['max_transfers'] == 7
    client.delete_transfer_limit(lake.disk, activity='Staging')
    client.delete_transfer_limit(lake.disk, direction=TransferLimitDirection.SOURCE)
    assert limits_of(client, lake.disk) == []


def test_a_transfer_limit_needs_rses(client, lake):
    with pytest.raises(InvalidRSEExpression):
        client.set_transfer_limit(f'NO-SUCH-{lake.tag.upper()}', max_transfers=5)


def test_qualities_of_service_are_added_listed_and_removed(root, client, lake):
    root('rse', 'qos', 'add', lake.archive, '--policy', 'SAFE')
    root('rse', 'qos', 'add', lake.archive, '--policy', 'CHEAP')
    assert client.list_qos_policies(lake.archive) == ['CHEAP', 'SAFE']
    assert root('rse', 'qos', 'list', lake.archive).out.split()[-2:] == ['CHEAP', 'SAFE']
    root('rse', 'qos', 'remove', lake.archive, '--policy', 'SAFE')
    assert client.list_qos_policies(lake.archive) == ['CHEAP']


def test_a_secret_setting_is_not_shown_again(client, tag):
    client.set_config_option(f'broker-{tag}', 'password', 'hidden')
    client.set_config_option(f'broker-{tag}', 'host', 'mq.example.org')
    assert client.get_config(f'broker-{tag}') == {'host': 'mq.example.org', 'password': '***'}
    assert 'hidden' not in str(client.get_config())
    client.delete_config_option(f'broker-{tag}', 'password')
    client.delete_config_option(f'broker-{tag}', 'host')


def test_an_export_is_imported_again(client, lake):
    client.add_distance(lake.disk, lake.archive, {'distance': 4})
    document = client.export_data()
    assert document['rses'][lake.disk]['attributes'][lake.disk] is True
    assert document['distances'][lake.disk][lake.archive]['distance'] == 4
    again = f'{lake.disk}-AGAIN'
    copy = {**document['rses'][lake.disk], 'id': None}
    assert client.import_data({'rses': {again: copy}, 'distances': {again: {lake.disk: {'distance': 1}}}})
    assert client.get_rse(again)['protocols'] == client.get_rse(lake.disk)['protocols']
    assert client.get_distance(again, lake.disk)[0]['distance'] == 1
    client.delete_distance(lake.disk, lake.archive)
    client.delete_rse(again)
    with pytest.raises(RSENotFound):
        client.get_rse(again)


def test_locks_and_requests_of_a_rule_are_listed(client, lake):
    dataset = f'{lake.tag}.operators'
    client.add_dataset(lake.scope, dataset)
    name = f'{lake.tag}.operators.file'
    client.add_replica(lake.disk, lake.scope, name, 10, '00000001')
    client.attach_dids(lake.scope, dataset, [{'scope': lake.scope, 'name': name}])
    [rule] = client.add_replication_rule([{'scope': lake.scope, 'name': dataset}], 1, lake.archive)
    dids = [{'scope': lake.scope, 'name': dataset, 'type': 'dataset'}]
    for locks in (
        client.get_dataset_locks(lake.scope, dataset),
        [lock for lock in client.get_dataset_locks_by_rse(lake.archive) if lock['name'] == dataset],
        client.get_locks_for_dids(dids),
    ):
        [lock] = locks
        assert (lock['rse'], lock['rule_id'].replace('-', '')) == (lake.archive, rule)
    request = client.list_request_by_did(name, lake.archive, lake.scope)
    assert (request['name'], request['dest_rse']) == (name, lake.archive)
    assert request['attributes']['bytes'] == 10
    client.delete_replication_rule(rule)


def test_only_admins_see_and_set_limits(clients, client, lake):
    client.add_account(f'{lake.tag}-user', 'USER', None)
    client.add_identity(f'{lake.tag}-user', f'{lake.tag}-user', 'USERPASS', 'u@example.org', password='word')
    user = clients({'account': f'{lake.tag}-user', 'username': f'{lake.tag}-user', 'password': 'word'})
    for attempt in (
        lambda: list(user.list_transfer_limits()),
        lambda: user.set_transfer_limit(lake.disk, max_transfers=1),
        lambda: user.add_qos_policy(lake.disk, 'FAST'),
        user.export_data,
        lambda: user.import_data({'rses': {}}),
    ):
        with pytest.raises(AccessDenied):
            attempt()
