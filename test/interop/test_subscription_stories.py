"""Subscriptions: said once, true for every new DID."""
import json
import subprocess
import sys
from pathlib import Path

import pytest

from looking import eventually

THREE_COPIES = [
    {'copies': 2, 'rse_expression': 'tier=1&type=DISK', 'activity': 'T0 Export', 'comments': 'two disks'},
    {'copies': 1, 'rse_expression': 'type=TAPE', 'activity': 'T0 Tape', 'comments': 'one tape'},
]


@pytest.fixture(scope='module')
def manager(server, storages, shells):
    """The data manager of the demo, who is no admin."""
    user = server['manager']
    return shells(user['account'], user['username'], user['password'])


@pytest.fixture(scope='module')
def data(client, scientist, tag):
    """A scope where the scientist writes and the data manager does not."""
    scope = f'data.{tag}'
    client.add_scope(scientist.account, scope)
    return scope


@pytest.fixture(scope='module')
def raw(manager, data, tag):
    """`Three copies of every new DID matching datatype=RAW and scope=data`, by its name."""
    name = f'raw-{tag}'
    added = manager(
        'subscription', 'add', name, '--comment', 'three copies of raw data',
        '--filter', json.dumps({'datatype': ['RAW'], 'scope': [data]}),
        '--rule', json.dumps(THREE_COPIES),
    )
    assert added.out.startswith('Subscription added ')
    return name


@pytest.fixture
def states(client, manager):
    """How many rules of a subscription are in which state."""
    return lambda name: {
        state: count for _, _, state, count in client.list_subscription_rule_states(manager.account, name) if count
    }


def test_three_copies_of_an_upload_that_is_described_afterwards(
    scientist, client, manager, raw, data, states, disks, runs
):
    run = f'{data}:KM3NeT_00000267_00025291'
    files = [path for name, path in runs.items() if name.startswith(run.split(':')[1])]
    scientist('upload', '--rse', disks[0], '--scope', data, *files, run)
    assert states(raw) == {}
    scientist('did', 'metadata', 'set', run, '--key', 'datatype', '--value', 'RAW')
    eventually(lambda: states(raw) == {'OK': 2})
    rules = {rule['comments']: rule for rule in client.list_subscription_rules(manager.account, raw)}
    assert {comment: rule['account'] for comment, rule in rules.items()} == {
        'two disks': manager.account, 'one tape': manager.account,
    }
    for replica in client.list_replicas([{'scope': data, 'name': run.split(':')[1]}]):
        held = [rse for rse, state in replica['states'].items() if state == 'AVAILABLE']
        assert sorted(client.get_rse(rse)['rse_type'] for rse in held) == ['DISK', 'DISK', 'TAPE']


def test_what_does_not_match_gets_nothing(scientist, client, raw, data, desk, states):
    for did, datatype in ((f'{data}:plots', 'PLOT'), (f'{desk}:raw-elsewhere', 'RAW')):
        before = states(raw)
        scientist('did', 'add', '--type', 'dataset', did)
        scientist('did', 'metadata', 'set', did, '--key', 'datatype', '--value', datatype)
        eventually(lambda did=did: not client.get_metadata(*did.split(':'))['is_new'])
        assert states(raw) == before


def test_subscriptions_are_listed_and_shown(manager, raw, data):
    listed = manager('subscription', 'list', '--account', manager.account).out
    assert f'{manager.account}: {raw} ' in listed
    shown = manager('subscription', 'show', '--account', manager.account, raw).out
    assert 'priority: 3' in shown
    assert f'filter: {{"datatype": ["RAW"], "scope": ["{data}"]}}' in shown
    assert '"rse_expression": "type=TAPE"' in shown
    assert 'comments: three copies of raw data' in shown
    longer = manager('subscription', 'show', '--long', '--account', manager.account, raw).out
    assert 'state: ACTIVE' in longer
    assert 'last_processed: ' in longer


