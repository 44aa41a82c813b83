"""Who is who: the server, accounts, identities, scopes, limits."""


def test_the_server_answers_a_ping_with_its_version(root):
    ping = root.alone('ping')
    assert ping.code == 0
    assert ping.out.strip()[0].isdigit()


def test_whoami_shows_the_account_of_the_token(root):
    whoami = root.alone('whoami')
    assert whoami.code == 0
    lines = (line.split(':', 1) for line in whoami.out.splitlines())
    shown = {key.strip(): value.strip() for key, value in lines}
    assert shown['account'] == root.account
    assert shown['status'] == 'ACTIVE'


def test_a_wrong_password_is_refused_and_says_so(shells, server):
    stranger = shells(server['account'], server['username'], 'not the password')
    refused = stranger.alone('whoami')
    assert refused.code != 0
    assert 'Cannot authenticate' in refused.text


def test_a_new_account_gets_an_identity_and_logs_in_with_it(root, shells, tag):
    name = f'shifter-{tag}'
    root('account', 'add', name, 'USER', '--email', f'{name}@example.org')
    root('account', 'identity', 'add', name, '--type', 'USERPASS', '--id', name,
         '--email', f'{name}@example.org', '--password', 'night-shift')
    assert name in root('account', 'list').out
    assert f'Identity: {name}' in root('account', 'identity', 'list', name).out
    shifter = shells(name, name, 'night-shift')
    assert name in shifter('whoami').out


def test_an_account_has_attributes(root, tag):
    name = f'attribute-{tag}'
    root('account', 'add', name, 'SERVICE', '--email', f'{name}@example.org')
    root('account', 'attribute', 'set', name, '--key', 'institute', '--value', 'nikhef')
    assert ('institute', 'nikhef') in root('account', 'attribute', 'list', name).rows()


def test_the_same_account_twice_is_a_duplicate(root, tag):
    name = f'twice-{tag}'
    root('account', 'add', name, 'USER', '--email', f'{name}@example.org')
    again = root.fails('account', 'add', name, 'USER', '--email', f'{name}@example.org')
    assert 'already exists' in again.text.lower()


def test_an_ordinary_user_adds_no_accounts(root, shells, tag):
    name = f'ordinary-{tag}'
    root('account', 'add', name, 'USER', '--email', f'{name}@example.org')
    root('account', 'identity', 'add', name, '--type', 'USERPASS', '--id', name,
         '--email', f'{name}@example.org', '--password', 'night-shift')
    ordinary = shells(name, name, 'night-shift')
    refused = ordinary.fails('account', 'add', f'other-{tag}', 'USER', '--email', 'o@example.org')
    assert 'denied' in refused.text.lower()
    assert f'other-{tag}' not in root('account', 'list').out


def test_a_scope_belongs_to_an_account(root, tag):
    scope = f'user.owned-{tag}'
    root('scope', 'add', scope, '--account', root.account)
    assert scope in root('scope', 'list', '--account', root.account).out


def test_an_account_is_limited_on_an_rse(root, lake):
    name = f'limited-{lake.tag}'
    root('account', 'add', name, 'USER', '--email', f'{name}@example.org')
    root('account', 'limit', 'set', name, '--rse', lake.disk, '--bytes', '5000000000')
    shown = root('account', 'limit', 'list', name)
    assert lake.disk in shown.out
    assert '5.000 GB' in shown.out
