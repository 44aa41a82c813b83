"""What a rule of Sluice may want more than one of Rucio, said by the client as it is published."""
import argparse
import inspect
import json
from itertools import count

import pytest
import requests

from looking import eventually

KINDS = {'EU-DISK': ('D', 'EU'), 'US-DISK': ('D', 'NA'), 'EU-TAPE': ('T', 'EU'), 'AS-TAPE': ('T', 'AS')}


@pytest.fixture(scope='module')
def world(client, lake, tag):
    """Two disks and two tapes on three continents; `world('EU-DISK')` is the name of one of them."""
    def name(rse):
        return f'{tag.upper()}-{rse}'
    for rse, (kind, continent) in KINDS.items():
        client.add_rse(name(rse), rse_type='TAPE' if kind == 'T' else 'DISK', continent=continent)
        client.add_rse_attribute(name(rse), 'kind', f'{kind}-{tag}')
        client.set_local_account_limit(client.account, name(rse), 10**15)
    return name


@pytest.fixture(scope='module')
def kind(tag):
    return lambda letter: f'kind={letter}-{tag}'


@pytest.fixture(scope='module')
def make(client, lake, world, numbers=count()):
    """A dataset of its own with one file that is at all of them, or `at` those that are named."""
    def dataset(at=KINDS):
        name = f'wished-{next(numbers)}'
        file = lake.file(f'{name}.root', 1000, '00000001', None, 1)
        del file['meta']
        for rse in at:
            client.add_replicas(world(rse), [file])
        client.add_dataset(lake.scope, name)
        client.attach_dids(lake.scope, name, [{'scope': lake.scope, 'name': file['name']}])
        return {'scope': lake.scope, 'name': name}
    return dataset


@pytest.fixture(scope='module')
def wish(client):
    """`add_replication_rule` with something in `meta.sluice`: the rule as it is shown then."""
    def add(dataset, copies, rses, **sluice):
        meta = {'sluice': sluice, 'mine': 7}
        [rule] = client.add_replication_rule([dataset], copies, rses, meta=meta)
        return client.get_replication_rule(rule)
    return add


def did(dataset):
    return f'{dataset["scope"]}:{dataset["name"]}'


def where(client, rule):
    return sorted(lock['rse'] for lock in client.list_replica_locks(rule))


def refused(call, *args, **kwargs):
    """The class and the text of what the client raises."""
    with pytest.raises(Exception) as raised:
        call(*args, **kwargs)
    return type(raised.value).__name__, str(raised.value)


def test_no_command_line_carries_meta_but_the_python_client_does(root, client):
    from rucio.cli.bin_legacy.rucio import get_parser
    [commands] = [it for it in get_parser()._actions if isinstance(it, argparse._SubParsersAction)]
    for options in (root('rule', 'add', '--help').out, commands.choices['add-rule'].format_help()):
        assert '--comment' in options
        assert '--meta' not in options
    parameters = inspect.signature(client.add_replication_rule).parameters
    assert 'meta' in parameters
    assert 'split_container' not in parameters


@pytest.mark.parametrize('add', [
    lambda did, rses: ('rule', 'add', did, '--copies', '3', '--rses', rses),
    lambda did, rses: ('add-rule', did, '3', rses),
], ids=['new', 'old'])
def test_the_short_form_of_a_placement_on_the_command_line(root, client, world, kind, make, add):
    dataset = make()
    short = f'{kind("D")}:2;{kind("T")}:1;distinct=continent'
    rule = root(*add(did(dataset), short)).out.strip()
    union = f'({kind("D")})|({kind("T")})'
    assert where(client, rule) == sorted(map(world, ('EU-DISK', 'US-DISK', 'AS-TAPE')))
    [listed] = client.list_replication_rules({'rse_expression': union, 'name': dataset['name']})
    assert (listed['id'], listed['copies'], listed['state']) == (rule, 3, 'OK')
    assert listed['placement']['distinct'] == ['continent']
    # Any client can resolve what it shows.
    assert sorted(each['rse'] for each in client.list_rses(union)) == sorted(map(world, KINDS))
    shown = root('rule', 'show', rule).out
    assert f'RSE Expression:             {union}' in shown
    assert 'Copies:                     3' in shown
    assert 'uplicate' in root.fails(*add(did(dataset), short)).text


