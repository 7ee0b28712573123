"""The functions' zip as this machine can run it."""

import io
import platform
import zipfile
from pathlib import Path

LAMBDA = ("Linux", "x86_64")
OURS = ("app.py", "chalicelib/", "chalice/")


def function_code(path: Path, machine: tuple[str, str] = (platform.system(), platform.machine())) -> bytes:
    """The zip as it goes to AWS; on another kind of machine without its packages, whose wheels are Lambda's.

    There the functions find the same packages in the environment that the emulator runs in.
    """
    if machine == LAMBDA:
        return path.read_bytes()
    lean = io.BytesIO()
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(lean, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in whole.infolist():
            if each.filename.startswith(OURS):
                archive.writestr(each, whole.read(each))
    return lean.getvalue()
