"""`rucio NOUN VERB`: a function for each command; its docstring is what was seen."""
import json

from looking import counted, eventually, same_bytes

from .ground import NOWHERE, of, pairs, words


def ping(run, on):
    """the server's version"""
    assert run().out.strip()[0].isdigit()


def whoami(run, on):
    """the account of the token"""
    assert pairs(run())['account'] == on.client.account


def account_add(run, on):
    """an account of this type"""
    name = on.word()
    run(name, 'SERVICE', '--email', on.email(name))
    assert on.client.get_account(name)['account_type'] == 'SERVICE'


def account_list(run, on):
    """the accounts of a type"""
    name = on.account('SERVICE')
    assert name in run('--type', 'SERVICE').out.split()


def account_show(run, on):
    """type and status"""
    shown = pairs(run(on.account('GROUP')))
    assert (shown['account_type'], shown['status']) == ('GROUP', 'ACTIVE')


def account_remove(run, on):
    """the account is DELETED"""
    name = on.account()
    run(name)
    assert on.client.get_account(name)['status'] == 'DELETED'


def account_update(run, on):
    """banned, unbanned, another address"""
    name = on.account()
    run(name, '--ban')
    assert on.client.get_account(name)['status'] == 'SUSPENDED'
    run(name, '--unban')
    run(name, '--email', 'new@example.org')
    shown = on.client.get_account(name)
    assert (shown['status'], shown['email']) == ('ACTIVE', 'new@example.org')


def account_attribute_list(run, on):
    """key and value"""
    name = on.account()
    on.client.add_account_attribute(name, 'institute', 'nikhef')
    assert ('institute', 'nikhef') in run(name).rows()


def account_attribute_set(run, on):
    """set, and set again"""
    name = on.account()
    run(name, '--key', 'institute', '--value', 'nikhef')
    run(name, '--key', 'institute', '--value', 'cppm')
    assert on.attributes(name) == {'institute': 'cppm'}


def account_attribute_unset(run, on):
    """the attribute is gone"""
    name = on.account()
    on.client.add_account_attribute(name, 'institute', 'nikhef')
    run(name, '--key', 'institute')
    assert on.attributes(name) == {}


def account_limit_list(run, on):
    """use, limit and what is left"""
    name = on.account()
    on.client.set_local_account_limit(name, on.disk, 10**9)
    assert (on.disk, '0.000 B', '1.000 GB', '1.000 GB') in run(name).rows()


def account_limit_set(run, on):
    """a local and a global limit"""
    name = on.account()
    run(name, '--rse', on.disk, '--bytes', '10GB')
    run(name, '--rse', f'{on.disk}|{on.archive}', '--bytes', 'infinity', '--locality', 'global')
    assert on.client.get_local_account_limits(name)[on.disk] == 10**10
    assert f'{on.disk}|{on.archive}' in on.client.get_global_account_limits(name)


def account_limit_unset(run, on):
    """the limit is gone"""
    name = on.account()
    on.client.set_local_account_limit(name, on.disk, 10**9)
    run(name, '--rse', on.disk)
    assert on.client.get_local_account_limits(name) == {}


def account_identity_list(run, on):
    """identity and type"""
    name = on.identity(on.account())
    assert f'Identity: {name},\ttype: USERPASS' in run(name).out


def account_identity_add(run, on):
    """a password"""
    name = on.account()
    run(name, '--type', 'USERPASS', '--id', name, '--email', on.email(name), '--password', 'a good one')
    assert [row['type'] for row in on.client.list_identities(name)] == ['USERPASS']


def account_identity_remove(run, on):
    """the identity is gone"""
    name = on.identity(on.account())
    run(name, '--type', 'USERPASS', '--id', name)
    assert list(on.client.list_identities(name)) == []


def config_list(run, on):
    """an option of a section"""
    key = on.word()
    on.client.set_config_option('every', key, 'sea')
    assert f'{key}=sea' in run('--section', 'every', '--key', key).out
    assert f'{key}=sea' in run().out


def config_set(run, on):
    """the option has the value"""
    key = on.word()
    run('--section', 'every', '--key', key, '--value', 'sea')
    assert on.client.get_config('every', key) == 'sea'


