"""The local stack in the foreground: `python -m infra.local.stack [up | down | reset]`.

Emulator, deployed template, stand-in for ECS, front and origin; then one readable line per event, until Ctrl-C, SIGTERM
or the end of one of its parts.
"""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress

from aiohttp import web

from chalicelib.table import DynamoTable
from infra.keys import hook_secret
from infra.local.child import Child
from infra.local.deployment import Deployed, deploy
from infra.local.emulator import Emulator, start_emulator
from infra.local.front import Front
from infra.local.function_logs import FunctionLogs
from infra.local.narration import narrate
from infra.local.prerequisites import check_origin, check_ports
from infra.local.recorders import Recorders
from infra.local.running import StackFacts, pid_file, running_pid, stack_file
from infra.local.secret_parameters import local_key, origin_credentials
from infra.local.settings import LOOPBACK, ROOT, LocalSettings, past_proxies, read_settings
from infra.local.state import check_state, claim, forget
from infra.local.trouble import Trouble
from infra.local.warm_up import warm_up
from infra.package import PackageError, package

READY = "Ready in "
"""A line that begins so says that the stack can be used and stack.json is there."""


class Stack:
    """One run of the local stack."""

    def __init__(self, settings: LocalSettings, environment: Mapping[str, str]) -> None:
        self.settings = settings
        self.environment = environment
        self.logs = settings.state / "log"
        self._started = time.monotonic()
        self._ended = asyncio.Event()
        self._at_once = asyncio.Event()
        self._reason = ""
        self._watching: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Start, tell, wait for an end, stop; raises Trouble where a part ended by itself."""
        shutil.rmtree(self.logs, ignore_errors=True)  # of the run before
        self.logs.mkdir(parents=True)
        for signal_ in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signal_, self.end, "")
        async with AsyncExitStack() as parts:
            facts = await self._start(parts)
            if not self._ended.is_set():
                facts.write(stack_file(self.settings.state))
                parts.callback(stack_file(self.settings.state).unlink, missing_ok=True)
                self._introduce(facts)
            await self._ended.wait()
            print("Stopping: recorders finish their files first (Ctrl-C once more ends them at once).", flush=True)
        if self._reason:
            raise Trouble(self._reason)

    def end(self, reason: str) -> None:
        """Let the stack end; `reason` is empty where somebody asked for it, who may ask twice."""
        if self._ended.is_set() and not reason:
            self._at_once.set()
        self._reason = self._reason or reason
        self._ended.set()

    async def _start(self, parts: AsyncExitStack) -> StackFacts:
        """Every part in order; they end in the opposite one."""
        settings = self.settings
        packaging = asyncio.create_task(asyncio.to_thread(package, settings.state / "package"))
        emulator = await asyncio.to_thread(start_emulator, settings, self.logs / "emulator.log")
        parts.callback(emulator.stop)
        if emulator.process:
            self._watch(emulator.process)
        made = await packaging
        self._say("The emulator runs, the functions are packaged")
        deployed, changed = await asyncio.to_thread(deploy, emulator, made, settings, self.environment)
        self._say("The template is deployed" if changed else "Nothing has changed since it was deployed")
        dynamodb, ssm = emulator.client("dynamodb"), emulator.client("ssm")
        table = DynamoTable(deployed.table, lambda: dynamodb)
        secret_id, secret_key = await asyncio.to_thread(local_key, table, ssm, deployed.parameter_prefix)
        secret = await asyncio.to_thread(hook_secret, ssm, deployed.parameter_prefix)

        function_logs = FunctionLogs(emulator.client("logs"), deployed.functions.values(), self._tell)
        function_logs.start()
        parts.push_async_callback(asyncio.to_thread, function_logs.stop)
        await self._serve(parts, Front(emulator.endpoint, deployed).application(), settings.front_port)
        await self._start_recorders(parts, emulator, deployed)
        credentials = await asyncio.to_thread(origin_credentials, emulator.client("ssm"), deployed.parameter_prefix)
        self._start_origin(parts, secret, credentials)
        await asyncio.to_thread(warm_up, emulator.client("lambda"), deployed.functions)
        self._say("The functions, the front and the origin are up")
        second = asyncio.create_task(self._warm_up_seconds(emulator, deployed))
        parts.push_async_callback(asyncio.wait, [second])
        return StackFacts(
            api=f"http://{LOOPBACK}:{settings.front_port}",
            rtmp=f"rtmp://{LOOPBACK}:{settings.rtmp_port}",
            media=f"http://{LOOPBACK}:{settings.front_port}/media",
            aws_endpoint=emulator.endpoint,
            region=settings.region,
            bucket=deployed.bucket,
            table=deployed.table,
            secret_id=secret_id,
            secret_key=secret_key,
            push_domain=settings.push_domain,
        )

    async def _warm_up_seconds(self, emulator: Emulator, deployed: Deployed) -> None:
        """A publish hook is still held when the recorder's play hook comes: each function is needed twice by then."""
        with suppress(Trouble):  # the first of each has started
            await asyncio.to_thread(warm_up, emulator.client("lambda"), deployed.functions, at_once=2)

    async def _start_recorders(self, parts: AsyncExitStack, emulator: Emulator, deployed: Deployed) -> None:
        recorders = Recorders(emulator, deployed, log=self.logs / "recorders.log", on_line=self._tell)
        await self._serve(parts, recorders.ecs.application(), self.settings.ecs_port)
        killing = asyncio.create_task(recorders.kill_overdue())
        parts.callback(killing.cancel)
        parts.push_async_callback(recorders.stop_all, self.settings.stop_seconds, self._at_once)

    def _start_origin(self, parts: AsyncExitStack, secret: str, credentials: str) -> None:
        environment = {
            **os.environ,
            "ORIGIN_PORT": str(self.settings.rtmp_port),
            "ORIGIN_HOOKS": f"http://{LOOPBACK}:{self.settings.front_port}/hooks/srs",
            "ORIGIN_SECRET": secret,
            "ORIGIN_API_PORT": str(self.settings.origin_api_port),
            "ORIGIN_API_CREDENTIALS": credentials,
        }
        origin = Child(
            "the origin",
            ["node", str(ROOT / "infra" / "local" / "origin.js")],
            environment,
            log=self.logs / "origin.log",
            on_line=self._tell,
        )
        parts.push_async_callback(asyncio.to_thread, origin.stop, 5.0)
        self._watch(origin)

    async def _serve(self, parts: AsyncExitStack, application: web.Application, port: int) -> None:
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        parts.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, LOOPBACK, port).start()

    def _watch(self, child: Child) -> None:
        async def until_it_ends() -> None:
            code = await asyncio.to_thread(child.wait)
            if not self._ended.is_set():
                self.end(f"{child.name.capitalize()} ended (exit code {code}): see {self.logs}.")

        self._watching.append(asyncio.create_task(until_it_ends()))

    def _tell(self, line: str) -> None:
        told = narrate(line)
        if told:
            print(told, flush=True)

    def _say(self, what: str) -> None:
        print(f"{time.monotonic() - self._started:5.1f} s  {what}.", flush=True)

    def _introduce(self, facts: StackFacts) -> None:
        print(
            f"""
  API          {facts.api}        (SecretId {facts.secret_id}, SecretKey {facts.secret_key})
  push         {facts.rtmp}/live/room-7?vhost={facts.push_domain}
  media        {facts.media}
  AWS          {facts.aws_endpoint}        (bucket {facts.bucket}, table {facts.table})
  files        {stack_file(self.settings.state)}, logs in {self.logs}

{READY}{time.monotonic() - self._started:.1f} s. Ctrl-C ends it; what was recorded is kept until `make reset`.
""",
            flush=True,
        )


