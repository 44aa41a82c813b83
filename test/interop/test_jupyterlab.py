"""The calls of the JupyterLab extension (rucio-jupyterlab on PyPI), word for word as it sends them.

It speaks without Rucio's client: no Accept header, no headers but the token, lists of Python in the query,
names unquoted in paths, and every field of a rule, null or not.
"""
import http.client
import json
import time
from datetime import datetime
from urllib.parse import quote, urlencode, urlparse

import pytest


class Lab:
    """The extension, logged in by a password as one account."""

    def __init__(self, server, user):
        self._url, self._user, self._token = urlparse(server['url']), user, None

    def send(self, method, path, params=None, body=None, headers=None):
        """One request: status, headers and text of the answer."""
        connection = http.client.HTTPConnection(self._url.netloc, timeout=30)
        target = quote(f'/{path}') + (f'?{urlencode(params)}' if params else '')
        connection.request(method, target, body and json.dumps(body), headers or {'X-Rucio-Auth-Token': self.token})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    def get(self, path, **params):
        """The text of an answer that is none of an error."""
        status, _, text = self.send('GET', path, params)
        assert status == 200, text
        return text

    def lines(self, path, **params):
        return [json.loads(line) for line in self.get(path, **params).strip().splitlines()]

    def log_in(self):
        """The headers of a login: no account where the user gave none, and the extension's name."""
        headers = {'X-Rucio-Username': self._user['username'], 'X-Rucio-Password': self._user['password'],
                   'X-Rucio-AppID': 'swan'}
        status, answered, text = self.send('GET', 'auth/userpass', headers=headers)
        assert status == 200, text
        return answered

    @property
    def token(self):
        if self._token is None:
            self._token = self.log_in()['X-Rucio-Auth-Token']
        return self._token


@pytest.fixture(scope='module')
def lab(server):
    return Lab(server, server)


def test_it_logs_in_and_knows_how_long_that_lasts(lab):
    expires = lab.log_in()['X-Rucio-Auth-Token-Expires']
    # Its own way to read the time; a token that seems expired is asked for again with every call.
    until = datetime.strptime(expires, '%a, %d %b %Y %H:%M:%S %Z').timestamp() - time.timezone
    assert 60 < until - time.time() <= 86_400


def test_a_wrong_password_is_told_in_the_headers(server):
    status, headers, _ = Lab(server, {**server, 'password': 'no'}).send(
        'GET', 'auth/userpass', headers={'X-Rucio-Username': server['username'], 'X-Rucio-Password': 'no'})
    assert (status, headers['ExceptionClass']) == (401, 'CannotAuthenticate')


def test_a_token_is_validated(lab):
    assert lab.get('auth/validate')
    status, headers, _ = lab.send('GET', 'auth/validate', headers={'X-Rucio-Auth-Token': 'nonsense'})
    assert (status, headers['ExceptionClass']) == (401, 'CannotAuthenticate')


def test_scopes_and_rses_are_offered(lab, lake):
    assert lake.scope in json.loads(lab.get('scopes'))
    assert {lake.disk, lake.archive} <= {row['rse'] for row in lab.lines('rses')}
    assert lab.lines('rses', expression=lake.disk) == [{'rse': lake.disk}]


def test_dids_are_searched_by_name(lab, lake):
    found = lab.lines(f'dids/{lake.scope}/dids/search', type='collection', long='1', name='mc_*')
    assert sorted(row['name'] for row in found) == sorted([lake.production, lake.other])
    # It shows the type in lower case, and the size.
    assert {(row['did_type'].lower(), row['bytes']) for row in found} == {('dataset', 12345), ('dataset', 0)}


@pytest.mark.parametrize('criteria', [
    {'Production': 'TeV_low', 'NumberShowers.gt': '2000'},
    {'Production': 'TeV_low', 'ParticleType': 'muon'},
    {'created_at.gte': '2020-01-01 00:00:00', 'ParticleType': 'muon'},
])
def test_and_by_metadata_in_a_list_of_python(lab, lake, criteria):
    filters = str([{**criteria, 'name': '*'}])
    found = lab.lines(f'dids/{lake.scope}/dids/search', type='collection', long='1', name='*', filters=filters)
    assert [row['name'] for row in found] == [lake.production]


def test_a_criterion_with_two_bounds_finds_nothing(lab, lake):
    # It puts quotes around such a key, which nothing has then.
    filters = str([{"'NumberShowers'.gt": '1000', "'NumberShowers'.lt": '3000', 'name': '*'}])
    assert lab.lines(f'dids/{lake.scope}/dids/search', type='all', long='1', name='*', filters=filters) == []


def test_a_did_is_browsed(lab, lake):
    name = f'{lake.scope}/{lake.run}'
    assert json.loads(lab.get(f'dids/{name}/meta'))['did_type'] == 'DATASET'
    files = lab.lines(f'dids/{name}/files')
    assert sorted(row['name'] for row in files) == sorted(file['name'] for file in lake.files[:2])
    parents = lab.lines(f'dids/{lake.scope}/{files[0]["name"]}/parents')
    assert (lake.run, 'DATASET') in [(row['name'], row['type']) for row in parents]


def test_copies_are_looked_for_at_the_rse_of_the_notebook(lab, lake):
    rows = lab.lines(f'replicas/{lake.scope}/{lake.run}')
    for row in rows:
        assert row['states'][lake.disk] == 'AVAILABLE'
        assert row['rses'][lake.disk][0].endswith(row['name'])
    assert sum(row['bytes'] for row in rows) == sum(file['bytes'] for file in lake.files[:2])


def test_a_did_is_made_available_by_a_rule_of_all_fields(lab, lake, server):
    rule = {'dids': [{'scope': lake.scope, 'name': lake.run}], 'copies': 1, 'rse_expression': lake.disk,
            'weight': None, 'lifetime': None, 'grouping': 'DATASET', 'account': None, 'locked': False,
            'source_replica_expression': None, 'activity': None, 'notify': 'N', 'purge_replicas': False,
            'ignore_availability': False, 'comment': None, 'ask_approval': False, 'asynchronous': False,
            'priority': 3, 'meta': None}
    headers = {'X-Rucio-Auth-Token': lab.token, 'Content-Type': 'application/json'}
    status, _, text = lab.send('POST', 'rules/', body=rule, headers=headers)
    assert status == 201, text
    [made] = json.loads(text)
    shown = json.loads(lab.get(f'rules/{made}'))
    assert (shown['state'], shown['expires_at'], shown['account']) == ('OK', None, server['account'])
    rules = {row['id']: row['state'] for row in lab.lines(f'dids/{lake.scope}/{lake.run}/rules')}
    assert rules[made] == 'OK'
    status, headers, _ = lab.send('POST', 'rules/', body=rule, headers=headers)
    assert (status, headers['ExceptionClass']) == (409, 'DuplicateRule')


def test_what_is_not_there_is_told_by_class_and_message(lab, lake):
    status, headers, text = lab.send('GET', f'dids/{lake.scope}/not-there/files')
    assert (status, headers['ExceptionClass']) == (404, 'DataIdentifierNotFound')
    assert 'not-there' in headers['ExceptionMessage'] and 'not-there' in text