def config_unset(run, on):
    """the option is gone"""
    key = on.word()
    on.client.set_config_option('every', key, 'sea')
    on.client.set_config_option('every', 'other', 'sky')
    run('--section', 'every', '--key', key)
    assert key not in on.client.get_config('every')


def did_list(run, on):
    """by pattern, by metadata, recursively, parents"""
    file = on.file()
    did = on.dataset(file)
    container = on.container(did)
    on.client.set_metadata(*of(did), 'run_number', 25291)
    assert (did, 'DATASET') in run(f'{did[:-1]}*').rows()
    assert run('--short', '--filter', 'type=DATASET,run_number>25290', f'{on.scope}:*').out.split() == [did]
    assert (did, 'DATASET') in run('--recursive', container).rows()
    assert (file, 'FILE') in run('--recursive', '--filter', 'type=all', container).rows()
    assert (did, 'DATASET') in run('--parent', file).rows()


def did_show(run, on):
    """type and bytes"""
    shown = pairs(run(on.dataset(on.file(), on.file())))
    assert (shown['type'], shown['open'], shown['bytes']) == ('DATASET', 'True', '20')


def did_add(run, on):
    """a container, and a dataset that is monotonic"""
    container, dataset = (f'{on.scope}:{on.word()}' for _ in range(2))
    run(container, '--type', 'container', '--lifetime', '86400')
    run(dataset, '--type', 'dataset', '--monotonic')
    assert on.client.get_did(*of(container))['type'] == 'CONTAINER'
    assert on.client.get_did(*of(dataset))['monotonic'] is True


def did_update(run, on):
    """closed, opened, touched"""
    did = on.dataset()
    run('--close', did)
    assert on.client.get_did(*of(did))['open'] is False
    run('--open', did)
    assert on.client.get_did(*of(did))['open'] is True
    run('--touch', did)


def did_remove(run, on):
    """it ends in a day, and does not after `--undo`"""
    did = on.dataset()
    run(did)
    assert on.client.get_did(*of(did))['expired_at'] is not None
    run('--undo', did)
    assert on.client.get_did(*of(did))['expired_at'] is None


def did_content_history(run, on):
    """what was attached once"""
    file = on.file()
    did = on.dataset(file)
    on.client.detach_dids(*of(did), [words(file)])
    assert (file, 'FILE') in run(did).rows()


def did_content_add(run, on):
    """attached, also from a list on disk"""
    first, second, did = on.file(), on.file(), on.dataset()
    run('--to-did', did, first)
    run('--to-did', did, '--from-file', on.path(f'{second}\n'))
    assert {first, second} < set(on.content(did))


def did_content_remove(run, on):
    """detached"""
    gone, stays = on.file(), on.file()
    did = on.dataset(gone, stays)
    run('--from-did', did, gone)
    assert on.content(did) == [stays]


def did_content_list(run, on):
    """the datasets of a container"""
    did = on.dataset()
    assert (did, 'DATASET') in run(on.container(did)).rows()


def did_metadata_set(run, on):
    """a column and a key of one's own"""
    did = on.dataset()
    run(did, '--key', 'run_number', '--value', '7')
    run(did, '--key', 'Production', '--value', 'TeV_low')
    assert on.client.get_metadata(*of(did))['run_number'] == 7
    assert on.own(did) == {'Production': 'TeV_low'}


def did_metadata_unset(run, on):
    """the key is gone"""
    did = on.dataset()
    on.client.set_metadata(*of(did), 'Production', 'TeV_low')
    run(did, '--key', 'Production')
    assert on.own(did) == {}


def did_metadata_list(run, on):
    """columns, and one's own keys"""
    did = on.dataset()
    on.client.set_metadata(*of(did), 'Production', 'TeV_low')
    assert pairs(run(did))['did_type'] == 'DATASET'
    assert pairs(run('--plugin', 'JSON', did)) == {'Production': 'TeV_low'}


def download(run, on):
    """the bytes, checked"""
    did, original = on.uploaded(run.shell)
    directory = on.path('').with_suffix('.d')
    assert counted(run('--dir', directory, did))['Downloaded files'] == 1
    same_bytes(directory, [original])


