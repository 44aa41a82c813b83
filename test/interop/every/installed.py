"""The commands that the installed client has, taken from its own parsers: prints them as one line of JSON."""
import argparse
import json

import click
from rucio.cli.bin_legacy import rucio as legacy
from rucio.cli.bin_legacy import rucio_admin as admin
from rucio.cli.command import main


def of_group(group, words=()):
    """Every command below a group of click, hidden ones too."""
    context = click.Context(group)
    # All that the client can load, not only what it shows by default.
    names = sorted({*group.commands, *getattr(group, 'COMMAND_MAP', ())})
    for name in names:
        lazy = name not in group.commands
        command = group._lazy_load(name) if lazy else group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from of_group(command, (*words, name))
        else:
            yield ' '.join((*words, name))


def of_parser(parser, words=()):
    """Every command below a parser of argparse."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield ' '.join(words)
    for action in below:
        for name, parser in action.choices.items():
            yield from of_parser(parser, (*words, name))


print(json.dumps({
    'new_style': sorted(of_group(main)),
    'legacy': sorted(of_parser(legacy.get_parser())),
    'admin': sorted(of_parser(admin.get_parser())),
}))