def test_a_placement_that_cannot_be_says_what_would_do(root, kind, make):
    text = root.fails('rule', 'add', did(make()), '--copies', '3', '--rses',
                      f'{kind("D")}:3;distinct=continent').text
    assert 'continent' in text
    assert 'Possible: 2 copies' in text


def test_a_placement_in_meta_and_its_reduction(client, world, kind, make, wish):
    parts = [{'copies': 2, 'rse_expression': kind('D')}]
    rule = wish(make(), 2, '*', placement={'parts': parts, 'distinct': ['continent']})
    assert (rule['rse_expression'], json.loads(rule['meta'])['mine']) == (kind('D'), 7)
    reduced = client.reduce_replication_rule(rule['id'], 1, exclude_expression=world('US-DISK'))
    assert where(client, reduced) == [world('EU-DISK')]
    assert client.get_replication_rule(reduced)['placement']['parts'][0]['copies'] == 1


def test_which_copies_of_several_parts_are_left_the_client_cannot_say(client, kind, make, wish):
    parts = [{'copies': 1, 'rse_expression': kind(letter)} for letter in 'DT']
    rule = wish(make(), 2, '*', placement={'parts': parts})
    name, text = refused(client.reduce_replication_rule, rule['id'], 1)
    assert name == 'RuleReplaceFailed'
    assert 'say which 1 copies are left, as placement' in text


def test_a_rule_is_moved_to_a_placement(root, client, world, kind, make):
    dataset = make()
    rule = root('rule', 'add', did(dataset), '--copies', '2', '--rses', f'{kind("D")}').out.strip()
    short = f'{kind("D")}:1;{kind("T")}:1;distinct=continent'
    moved = root('rule', 'move', rule, '--rses', short).out.strip()
    assert client.get_replication_rule(moved)['copies'] == 2
    again = client.move_replication_rule(moved, f'{kind("T")}:2;distinct=continent', {})
    assert where(client, again) == sorted(map(world, ('EU-TAPE', 'AS-TAPE')))


def test_phases_are_said_in_meta_shown_and_changed(client, world, kind, make, wish):
    phases = [{'for': '30d'}, {'rse_expression': kind('T')}]
    rule = wish(make(), 2, kind('D'), phases=phases)
    states = [(phase['state'], phase['copies'], phase['rse_expression']) for phase in rule['phases']]
    assert states == [('current', 2, kind('D')), ('next', 1, kind('T'))]
    client.update_replication_rule(rule['id'], {'phases': [{'for': '60d'}, *phases[1:]]})
    assert client.get_replication_rule(rule['id'])['phases'][0]['for'] == '60d'
    name, text = refused(client.update_replication_rule, rule['id'],
                         {'phases': [{'for': '60d', 'copies': 1}, *phases[1:]]})
    assert (name, 'holds now' in text) == ('UnsupportedOperation', True)
    client.update_replication_rule(rule['id'], {'phases': None})
    assert 'phases' not in client.get_replication_rule(rule['id'])


def test_a_rule_with_phases_is_moved_and_reduced(client, kind, make, wish):
    rule = wish(make(), 2, kind('D'), phases=[{'until_idle': '90d'}, {'rse_expression': kind('T')}])
    reduced = client.reduce_replication_rule(rule['id'], 1)
    current, later = client.get_replication_rule(reduced)['phases']
    assert (current['copies'], later['state']) == (1, 'next')
    moved = client.move_replication_rule(reduced, kind('T'), {})
    assert [phase['state'] for phase in client.get_replication_rule(moved)['phases']] == ['done', 'current']


