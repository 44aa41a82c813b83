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
