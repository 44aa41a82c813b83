"""Each command of the official command lines, and the page that tells what came of it."""
from importlib.metadata import version

import pytest

from every.ground import Ground
from every.telling import FULL, PAGE, STYLES, Run, key_of, page, row, sampled

STORIES = list(sampled())


@pytest.fixture(scope='module')
def installed(root):
    """The commands of each style, from the parsers of the installed client."""
    return root.python('every/installed.py')


@pytest.fixture(scope='module')
def results():
    """What came of each command, by style: None, or where it does not do what it is for."""
    return {style.name: {} for style in STYLES}


@pytest.fixture(scope='module')
def ground(request, client, lake, tmp_path_factory):
    return Ground(request, client, lake, tmp_path_factory.mktemp('every'))


def test_every_command_of_the_client_has_a_story(installed):
    for style in STYLES:
        assert sorted(style.stories) == sorted(key_of(command) for command in installed[style.name])


@pytest.mark.parametrize('style, key', STORIES, ids=[f'{style.name}-{key}' for style, key in STORIES])
def test_it(style, key, root, ground, installed, results):
    command = next(each for each in installed[style.name] if key_of(each) == key)
    results[style.name][command] = style.stories[key](Run(root, style, command), ground)


def test_the_page_tells_it(installed, results):
    """Written when all were asked; else every line that was seen now stands there as it is."""
    if FULL and all(len(results[style.name]) == len(installed[style.name]) for style in STYLES):
        PAGE.write_text(page(version('rucio-clients'), installed, results))
    told = PAGE.read_text().splitlines()
    for style in STYLES:
        for command, result in results[style.name].items():
            assert row(style, command, result) in told
        for command in installed[style.name]:
            assert any(line.startswith(f'| `{style.shown(command)}` |') for line in told), command
