"""The states of a stream and of an HLS file that waits for it, as tables: every state, every event, what follows."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.ingest.hooks import UnpublishHook
from chalicelib.recording.waiting import WaitingFile
from chalicelib.table import ConditionFailed, Delete, Put, Update
from tests.fakes.table import FakeTable
from tests.fakes.world import HOOK, STREAM, World, hls_entry

FILE_WAITS = WaitingFile(
    file=hls_entry("template-1", began_at=0.0),
    paused_at=1000.0,
    deadline=1600.0,
)
EVENTS: dict[str, Callable[[WaitingFile], Put | Update | Delete]] = {
    "its stream ends": WaitingFile.put_away,
    "its stream returns": WaitingFile.taken,
    "its recording is stopped": lambda waiting: waiting.let_go(1200.0),
    "the tick finds it due": WaitingFile.ending,
    "it is committed": WaitingFile.ended,
}
NOBODY, REFUSED = "nobody's", "refused"
WAITS, LET_GO, ENDS = "waiting until 1600", "waiting until 1200", "ending"


def state_of(table: FakeTable) -> str:
    """The file's state as the table has it."""
    item = table.items.get(FILE_WAITS.key)
    if item is None:
        return NOBODY
    return ENDS if item["state"] == "ending" else f"waiting until {item['deadline']:.0f}"


def happens(table: FakeTable, event: str) -> bool:
    """Whether an event could happen."""
    try:
        match EVENTS[event](FILE_WAITS):
            case Put() as put:
                table.put(put)
            case Update() as update:
                table.update(update)
            case Delete() as delete:
                table.delete(delete)
    except ConditionFailed:
        return False
    return True


WAY_TO = {
    NOBODY: [],
    WAITS: ["its stream ends"],
    LET_GO: ["its stream ends", "its recording is stopped"],
    ENDS: ["its stream ends", "the tick finds it due"],
}


@pytest.mark.parametrize(
    ("before", "event", "after"),
    [
        (NOBODY, "its stream ends", WAITS),
        (NOBODY, "its stream returns", REFUSED),
        (NOBODY, "its recording is stopped", REFUSED),
        (NOBODY, "the tick finds it due", REFUSED),
        (NOBODY, "it is committed", NOBODY),
        (WAITS, "its stream ends", WAITS),
        (WAITS, "its stream returns", NOBODY),
        (WAITS, "its recording is stopped", LET_GO),
        (WAITS, "the tick finds it due", ENDS),
        (WAITS, "it is committed", NOBODY),
        (LET_GO, "its stream returns", NOBODY),
        (LET_GO, "its recording is stopped", REFUSED),
        (LET_GO, "the tick finds it due", REFUSED),
        (ENDS, "its stream returns", REFUSED),
        (ENDS, "its recording is stopped", REFUSED),
        (ENDS, "the tick finds it due", ENDS),
        (ENDS, "it is committed", NOBODY),
    ],
)
def test_a_file_that_waits(before: str, event: str, after: str) -> None:
    table = FakeTable()
    for step in WAY_TO[before]:
        assert happens(table, step)
    assert state_of(table) == before
    assert happens(table, event) is (after != REFUSED)
    assert state_of(table) == (before if after == REFUSED else after)


def comes(client_id: str) -> Callable[[World], None]:
    """A publish."""
    return lambda world: world.publish(replace(HOOK, client_id=client_id))


def goes(client_id: str) -> Callable[[World], None]:
    """An unpublish."""
    return lambda world: world.unpublish(UnpublishHook(stream=STREAM, client_id=client_id))


def claims(world: World) -> None:
    """The newest session's recorder is at work."""
    world.claim(world.sessions()[-1]["session_id"])


def pull_ends(world: World) -> None:
    """The newest session's recorder has seen the end of its pull: EOF, EIO, or 30 s without a byte."""
    world.end(world.sessions()[-1]["session_id"], "source ended")


ENDED, LIVE = "ended", "live"


@pytest.mark.parametrize(
    ("events", "sessions"),
    [
        pytest.param([comes("a")], [("a", LIVE)], id="it is published"),
        pytest.param([comes("a"), comes("a")], [("a", LIVE)], id="its publish is told twice"),
        pytest.param([goes("a")], [], id="an end without a beginning"),
        pytest.param([comes("a"), goes("a")], [("a", ENDED)], id="it ends"),
        pytest.param([comes("a"), goes("a"), goes("a")], [("a", ENDED)], id="its end is told twice"),
        pytest.param([comes("a"), claims, pull_ends], [("a", LIVE)], id="its pull ends and nobody says unpublish"),
        pytest.param(
            [comes("a"), claims, pull_ends, goes("a")], [("a", ENDED)], id="its pull ends before the unpublish"
        ),
        pytest.param(
            [comes("a"), claims, pull_ends, comes("b")],
            [("a", ENDED), ("b", LIVE)],
            id="nobody said unpublish, and it returns",
        ),
        pytest.param(
            [comes("a"), claims, pull_ends, comes("a")],
            [("a", ENDED), ("a", LIVE)],
            id="nobody said unpublish, and it returns on a connection of the same name",
        ),
        pytest.param([comes("a"), goes("a"), comes("b")], [("a", ENDED), ("b", LIVE)], id="it returns"),
        pytest.param(
            [comes("a"), claims, comes("b")], [("a", ENDED), ("b", LIVE)], id="it returns before it was missed"
        ),
        pytest.param(
            [comes("a"), claims, comes("b"), goes("a")],
            [("a", ENDED), ("b", LIVE)],
            id="the old connection's end is told behind the return",
        ),
        pytest.param(
            [comes("a"), claims, comes("b"), goes("a"), goes("a"), goes("b"), goes("b")],
            [("a", ENDED), ("b", ENDED)],
            id="every end is told twice",
        ),
        pytest.param(
            [comes("a"), claims, comes("b"), goes("b")],
            [("a", ENDED), ("b", ENDED), ("a", LIVE)],
            id="a second publisher is turned away by the origin",
        ),
    ],
)
def test_a_stream(events: list[Callable[[World], None]], sessions: list[tuple[str, str]], world: World) -> None:
    world.rule(world.template("Hls", HlsSpecialParam={"FlowContinueDuration": 120}))
    for event in events:
        world.now += 1
        event(world)
    found = sorted(world.sessions(), key=lambda session: float(session["published_at"]))
    states = [(each["client_id"], ENDED if "unpublished_at" in each else LIVE) for each in found]
    assert states == sessions
    live = [item["client_id"] for item in world.having("client_id", "published_at") if "orders" not in item]
    assert live == [client for client, state in sessions if state == LIVE]
