"""The recorder's process: `SESSION_ID=… python -m recorder_task`. SIGTERM ends it with complete files."""

import os
import sys
import time

from chalicelib.logs import log
from chalicelib.settings import settings
from recorder_task.aws.connect import connected
from recorder_task.recorder import FAILED, OK, Recorder
from recorder_task.session.control import AlreadyClaimed, Control, SessionUnavailable
from recorder_task.session.stop import Stop, set_by_signals
from recorder_task.settings import Launch, launch


def main(how: Launch, stop: Stop) -> int:
    """Record the session this process was launched for; returns the exit code."""
    session_id = how.session_id
    if not session_id:
        log("recorder_refused", reason="SESSION_ID is not set")
        return FAILED
    try:
        with connected(settings(), how.aws) as (bucket, table):
            control = Control(table, session_id, settings(), time.time, launch=how.number)
            return Recorder(settings(), bucket, control, stop, time.time).run()
    except SessionUnavailable as reason:
        log("recorder_refused", session_id=session_id, reason=str(reason))
        return OK if isinstance(reason, AlreadyClaimed) else FAILED
    except Exception as error:  # the last line of the log says why, whatever it was
        log("recorder_failed", session_id=session_id, reason=f"{type(error).__name__}: {error}")
        return FAILED


def run() -> None:
    """Run until the end, then leave without waiting for a read that nothing can break off."""
    stop = Stop()
    set_by_signals(stop)
    code = main(launch(), stop)
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
