"""Compiled modules in the functions' zip: a function cannot write beside its sources, and compiling is most of a start.

They are of the interpreter that packages, whose version is the functions' runtime too, and are not checked against
their sources: what is in a zip does not change, while its times do.
"""

import compileall
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory


def add_bytecode(path: Path) -> None:
    """Put the compiled form of every module into the zip at `path`, in the place of any that is in it."""
    with TemporaryDirectory() as directory:
        unpacked = Path(directory)
        with zipfile.ZipFile(path) as archive:
            archive.extractall(unpacked, [name for name in archive.namelist() if not name.endswith(".pyc")])
        mode = PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(unpacked, quiet=2, stripdir=directory, invalidation_mode=mode)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(each for each in unpacked.rglob("*") if each.is_file()):
                archive.write(file, file.relative_to(unpacked))
