"""Logging in: one user name for several accounts, ways that there are not, and being banned."""
import json
import os
import subprocess
import sys

import pytest


@pytest.fixture
def person(client, tag):
    """Adds an account that logs in by a user name; gives what the login is made of."""
    def add(account, username, password='night-shift'):
        client.add_account(account, 'USER', f'{account}@example.org')
        client.add_identity(account, username, 'USERPASS', f'{account}@example.org',
                            password=password)
        return {'account': account, 'username': username, 'password': password}

    return add


SCRIPT = """
import json, sys
from rucio.client import Client
try:
    Client(**json.load(sys.stdin)).whoami()
except Exception as refused:
    print(type(refused).__name__, refused)
"""


@pytest.fixture
def log_in(client, tmp_path):
    """
    Logs in for no account, with no token from before, in a process of its own: the client remembers
    its configuration. Gives what it says.
    """
    def said(auth_type, creds):
        config = tmp_path / 'rucio.cfg'
        config.write_text('[client]\n')
        asked = {'rucio_host': client.host, 'auth_host': client.auth_host,
                 'auth_type': auth_type, 'ca_cert': client.ca_cert, 'creds': creds}
        surroundings = {k: v for k, v in os.environ.items() if k != 'RUCIO_ACCOUNT'}
        done = subprocess.run([sys.executable, '-c', SCRIPT], input=json.dumps(asked), text=True,
                              env={**surroundings, 'RUCIO_CONFIG': str(config),
                                   'TMPDIR': str(tmp_path)},
                              check=True, capture_output=True)
        return done.stdout

    return said


def test_a_user_name_of_several_accounts_is_told_which_they_are(clients, person, log_in, tag):
    one = person(f'one-{tag}', f'shared-{tag}')
    two = person(f'two-{tag}', f'shared-{tag}')
    assert clients(one).whoami()['account'] == one['account']
    assert clients(two).whoami()['account'] == two['account']
    said = log_in('userpass', {'username': one['username'], 'password': one['password']})
    assert said.startswith('CannotAuthenticate')
    assert f'one-{tag}, two-{tag}' in said


def test_a_certificate_is_answered_with_what_to_use_instead(log_in, tmp_path):
    cert, key = tmp_path / 'cert.pem', tmp_path / 'key.pem'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1',
                    '-subj', '/CN=alice', '-keyout', key, '-out', cert],
                   check=True, capture_output=True)
    key.chmod(0o600)
    said = log_in('x509', {'client_cert': str(cert), 'client_key': str(key)})
    assert said.startswith('CannotAuthenticate')
    assert 'auth_type = userpass' in said


def test_who_is_banned_stops_at_once(client, clients, person, tag):
    from rucio.common.exception import CannotAuthenticate

    banned = clients(person(f'banned-{tag}', f'banned-{tag}'))
    assert banned.whoami()['status'] == 'ACTIVE'
    client.update_account(f'banned-{tag}', 'status', 'SUSPENDED')
    with pytest.raises(CannotAuthenticate):
        banned.whoami()
    client.update_account(f'banned-{tag}', 'status', 'ACTIVE')
    assert banned.whoami()['status'] == 'ACTIVE'


def test_the_owner_gives_a_scope_away(client, clients, person, tag):
    from rucio.common.exception import AccessDenied

    giver = clients(person(f'giver-{tag}', f'giver-{tag}'))
    person(f'taker-{tag}', f'taker-{tag}')
    scope = f'given.{tag}'
    client.add_scope(f'giver-{tag}', scope)
    giver.update_scope(f'taker-{tag}', scope)
    assert scope in client.list_scopes_for_account(f'taker-{tag}')
    with pytest.raises(AccessDenied):
        giver.update_scope(f'giver-{tag}', scope)
