"""Rules: what should be true, told in both spellings."""
import pytest

SPELLINGS = {
    'old': {
        'add': lambda did, rse: ('add-rule', did, '1', rse),
        'list': ('list-rules',),
        'show': ('rule-info',),
        'update': ('update-rule',),
        'remove': ('delete-rule',),
    },
    'new': {
        'add': lambda did, rse: ('rule', 'add', did, '--copies', '1', '--rses', rse),
        'list': ('rule', 'list', '--did'),
        'show': ('rule', 'show'),
        'update': ('rule', 'update'),
        'remove': ('rule', 'remove'),
    },
}


@pytest.fixture(params=SPELLINGS, ids=str)
def say(request):
    return {**SPELLINGS[request.param], 'spelling': request.param}


def test_a_rule_from_its_adding_to_its_end(root, lake, client, say):
    dataset = lake.did(f'ruled-{say["spelling"]}')
    root('did', 'add', '--type', 'dataset', dataset)
    root('did', 'content', 'add', '--to-did', dataset, lake.did(lake.files[0]['name']))
    rule = root(*say['add'](dataset, lake.disk)).out.strip()
    assert len(rule) == 32

    listed = root(*say['list'], dataset).out
    assert rule in listed
    assert 'OK[1/0/0]' in listed
    assert lake.disk in listed

    shown = root(*say['show'], rule).out
    assert f'RSE Expression:             {lake.disk}' in shown
    assert 'State:                      OK' in shown

    root(*say['update'], rule, '--lifetime', '86400', '--comment', 'for a day')
    assert client.get_replication_rule(rule)['expires_at'] is not None
    assert client.get_replication_rule(rule)['comments'] == 'for a day'
    root(*say['update'], rule, '--locked', 'True')
    refused = root(*say['remove'], rule, code=None)
    assert 'locked' in refused.text.lower()
    root(*say['update'], rule, '--locked', 'False')
    root(*say['remove'], rule)
    # It is to go within the hour of grace, or has gone already.
    left = [r for r in client.list_did_rules(*dataset.split(':')) if r['id'] == rule]
    assert all(r['expires_at'] is not None for r in left)


def test_a_rule_for_copies_that_are_not_there_is_replicating(root, lake):
    root('did', 'add', '--type', 'dataset', lake.did('to-be-copied'))
    root('did', 'content', 'add', '--to-did', lake.did('to-be-copied'), lake.did(lake.files[1]['name']))
    rule = root('rule', 'add', lake.did('to-be-copied'), '--copies', '1', '--rses', lake.archive,
                '--lifetime', '3600', '--activity', 'Debug').out.strip()
    shown = root('rule', 'show', rule).out
    assert 'Activity:                   Debug' in shown
    locks = root('rule', 'list', '--did', lake.did('to-be-copied')).out
    assert 'REPLICATING[0/1/0]' in locks or 'STUCK[0/0/1]' in locks
    missing = root('replica', 'list', 'file', '--missing', '--rses', lake.archive,
                   lake.did('to-be-copied')).rows()
    # Copying, or unavailable where the conveyor has already found that there is no such storage.
    assert missing[1:] in (
        [(lake.scope, lake.files[1]['name'], f'({state}) {lake.archive}')] for state in 'CU'
    )


def test_two_copies_on_two_rses(root, lake):
    root('did', 'add', '--type', 'dataset', lake.did('twice'))
    root('did', 'content', 'add', '--to-did', lake.did('twice'), lake.did(lake.files[0]['name']))
    rule = root('rule', 'add', lake.did('twice'), '--copies', '2', '--rses',
                f'{lake.disk}|{lake.archive}').out.strip()
    assert 'Copies:                     2' in root('rule', 'show', rule).out


def test_the_same_rule_twice_is_a_duplicate(root, lake):
    root('did', 'add', '--type', 'dataset', lake.did('ruled-twice'))
    root('rule', 'add', lake.did('ruled-twice'), '--copies', '1', '--rses', lake.disk)
    again = root.fails('rule', 'add', lake.did('ruled-twice'), '--copies', '1', '--rses', lake.disk)
    assert 'duplicate' in again.text.lower()


def test_more_copies_than_rses_are_refused(root, lake):
    refused = root.fails('rule', 'add', lake.did(lake.run), '--copies', '3', '--rses',
                         f'{lake.disk}|{lake.archive}')
    assert 'copies' in refused.text


def test_an_expression_that_matches_nothing_is_refused(root, lake):
    refused = root.fails('rule', 'add', lake.did(lake.run), '--copies', '1', '--rses', 'site=nowhere')
    assert 'RSE expression' in refused.text or 'RSE Expression' in refused.text


def test_an_unknown_rule_is_refused(root):
    assert root.fails('rule', 'show', '0' * 32).text.strip()


