"""`rucio-admin NOUN VERB`: a story for each command; its docstring is what was seen."""
import json

from . import new_style
from .ground import of, pairs

# Where the words behind the command are the same, the story is.
account_info = new_style.account_show
account_list_attributes = new_style.account_attribute_list
account_delete = new_style.account_remove
account_list_identities = new_style.account_identity_list
rse_delete = new_style.rse_remove
rse_info = new_style.rse_show
rse_add = new_style.rse_add
rse_get_attribute = new_style.rse_attribute_list
rse_get_distance = new_style.rse_distance_show
rse_delete_protocol = new_style.rse_protocol_remove
rse_add_protocol = new_style.rse_protocol_add
rse_list_qos_policies = new_style.rse_qos_list


def data_import(run, on):
    """an RSE with its attributes"""
    name = on.word().upper()
    data = {'rses': {**on.client.export_data()['rses'], name: {'rse_type': 'DISK', 'attributes': {'tier': '2'}}}}
    assert 'successfully imported' in run(on.path(json.dumps(data, default=str))).out
    assert on.client.list_rse_attributes(name)['tier'] == '2'


def data_export(run, on):
    """the RSEs with protocols and distances"""
    path = on.path('')
    assert 'successfully' in run(path).out
    data = json.loads(path.read_text())
    assert data['rses'][on.disk]['protocols'][0]['scheme'] == 'https'


def account_list(run, on):
    """the accounts of a type, by attribute"""
    name = on.account('SERVICE')
    on.client.add_account_attribute(name, 'team', name)
    assert name in run('--type', 'SERVICE').out.split()
    assert run('--filters', f'team={name}').out.split() == [name]


def account_add_attribute(run, on):
    """key and value"""
    name = on.account()
    run(name, '--key', 'institute', '--value', 'nikhef')
    assert on.attributes(name) == {'institute': 'nikhef'}


def account_delete_attribute(run, on):
    """the attribute is gone"""
    name = on.account()
    on.client.add_account_attribute(name, 'institute', 'nikhef')
    run(name, '--key', 'institute')
    assert on.attributes(name) == {}


def account_add(run, on):
    """an account of this type"""
    name = on.word()
    run(name, '--type', 'GROUP', '--email', on.email(name))
    assert on.client.get_account(name)['account_type'] == 'GROUP'


def account_set_limits(run, on):
    """a local and a global limit"""
    name = on.account()
    run(name, on.disk, '10GB')
    run(name, f'{on.disk}|{on.archive}', 'infinity', 'global')
    assert on.client.get_local_account_limits(name)[on.disk] == 10**10
    assert f'{on.disk}|{on.archive}' in on.client.get_global_account_limits(name)


def account_get_limits(run, on):
    """the limit"""
    name = on.account()
    on.client.set_local_account_limit(name, on.disk, 10**9)
    assert f'Quota on {on.disk} for {name} : 1.000 GB' in run(name, on.disk).out


def account_delete_limits(run, on):
    """the limit is gone"""
    name = on.account()
    on.client.set_local_account_limit(name, on.disk, 10**9)
    run(name, on.disk)
    assert on.client.get_local_account_limits(name) == {}


def account_ban(run, on):
    """the account is SUSPENDED"""
    name = on.account()
    run('--account', name)
    assert on.client.get_account(name)['status'] == 'SUSPENDED'


def account_unban(run, on):
    """the account is ACTIVE again"""
    name = on.account()
    on.client.update_account(name, 'status', 'SUSPENDED')
    run('--account', name)
    assert on.client.get_account(name)['status'] == 'ACTIVE'


def account_update(run, on):
    """another address"""
    name = on.account()
    run('--account', name, '--key', 'email', '--value', 'new@example.org')
    assert on.client.get_account(name)['email'] == 'new@example.org'


def identity_add(run, on):
    """a password"""
    name = on.account()
    run('--account', name, '--type', 'USERPASS', '--id', name, '--email', on.email(name), '--password', 'a good one')
    assert [row['type'] for row in on.client.list_identities(name)] == ['USERPASS']


def identity_delete(run, on):
    """the identity is gone"""
    name = on.identity(on.account())
    run('--account', name, '--type', 'USERPASS', '--id', name)
    assert list(on.client.list_identities(name)) == []


def rse_list(run, on):
    """all of them"""
    assert {on.disk, on.archive} <= set(run().out.split())


def rse_update(run, on):
    """a setting"""
    name = on.rse()
    run('--rse', name, '--setting', 'rse_type', '--value', 'TAPE')
    assert on.client.get_rse(name)['rse_type'] == 'TAPE'


def rse_set_attribute(run, on):
    """key and value"""
    name = on.rse()
    run('--rse', name, '--key', 'tier', '--value', '2')
    assert on.client.list_rse_attributes(name)['tier'] == '2'


