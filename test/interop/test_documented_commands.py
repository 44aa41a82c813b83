"""Every command that the documentation shows is one that the official client understands."""
import json
import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Its table has names of commands without their words; test_every_command.py runs them.
PAGES = [ROOT / 'README.md', *(page for page in sorted((ROOT / 'docs').glob('*.md')) if page.stem != 'compatibility')]
PROGRAMS = ('rucio', 'rucio-admin')


def commands_of(block):
    """The words of each command of a shell block: quotes and backslashes may go over lines."""
    pending = ''
    for line in block.splitlines():
        pending += line + '\n'
        try:
            words = shlex.split(pending.replace('\\\n', ' '), comments=True)
        except ValueError:
            continue
        if pending.endswith('\\\n'):
            continue
        pending = ''
        yield words


def shown(page):
    """The commands of a page: in blocks, and in a line of text where they have options and nothing is left out."""
    text = page.read_text()
    for block in re.findall(r'^ *```sh\n(.*?)^ *```', text, re.MULTILINE | re.DOTALL):
        yield from commands_of(block)
    for code in re.findall(r'`(rucio(?:-admin)? [a-z][^`]*)`', text):
        if ' --' in code and '…' not in code:
            yield shlex.split(code.replace('\n', ' '))


def test_the_documentation_shows_commands_that_the_client_understands(root, tmp_path):
    commands = [words for page in PAGES for words in shown(page) if words and words[0] in PROGRAMS]
    assert len(commands) > 50
    # What the shell would put in is JSON everywhere it is asked to be.
    filled = [[re.sub(r'\$\w+', '{}', word) for word in words] for words in commands]
    asked = tmp_path / 'commands'
    asked.write_text('\n'.join(json.dumps(words) for words in filled))
    assert root.python('understood.py', asked) == []