def test_an_account_without_a_limit_gets_no_rule(root, shells, lake):
    name = f'poor-{lake.tag}'
    root('account', 'add', name, 'USER', '--email', f'{name}@example.org')
    root('account', 'identity', 'add', name, '--type', 'USERPASS', '--id', name,
         '--email', f'{name}@example.org', '--password', 'no-quota')
    poor = shells(name, name, 'no-quota')
    refused = poor.fails('rule', 'add', lake.did(lake.run), '--copies', '1', '--rses', lake.disk)
    assert 'quota' in refused.text.lower() or 'limit' in refused.text.lower()


@pytest.fixture
def ruled(root, lake, tag, request):
    """A dataset of its own with one file that is at the disk: `ruled()` gives its DID."""
    def make():
        story = ''.join(c for c in request.node.name if c.isalnum())
        dataset = lake.did(f'{story[:60]}-{story[-3:]}-{tag}')
        root('did', 'add', '--type', 'dataset', dataset)
        root('did', 'content', 'add', '--to-did', dataset, lake.did(lake.files[0]['name']))
        return dataset
    return make


def add(root, did, rse, *more):
    return root('rule', 'add', did, '--copies', '1', '--rses', rse, *more).out.strip()


@pytest.mark.parametrize('examine', [('rule', 'show', '--examine'), ('rule-info', '--examine')], ids=['new', 'old'])
def test_a_stuck_rule_says_which_copy_is_missing_and_why(root, lake, ruled, examine):
    rule = add(root, ruled(), lake.archive)
    root('rule', 'update', rule, '--suspend', '--cancel-requests')
    assert 'suspended' in root(*examine, rule).out
    told = root(*examine, rule).out
    assert lake.did(lake.files[0]['name']) in told
    assert 'CANCELLED' in told
    lines = {line.split(':')[0].strip(): line.split(':', 1)[1].strip() for line in told.splitlines() if ':' in line}
    assert lines['RSE'] == lake.archive
    assert lines['Available sources'] == lake.disk
    assert int(lines['Attempts']) >= 1


def test_a_rule_takes_every_option_of_an_update(root, lake, client, ruled):
    rule = add(root, ruled(), lake.archive, '--lifetime', '3600')
    root('rule', 'update', rule, '--activity', 'Debug', '--priority', '5', '--comment', 'faster',
         '--source-rses', lake.disk, '--lifetime', 'None')
    assert {key: client.get_replication_rule(rule)[key] for key in (
        'activity', 'priority', 'comments', 'source_replica_expression', 'expires_at')} == {
        'activity': 'Debug', 'priority': 5, 'comments': 'faster',
        'source_replica_expression': lake.disk, 'expires_at': None}
    refused = root('rule', 'update', rule, '--source-rses', 'NO-SUCH-RSE', code=None)
    assert 'NO-SUCH-RSE' in refused.text
    refused = root('rule', 'update', rule, '--activity', 'Gardening', code=None)
    assert 'Gardening' in refused.text
    root('rule', 'update', rule, '--source-rses', 'None', '--boost-rule')
    assert client.get_replication_rule(rule)['source_replica_expression'] is None


def test_a_moved_rule_waits_for_its_child(root, lake, client, ruled):
    rule = add(root, ruled(), lake.disk)
    child = root('rule', 'move', rule, '--rses', lake.archive).out.strip()
    assert f'Child Rule Id:              {child}' in root('rule', 'show', rule).out
    assert 'child' in root('rule', 'remove', rule, code=None).text
    assert client.get_replication_rule(rule)['state'] == 'OK'
    root('rule', 'update', rule, '--child-rule-id', 'None')
    freed = client.get_replication_rule(rule)
    assert (freed['child_rule_id'], freed['expires_at']) == (None, None)
    root('rule', 'update', rule, '--child-rule-id', child)
    assert client.get_replication_rule(rule)['child_rule_id'] == child


def test_a_rule_that_is_removed_can_take_its_replicas_along(root, lake, client, ruled):
    rule = add(root, ruled(), lake.archive)
    root('rule', 'update', rule, '--lifetime', '86400')
    root('rule', 'remove', rule, '--purge-replicas')
    left = [r for r in client.list_replication_rules() if r['id'] == rule]
    assert all(r['purge_replicas'] for r in left)


def test_an_rse_approves_small_datasets_by_itself(root, lake, client, ruled):
    dataset = ruled()
    asked = add(root, dataset, lake.archive, '--ask-approval')
    assert client.get_replication_rule(asked)['state'] == 'WAITING_APPROVAL'
    client.deny_replication_rule(asked)
    client.close(*dataset.split(':'))
    client.add_rse_attribute(lake.archive, 'auto_approve_files', '2')
    asked = add(root, dataset, lake.archive, '--ask-approval')
    assert client.get_replication_rule(asked)['state'] != 'WAITING_APPROVAL'
    client.delete_rse_attribute(lake.archive, 'auto_approve_files')
    refused = root.fails('rule', 'add', dataset, '--copies', '1', '--rses', f'{lake.disk}|{lake.archive}', '--ask-approval')
    assert 'multiple RSEs' in refused.text