def test_a_dataset_from_before_is_shown_to_a_subscription_by_touching_it(
    scientist, manager, client, data, tag, disks, states
):
    did = f'{data}:from-before'
    scientist('did', 'add', '--type', 'dataset', did)
    eventually(lambda: not client.get_metadata(*did.split(':'))['is_new'])
    late = f'late-{tag}'
    manager('subscription', 'add', late, '--filter', json.dumps({'pattern': '.*-before$', 'scope': [data]}),
            '--rule', json.dumps([{'copies': 1, 'rse_expression': disks[0]}]))
    assert states(late) == {}
    scientist('subscription', 'touch', did)
    eventually(lambda: states(late) == {'OK': 1})

    manager('subscription', 'update', late, '--filter', json.dumps({'pattern': 'never'}), '--rule',
            json.dumps([{'copies': 1, 'rse_expression': disks[0]}]), '--priority', '1', '--lifetime', '3')
    [changed] = client.list_subscriptions(name=late, account=manager.account)
    assert (changed['state'], changed['policyid'], changed['filter']) == ('UPDATED', 1, '{"pattern": "never"}')
    assert changed['lifetime'] > changed['updated_at']
    client.deactivate_subscription(late, manager.account)
    assert [each['state'] for each in client.list_subscriptions(late, manager.account)] == ['INACTIVE']


def test_the_old_command_line_adds_updates_and_reevaluates(root, client, data, tag, disks, states):
    def admin(*argv):
        script = Path(sys.executable).parent / 'rucio-admin'
        done = subprocess.run([script, 'subscription', *argv], env=root.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    name, wish = f'old-{tag}', json.dumps({'pattern': 'from-before', 'scope': [data]})
    rules = json.dumps([{'copies': 1, 'rse_expression': disks[1], 'activity': 'Debug', 'lifetime': 3600}])
    owner = ('--account', root.account)
    client.set_local_account_limit(root.account, disks[1], 10**12)
    assert 'Subscription added' in admin('add', *owner, '--priority', '2', name, wish, rules, 'by the old words')
    admin('update', *owner, '--lifetime', '2', name, wish, rules, 'still')
    admin('reevaluate', f'{data}:from-before')
    eventually(lambda: [count for _, _, state, count in
                        client.list_subscription_rule_states(root.account, name) if state == 'OK'] == [1])
    assert f'{root.account}: {name} UPDATED' in admin('list', *owner, name)
    client.deactivate_subscription(name, root.account)


def test_what_cannot_be_done_yet_is_told_where_the_subscription_is_shown(
    scientist, manager, client, data, tag, states
):
    name = f'nowhere-{tag}'
    manager('subscription', 'add', name, '--filter', json.dumps({'pattern': 'nowhere', 'scope': [data]}),
            '--rule', json.dumps([{'copies': 1, 'rse_expression': f'site={tag}'}]))
    scientist('did', 'add', '--type', 'dataset', f'{data}:nowhere')
    shown = lambda: manager('subscription', 'show', '--long', '--account', manager.account, name).out  # noqa: E731
    eventually(lambda: 'waiting: 1' in shown())
    assert 'last_error: InvalidRSEExpression' in shown()
    client.deactivate_subscription(name, manager.account)


@pytest.mark.parametrize(('wish', 'rules', 'why'), [
    ({'datatype': 'RAW'}, THREE_COPIES, 'datatype'),
    ({'pattern': '('}, THREE_COPIES, 'filter.name'),
    ({'pattern': 'a'}, [{'copies': 1, 'rse_expression': 'a==b'}], 'a==b'),
    ({'pattern': 'a'}, [{'copies': 1, 'rse_expression': 'tier=1', 'activity': 'Gardening'}], 'activity'),
])
def test_what_is_wrong_is_named(manager, tag, wish, rules, why):
    # These commands exit with 0 whatever happens.
    refused = manager('subscription', 'add', f'odd-{tag}', '--filter', json.dumps(wish),
                      '--rule', json.dumps(rules), code=None)
    assert why in refused.text
    assert 'Subscription added' not in refused.text


def test_somebody_elses_are_not_changed(scientist, manager, raw):
    other = ('--filter', '{"pattern": "x"}', '--rule', json.dumps(THREE_COPIES))
    refused = scientist('subscription', 'update', raw, '--account', manager.account, *other, code=None)
    assert 'may not change' in refused.text
    again = manager('subscription', 'add', raw, *other, code=None)
    assert 'already exists' in again.text
