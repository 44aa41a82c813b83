"""What the stories of single commands are told on: all that it gives is new, and small."""
import json
from datetime import datetime, timedelta

from rucio.common.exception import RuleNotFound

# What a story gives where its command does not do what it is for: at Sluice, or at any server.
NOT_HERE, NOWHERE = 'not here', 'not at Rucio either'

RULES = [{'activity': 'User Subscriptions', 'copies': 1, 'rse_expression': None, 'grouping': 'DATASET'}]


def of(did):
    """Scope and name of a DID."""
    return did.split(':', 1)


def words(did):
    """A DID as the Python client takes it in lists."""
    scope, name = of(did)
    return {'scope': scope, 'name': name}


def pairs(result):
    """What a command printed as `key : value`."""
    lines = (line.split(':', 1) for line in result.out.splitlines() if ':' in line)
    return {key.strip(): value.strip() for key, value in lines}


class Ground:
    """Accounts, RSEs, DIDs and rules for one question each; `client` looks at what a command did."""

    def __init__(self, request, client, lake, home):
        self.client = client
        self.scope, self.disk, self.archive = lake.scope, lake.disk, lake.archive
        self._request, self._tag, self._home, self._count = request, lake.tag, home, 0

    def word(self):
        """A name that nothing has."""
        self._count += 1
        return f'e-{self._tag}-{self._count}'

    def email(self, account):
        return f'{account}@example.org'

    def account(self, kind='USER'):
        name = self.word()
        self.client.add_account(name, kind, self.email(name))
        return name

    def identity(self, account):
        """A password for an account; the identity has its name."""
        self.client.add_identity(account, account, 'USERPASS', self.email(account), password='every word')
        return account

    def attributes(self, account):
        return {row['key']: row['value'] for row in next(self.client.list_account_attributes(account))}

    def rse(self):
        """An RSE without protocols."""
        name = self.word().upper()
        self.client.add_rse(name)
        return name

    def protocol(self, rse):
        """A protocol for an RSE; gives its host."""
        host = f'{rse.lower()}.example.org'
        self.client.add_protocol(rse, {
            'scheme': 'https', 'hostname': host, 'port': 443, 'prefix': '/data/',
            'impl': 'rucio.rse.protocols.webdav.Default',
            'domains': {'wan': {'read': 1, 'write': 1, 'delete': 1}}})
        return host

    def hosts(self, rse):
        """The hosts of an RSE's protocols."""
        return [each['hostname'] for each in self.client.get_rse(rse)['protocols']]

    def distance(self, one, other):
        """How far one RSE is from another, or None."""
        rows = self.client.get_distance(one, other)
        return rows[0]['distance'] if rows else None

    def file(self):
        """A file with a copy at `disk`."""
        name = f'{self.word()}.root'
        self.client.add_replicas(self.disk, [
            {'scope': self.scope, 'name': name, 'bytes': 10, 'adler32': '0a1b2c3d'}])
        return f'{self.scope}:{name}'

    def dataset(self, *files):
        """A dataset of these files, or of a new one."""
        name = self.word()
        self.client.add_dataset(self.scope, name)
        self.client.attach_dids(self.scope, name, [words(did) for did in files or [self.file()]])
        return f'{self.scope}:{name}'

    def container(self, *children):
        name = self.word()
        self.client.add_container(self.scope, name)
        self.client.attach_dids(self.scope, name, [words(did) for did in children])
        return f'{self.scope}:{name}'

    def content(self, did):
        return [f'{row["scope"]}:{row["name"]}' for row in self.client.list_content(*of(did))]

    def own(self, did):
        """Its own metadata."""
        return self.client.get_metadata(*of(did), plugin='JSON')

    def copy(self, did):
        """The copy of a file at `disk`: its PFN and its state."""
        [row] = self.client.list_replicas([words(did)], all_states=True)
        return row['rses'][self.disk][0], row['states'][self.disk]

    def rule(self, did, expression=None):
        [rule] = self.client.add_replication_rule([words(did)], 1, expression or self.disk)
        return rule

    def ends(self, rule):
        """Whether a rule is about to go, or gone."""
        try:
            return self.client.get_replication_rule(rule)['expires_at'] is not None
        except RuleNotFound:
            return True

    def standing_order(self, pattern=None):
        """A subscription's filter and rules, as JSON: of a pattern that nothing has, or of this."""
        rules = [{**RULES[0], 'rse_expression': self.disk}]
        return json.dumps({'scope': [self.scope], 'pattern': pattern or self.word()}), json.dumps(rules)

    def subscription(self, pattern=None):
        name = self.word()
        chosen, rules = (json.loads(text) for text in self.standing_order(pattern))
        self.client.add_subscription(name, self.client.account, chosen, rules, 'every word', None, False, False)
        return name

    def subscribed(self, name):
        """A subscription, its filter and rules read."""
        [row] = self.client.list_subscriptions(name, self.client.account)
        return {**row, 'filter': json.loads(row['filter']), 'replication_rules': json.loads(row['replication_rules'])}

    def dying(self):
        """A dataset that the lifetime model is about to end, and the file that asks for longer."""
        self.client.set_config_option('lifetime_model', 'cutoff_date', self.day(300))
        did = self.dataset()
        self.client.set_metadata(*of(did), 'eol_at', f'{self.day(30)} 00:00:00')
        return did, self.path(f'{did}\n')

    def day(self, ahead):
        return (datetime.now() + timedelta(days=ahead)).strftime('%Y-%m-%d')

    def path(self, text):
        """A file on this machine with this text."""
        path = self._home / f'{self.word()}.txt'
        path.write_text(text)
        return path

    def storage(self):
        """An RSE whose storage takes bytes."""
        return self._request.getfixturevalue('disks')[0]

    def uploaded(self, root):
        """A file with bytes: its DID, and the original."""
        original = self.path('the deep sea')
        root('upload', '--rse', self.storage(), '--scope', self.scope, original)
        return f'{self.scope}:{original.name}', original