def up(settings: LocalSettings) -> None:
    """Run the stack until it is ended; raises Trouble."""
    state = settings.state
    check_state(state)
    pid = running_pid(state)
    if pid:
        raise Trouble(f"A stack already runs with the state in {state} (process {pid}): `make down` ends it.")
    check_origin()
    check_ports(settings)
    claim(state)
    stack_file(state).unlink(missing_ok=True)
    pid_file(state).write_text(str(os.getpid()))
    try:
        asyncio.run(_run(settings))
    except PackageError as error:
        raise Trouble(str(error)) from error
    finally:
        pid_file(state).unlink(missing_ok=True)


async def _run(settings: LocalSettings) -> None:
    await Stack(settings, os.environ).run()


def down(settings: LocalSettings) -> None:
    """End the stack that uses this state and wait for it."""
    pid = running_pid(settings.state)
    if pid is None:
        print("No stack runs.")
        return
    os.kill(pid, signal.SIGTERM)
    while running_pid(settings.state) == pid:
        time.sleep(0.1)
    print("Stopped.")


def reset(settings: LocalSettings) -> None:
    """Forget everything; raises Trouble while a stack runs, and where the state is none of a stack's."""
    state = settings.state
    check_state(state)
    if running_pid(state):
        raise Trouble("The stack is running: `make down` first.")
    left = forget(state)
    if left:
        print(f"Removed what the stack had made in {state}, and left what else is there: {', '.join(left)}.")
    else:
        print(f"Removed {state}.")


def main() -> None:
    """The command line; a trouble is one sentence and exit code 1."""
    commands = {"up": up, "down": down, "reset": reset}
    name = sys.argv[1] if len(sys.argv) > 1 else "up"
    if name not in commands:
        sys.exit(f"usage: python -m infra.local.stack [{' | '.join(commands)}]")
    os.environ.update(past_proxies(os.environ))
    try:
        commands[name](read_settings())
    except (Trouble, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