def upload(run, on):
    """the bytes, a copy, a rule"""
    original = on.path('the deep sea')
    run('--rse', on.storage(), '--scope', on.scope, original)
    did = words(f'{on.scope}:{original.name}')
    [row] = on.client.list_replicas([did])
    assert (row['bytes'], row['states']) == (12, {on.storage(): 'AVAILABLE'})
    assert [rule['rse_expression'] for rule in on.client.list_did_rules(**did)] == [on.storage()]


def lifetime_exception_add(run, on):
    """asked for"""
    did, asked = on.dying()
    run('--input-file', asked, '--reason', 'still needed', '--expiration', on.day(400))
    assert words(did) in [words(f'{row["scope"]}:{row["name"]}') for row in on.client.list_exceptions()]


def opendata_did_list(run, on):
    """501 UnsupportedOperation: Sluice has no catalogue of open data"""
    return run.refused_open_data()


def opendata_did_add(run, on):
    """501 UnsupportedOperation: Sluice has no catalogue of open data"""
    return run.refused_open_data(on.dataset())


def opendata_did_remove(run, on):
    """501 UnsupportedOperation: Sluice has no catalogue of open data"""
    return run.refused_open_data(on.dataset())


def opendata_did_show(run, on):
    """501 UnsupportedOperation: Sluice has no catalogue of open data"""
    return run.refused_open_data(on.dataset())


def opendata_did_update(run, on):
    """501 UnsupportedOperation: Sluice has no catalogue of open data"""
    return run.refused_open_data(on.dataset(), '--state', 'public')


def replica_list_file(run, on):
    """names for each copy, states, metalink; `--protocols` is InvalidObject, as it sends no list"""
    pfn = listed_copies(run, did := on.file(), on)
    assert run('--pfns', '--rses', on.disk, did).out.split() == [pfn]
    assert 'schemes must be array' in run.fails('--protocols', 'https', did).text


def listed_copies(run, did, on):
    """The PFN of a file's copy, which its listings show."""
    pfn, _ = on.copy(did)
    assert (*of(did), '10.000 B', '0a1b2c3d', f'{on.disk}: {pfn}') in run(did).rows()
    assert f'(A) {on.disk}: {pfn}' in run('--all-states', did).out
    assert f'<identity>{did}</identity>' in run('--metalink', did).out
    return pfn


def replica_list_dataset(run, on):
    """files found and in all, by dataset and by RSE"""
    did = on.dataset(on.file(), on.file())
    assert (on.disk, '2', '2') in run(did).rows()
    assert (on.disk, '2', '2') in run('--deep', did).rows()
    assert did in run('--rse', on.disk).out.split()


def replica_remove(run, on):
    """a free copy may go, one under a rule is refused"""
    free, held = on.file(), on.file()
    on.rule(held)
    run('--rse', on.disk, free)
    assert 'locked' in run.fails('--rse', on.disk, held).text


def replica_state_list(run, on):
    """a suspicious copy"""
    did = on.file()
    pfn, _ = on.copy(did)
    on.client.declare_suspicious_file_replicas([pfn], 'looks odd')
    assert of(did)[1] in run('suspicious', '--rses', on.disk).out


def replica_state_update_bad(run, on):
    """a copy by its PFN, another by its DID, a list of names"""
    first, second, third = on.file(), on.file(), on.file()
    run('--reason', 'broken', on.copy(first)[0])
    run('--reason', 'broken', second)
    run('--reason', 'broken', '--lfn', '--scope', on.scope, '--rse', on.disk, on.path(of(third)[1]))
    assert [on.copy(did)[1] for did in (first, second, third)] == ['BAD'] * 3


def replica_state_update_unavailable(run, on):
    """the copy is TEMPORARY_UNAVAILABLE"""
    did = on.file()
    run('--reason', 'downtime', '--duration', '3600', on.copy(did)[0])
    assert on.copy(did)[1] == 'TEMPORARY_UNAVAILABLE'


def replica_state_update_quarantine(run, on):
    """nothing: the command raises NotImplementedError before it asks a server"""
    assert 'please use python API' in run.fails('--rse', on.disk, '/data/lost.root').text
    return NOWHERE


def rse_list(run, on):
    """by expression"""
    assert run('--rses', f'{on.disk}|{on.archive}').out.split() == sorted([on.disk, on.archive])