def rse_delete_attribute(run, on):
    """the attribute is gone"""
    name = on.rse()
    on.client.add_rse_attribute(name, 'tier', '2')
    run('--rse', name, '--key', 'tier', '--value', '2')
    assert 'tier' not in on.client.list_rse_attributes(name)


def rse_add_distance(run, on):
    """the distance"""
    one, other = on.rse(), on.rse()
    run(one, other, '--distance', '3')
    assert on.distance(one, other) == 3


def rse_update_distance(run, on):
    """another distance"""
    one, other = on.rse(), on.rse()
    on.client.add_distance(one, other, {'distance': 3})
    run(one, other, '--distance', '4')
    assert on.distance(one, other) == 4


def rse_delete_distance(run, on):
    """the distance is gone"""
    one, other = on.rse(), on.rse()
    on.client.add_distance(one, other, {'distance': 3})
    run(one, other)
    assert on.distance(one, other) is None


def rse_add_qos_policy(run, on):
    """a policy"""
    name = on.rse()
    run(name, 'SSD')
    assert on.client.list_qos_policies(name) == ['SSD']


def rse_delete_qos_policy(run, on):
    """the policy is gone"""
    name = on.rse()
    on.client.add_qos_policy(name, 'SSD')
    run(name, 'SSD')
    assert on.client.list_qos_policies(name) == []


def rse_set_limit(run, on):
    """the limit"""
    name = on.rse()
    run(name, 'MinFreeSpace', '1000')
    assert on.client.get_rse_limits(name) == {'MinFreeSpace': 1000}


def rse_delete_limit(run, on):
    """the limit is gone"""
    name = on.rse()
    on.client.set_rse_limits(name, 'MinFreeSpace', 1000)
    run(name, 'MinFreeSpace')
    assert on.client.get_rse_limits(name) == {}


def scope_add(run, on):
    """a scope of an account"""
    scope, name = on.word(), on.account()
    run('--account', name, '--scope', scope)
    assert on.client.list_scopes_for_account(name) == [scope]


scope_list = new_style.scope_list


def config_get(run, on):
    """an option of a section"""
    key = on.word()
    on.client.set_config_option('every', key, 'sea')
    assert f'{key}=sea' in run('--section', 'every', '--option', key).out
    assert f'{key}=sea' in run().out


def config_set(run, on):
    """the option has the value"""
    key = on.word()
    run('--section', 'every', '--option', key, '--value', 'sea')
    assert on.client.get_config('every', key) == 'sea'


def config_delete(run, on):
    """the option is gone"""
    key = on.word()
    on.client.set_config_option('every', key, 'sea')
    on.client.set_config_option('every', 'other', 'sky')
    run('--section', 'every', '--option', key)
    assert key not in on.client.get_config('every')


def subscription_add(run, on):
    """filter and rules"""
    name, (chosen, rules) = on.word(), on.standing_order()
    run(name, chosen, rules, 'every word', '--priority', '2')
    assert on.subscribed(name)['replication_rules'] == json.loads(rules)


def subscription_list(run, on):
    """all of an account, and one"""
    name = on.subscription()
    assert name in run('--account', on.client.account).out
    assert pairs(run('--long', name))['state'] == 'ACTIVE'


def subscription_update(run, on):
    """another filter"""
    name, (chosen, rules) = on.subscription(), on.standing_order('KM3NeT_*')
    run(name, chosen, rules, 'new', '--lifetime', '30')
    assert on.subscribed(name)['filter']['pattern'] == 'KM3NeT_*'


subscription_reevaluate = new_style.subscription_touch


def replicas_quarantine(run, on):
    """paths by name and from a list"""
    run('--rse', on.disk, '/data/every/lost.1.root')
    run('--rse', on.disk, '--paths', on.path('/data/every/lost.2.root\n'))


def replicas_declare_bad(run, on):
    """a copy by its PFN, another by its DID, a list of names"""
    first, second, third = on.file(), on.file(), on.file()
    run('--reason', 'broken', on.copy(first)[0])
    run('--reason', 'broken', second)
    run('--reason', 'broken', '--lfns', on.path(of(third)[1]), '--scope', on.scope, '--rse', on.disk)
    assert [on.copy(did)[1] for did in (first, second, third)] == ['BAD'] * 3


def replicas_declare_temporary_unavailable(run, on):
    """the copy is TEMPORARY_UNAVAILABLE"""
    did = on.file()
    run('--reason', 'downtime', '--duration', '3600', on.copy(did)[0])
    assert on.copy(did)[1] == 'TEMPORARY_UNAVAILABLE'


def replicas_list_pfns(run, on):
    """the name of a copy, and the one that it would have elsewhere"""
    did = on.file()
    assert run(did, on.disk, 'https').out.split() == [on.copy(did)[0]]
    assert on.archive.lower() in run(did, on.archive, 'https').out


replicas_set_tombstone = new_style.replica_remove