def test_how_it_is_repaired(client, kind, make, wish):
    rule = wish(make(), 1, kind('D'), repair={'on_stuck': 'alert', 'attempts': 3})
    assert rule['repair'] == {'on_stuck': 'alert', 'attempts': 3, 'after': None, 'drift': 'keep'}
    meta = {'sluice': {'repair': {'on_stuck': 'elsewhere', 'drift': 'replace'}}}
    client.update_replication_rule(rule['id'], {'meta': meta})
    assert client.get_replication_rule(rule['id'])['repair']['on_stuck'] == 'elsewhere'


@pytest.mark.parametrize(('sluice', 'why'), [
    ({'colour': 1}, 'meta.sluice: \'colour\' is none of'),
    ({'placement': {'parts': []}}, 'meta.sluice.placement.parts'),
    ({'phases': [{'until': 'May'}]}, 'meta.sluice.phases[0]'),
    ({'repair': {'on_stuck': 'panic'}}, 'panic'),
])
def test_what_is_wrong_in_meta_is_named(client, kind, make, sluice, why):
    _, text = refused(client.add_replication_rule, [make()], 1, kind('D'), meta={'sluice': sluice})
    assert why in text


def test_a_rule_is_split_where_the_client_lets_rules_say_all(client, lake, kind, make):
    inside = [make(), make()]
    rule = {'account': client.account, 'copies': 1, 'rse_expression': kind('D'), 'split_container': True}
    client.add_did(lake.scope, 'box', 'CONTAINER', dids=inside, rules=[rule])
    eventually(lambda: list(client.list_did_rules(lake.scope, 'box')) == [])
    for each in inside:
        eventually(lambda each=each: [it['rse_expression'] for it in client.list_did_rules(**each)] == [kind('D')])


def test_phases_and_placements_in_a_subscription(root, client, lake, kind, tag):
    name = f'phased-{tag}'
    rules = [{'phases': [{'for': '30d', 'rse_expression': kind('D')}, {'rse_expression': kind('T')}]},
             {'placement': {'parts': [{'copies': 2, 'rse_expression': kind('T')}], 'distinct': ['continent']}}]
    root('subscription', 'add', name, '--filter', json.dumps({'pattern': 'wished-later', 'scope': [lake.scope]}),
         '--rule', json.dumps(rules))
    client.add_dataset(lake.scope, 'wished-later')
    eventually(lambda: len(list(client.list_did_rules(lake.scope, 'wished-later'))) == 2)
    made = {rule['rse_expression']: rule for rule in client.list_subscription_rules(root.account, name)}
    assert [phase['rse_expression'] for phase in made[kind('D')]['phases']] == [kind('D'), kind('T')]
    assert made[kind('T')]['placement']['distinct'] == ['continent']
    client.deactivate_subscription(name, root.account)


def test_a_subscription_that_notifies_and_the_task_that_a_consumer_takes(client, lake, server, tag):
    name = f'notified-{tag}'
    notify = {'group_by': {'files': 1}, 'flush_after': 60}
    order = [{'sluice': {'notify': notify}}]
    client.add_subscription(name, client.account, {'pattern': 'for-tasks', 'scope': [lake.scope]}, order, '', False, False, False)
    [shown] = client.list_subscriptions(name, client.account)
    assert json.loads(shown['replication_rules']) == order
    client.add_dataset(lake.scope, 'for-tasks')
    tasks = f'{server["url"]}/subscriptions/{client.account}/{name}/tasks'
    # The client has no method for tasks: its token opens them.
    def ask(method, path='', **kwargs):
        answer = requests.request(method, tasks + path, verify=server.get('ca', True), timeout=30,
                                  headers={'X-Rucio-Auth-Token': client.auth_token}, **kwargs)
        return [json.loads(line) for line in answer.text.splitlines()]
    eventually(lambda: [task['state'] for task in ask('GET')] == ['NEW'])
    [task] = ask('POST', '/claim', json={'count': 1, 'consumer': 'worker', 'lease_seconds': 60})
    assert (task['task'], task['state'], task['attempts']) == (1, 'ASSIGNED', 1)
    assert task['dids'] == [{'scope': lake.scope, 'name': 'for-tasks', 'did_type': 'DATASET'}]
    assert list(client.list_did_rules(lake.scope, 'for-tasks')) == []
    client.deactivate_subscription(name, client.account)
