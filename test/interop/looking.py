"""What stories look at: files on disk, the text of a command, and what becomes true in time."""
import os
import re
import time

COPIED_WITHIN_SECONDS = 90


def same_bytes(directory, paths):
    """Downloaded files under a directory are byte for byte the originals."""
    for path in paths:
        found = list(directory.rglob(path.name))
        assert len(found) == 1, f'{path.name} is not below {directory}'
        assert found[0].read_bytes() == path.read_bytes()


def lay_down(path, content):
    """Writes a file into a storage's directory behind its back, as the user that the storage is."""
    made = [path, *(parent for parent in path.parents if not parent.exists())]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    owner = made[-1].parent.stat()
    for each in made:
        os.chown(each, owner.st_uid, owner.st_gid)


def squeezed(result):
    """A command's output with every run of blanks made two: columns are as wide as their contents."""
    return re.sub('  +', '  ', result.out)


def counted(download):
    """The numbers of a download's summary."""
    lines = re.findall(r'^(.+?): +(\d+)$', download.out, re.MULTILINE)
    return {what: int(number) for what, number in lines}


def eventually(true):
    """Asks again until it is true: the daemons work while we look."""
    until = time.monotonic() + COPIED_WITHIN_SECONDS
    while not true():
        assert time.monotonic() < until, f'not within {COPIED_WITHIN_SECONDS} s'
        time.sleep(0.5)