def rse_show(run, on):
    """settings, protocols, attributes, use and limits"""
    shown = run(on.disk).out
    assert 'https' in shown and f'{on.disk}: True' in shown and 'rucio.rse.protocols.webdav' in shown
    assert pairs(run(on.disk))['deterministic'] == 'True'


def rse_add(run, on):
    """an RSE whose paths are given"""
    name = on.word().upper()
    run(name, '--non-deterministic')
    assert on.client.get_rse(name)['deterministic'] is False


def rse_remove(run, on):
    """the RSE is gone"""
    name = on.rse()
    run(name)
    assert name not in [row['rse'] for row in on.client.list_rses()]


def rse_update(run, on):
    """a setting"""
    name = on.rse()
    run(name, '--key', 'availability_write', '--value', 'False')
    assert on.client.get_rse(name)['availability_write'] is False


def rse_distance_show(run, on):
    """the distance, or that there is none"""
    one, other = on.rse(), on.rse()
    assert 'No distance set' in run(one, other).out
    on.client.add_distance(one, other, {'distance': 3})
    assert 'distance=3' in run(one, other).out


def rse_distance_set(run, on):
    """set, changed, both ways"""
    one, other = on.rse(), on.rse()
    run(one, other, '--distance', '3')
    run(one, other, '--distance', '4', '--bidirectional')
    assert [on.distance(*ends) for ends in ((one, other), (other, one))] == [4, 4]


def rse_distance_unset(run, on):
    """the distance is gone"""
    one, other = on.rse(), on.rse()
    on.client.add_distance(one, other, {'distance': 3})
    run(one, other)
    assert on.distance(one, other) is None


def rse_attribute_list(run, on):
    """key and value"""
    name = on.rse()
    on.client.add_rse_attribute(name, 'tier', '2')
    assert pairs(run(name))['tier'] == '2'


def rse_attribute_set(run, on):
    """set, and set again"""
    name = on.rse()
    run(name, '--key', 'tier', '--value', '2')
    run(name, '--key', 'tier', '--value', '1')
    assert on.client.list_rse_attributes(name)['tier'] == '1'


def rse_attribute_unset(run, on):
    """the attribute is gone"""
    name = on.rse()
    on.client.add_rse_attribute(name, 'tier', '2')
    run(name, '--attribute', 'tier')
    assert 'tier' not in on.client.list_rse_attributes(name)


def rse_limit_set(run, on):
    """the limit"""
    name = on.rse()
    run(name, '--limit', 'MinFreeSpace', '1000')
    assert on.client.get_rse_limits(name) == {'MinFreeSpace': 1000}


def rse_limit_unset(run, on):
    """the limit is gone"""
    name = on.rse()
    on.client.set_rse_limits(name, 'MinFreeSpace', 1000)
    run(name, '--limit', 'MinFreeSpace')
    assert on.client.get_rse_limits(name) == {}


def rse_protocol_add(run, on):
    """a protocol with domains"""
    name = on.rse()
    run(name, '--hostname', 'sea.example.org', '--scheme', 'https', '--prefix', '/data/', '--port', '443',
        '--impl', 'rucio.rse.protocols.webdav.Default',
        '--domain-json', json.dumps({'wan': {'read': 1, 'write': 1, 'delete': 1}}))
    assert on.hosts(name) == ['sea.example.org']


def rse_protocol_remove(run, on):
    """the protocol is gone"""
    name = on.rse()
    host = on.protocol(name)
    run(name, '--scheme', 'https', '--hostname', host, '--port', '443')
    assert on.hosts(name) == []


def rse_qos_add(run, on):
    """a policy"""
    name = on.rse()
    run(name, '--policy', 'SSD')
    assert on.client.list_qos_policies(name) == ['SSD']


def rse_qos_remove(run, on):
    """the policy is gone"""
    name = on.rse()
    on.client.add_qos_policy(name, 'SSD')
    run(name, '--policy', 'SSD')
    assert on.client.list_qos_policies(name) == []


def rse_qos_list(run, on):
    """the policies"""
    name = on.rse()
    on.client.add_qos_policy(name, 'SSD')
    assert run(name).out.split() == ['SSD']


