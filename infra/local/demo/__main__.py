"""`make demo`: a stack, a customer, a live stream, and every file that came of it checked."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from av.error import FFmpegError
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from infra.local.demo.progress import Progress
from infra.local.demo.report import Outcome, figures, table
from infra.local.demo.settings import read_demo_settings
from infra.local.demo.stack_process import StackProcess
from infra.local.demo.story import play
from infra.local.running import StackFacts, running_pid, stack_file
from infra.local.settings import past_proxies, read_settings
from infra.local.state import check_state
from infra.local.trouble import Trouble


def main() -> None:
    """Run the demo; ends with exit code 1 and one sentence where something is missing."""
    signal.signal(signal.SIGTERM, _leave)
    os.environ.update(past_proxies(os.environ))
    try:
        demo()
    except Trouble as trouble:
        sys.exit(f"demo: {trouble}")
    except KeyboardInterrupt:
        sys.exit("demo: ended by you.")


def demo() -> None:
    """Start the stack, live the customer's story, print what came of it, end what was started; raises Trouble."""
    settings, progress = read_demo_settings(), Progress()
    state = read_settings().state
    check_state(state)
    if running_pid(state):
        progress.line("stack", f"the one that runs already, with its state in {state}")
        outcome = _played(StackFacts.read(stack_file(state)), settings.duration, progress, state)
        print(f"\n{table(outcome.files)}\n\n{figures(outcome)}")
        return
    stack = StackProcess(state, state / "demo.log", {})
    progress.line("stack", f"starting, its output goes to {stack.log}")
    facts = stack.start()
    try:
        progress.line("stack", f"ready after {stack.start_seconds:.1f} s: API {facts.api}, push to {facts.rtmp}")
        outcome = _played(facts, settings.duration, progress, state)
        print(f"\n{table(outcome.files)}\n\n  stack ready after {stack.start_seconds:.1f} s\n{figures(outcome)}")
    finally:
        if settings.keep:
            progress.line("stack", "still up: `make down` ends it")
        else:
            stack.stop()
            progress.line("stack", "everything that was started has ended")


def _played(stack: StackFacts, seconds: int, progress: Progress, state: Path) -> Outcome:
    try:
        return play(stack, seconds, progress)
    except TencentCloudSDKException as error:
        raise Trouble(f"The API refused a request: {error.code}: {error.message} Logs are in {state}/log.") from error
    except TimeoutError as error:
        raise Trouble(f"A callback is missing: {error}. Logs are in {state}/log.") from error
    except FFmpegError as error:
        raise Trouble(f"The clip could not be published: {error}. Logs are in {state}/log.") from error


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