def rule_add(run, on):
    """a rule with its options; a second one is a duplicate"""
    did = on.dataset()
    options = ('--copies', '1', '--rses', on.disk, '--lifetime', '3600', '--grouping', 'DATASET', '--notify', 'C',
               '--comment', 'every word')
    rule = on.client.get_replication_rule(run(*options, did).out.strip())
    assert (rule['state'], rule['notification'], rule['comments']) == ('OK', 'CLOSE', 'every word')
    assert 'already exists' in run.fails(*options, did).text
    assert 'Skipping' in run(*options, '--skip-duplicates', did).out


def rule_remove(run, on):
    """by its id, and by DID and expression"""
    rules = [on.rule(did := on.dataset()), on.rule(on.dataset())]
    run('--rses', on.disk, did)
    run('--purge-replicas', rules[1])
    assert all(on.ends(rule) for rule in rules)


def rule_show(run, on):
    """what it says and how it stands"""
    rule = on.rule(on.dataset())
    shown = pairs(run(rule))
    assert (shown['Id'], shown['State'], shown['Locks OK/REPLICATING/STUCK']) == (rule, 'OK', '1/0/0')
    assert 'Status of the replication rule' in run('--examine', rule).out


def rule_history(run, on):
    """its insertion"""
    on.rule(did := on.dataset())
    assert f'RSE expression : {on.disk}' in run(did).out


def rule_move(run, on):
    """a rule elsewhere, whose parent waits for it"""
    rule = on.rule(on.dataset())
    child = run('--rses', on.archive, rule).out.strip()
    assert on.client.get_replication_rule(rule)['child_rule_id'] == child
    assert on.client.get_replication_rule(child)['rse_expression'] == on.archive


def rule_update(run, on):
    """lifetime, comment and lock"""
    rule = on.rule(on.dataset())
    run(rule, '--lifetime', '3600', '--comment', 'longer', '--locked', 'True')
    shown = on.client.get_replication_rule(rule)
    assert (shown['comments'], shown['locked'], shown['expires_at'] is None) == ('longer', True, False)
    run(rule, '--lifetime', 'None', '--locked', 'False')
    assert on.client.get_replication_rule(rule)['expires_at'] is None


def rule_list(run, on):
    """by DID, file, account and tree"""
    file = on.file()
    rule = on.rule(did := on.dataset(file))
    for asked in (('--did', did), ('--file', file), ('--account', on.client.account), ('--did', did, '--traverse')):
        assert rule in run(*asked).out


def scope_add(run, on):
    """a scope of an account"""
    scope, name = on.word(), on.account()
    run(scope, '--account', name)
    assert on.client.list_scopes_for_account(name) == [scope]


def scope_list(run, on):
    """the owners; those of one account"""
    scope, name = on.word(), on.account()
    on.client.add_scope(name, scope)
    assert (scope, name) in run().rows()
    assert run('--account', name, '--csv').out.split() == [scope]


def scope_update(run, on):
    """another owner"""
    scope, name = on.word(), on.account()
    on.client.add_scope(on.client.account, scope)
    run(scope, '--account', name)
    assert on.client.list_scopes_for_account(name) == [scope]


def subscription_show(run, on):
    """filter, rules and state"""
    name = on.subscription()
    assert f'{name} ACTIVE' in run(name).out
    assert pairs(run('--long', name))['state'] == 'ACTIVE'


def subscription_update(run, on):
    """another filter"""
    name, (chosen, rules) = on.subscription(), on.standing_order('KM3NeT_*')
    run(name, '--filter', chosen, '--rule', rules, '--comment', 'new', '--lifetime', '30')
    assert on.subscribed(name)['filter']['pattern'] == 'KM3NeT_*'


def subscription_add(run, on):
    """filter and rules"""
    name, (chosen, rules) = on.word(), on.standing_order()
    run(name, '--filter', chosen, '--rule', rules, '--comment', 'every word', '--priority', '2')
    assert on.subscribed(name)['replication_rules'] == json.loads(rules)


def subscription_touch(run, on):
    """the DID gets the rule of a younger subscription"""
    did = on.dataset()
    eventually(lambda: not on.client.get_metadata(*of(did))['is_new'])
    on.subscription(of(did)[1])
    run(did)
    eventually(lambda: list(on.client.list_did_rules(*of(did))))


def subscription_list(run, on):
    """all of an account"""
    assert on.subscription() in run('--account', on.client.account).out
