"""The recorder's side of the session's item: claim, orders, heartbeat, outcomes, end; writes fenced by its epoch.

Outcomes and the reports that nobody was told of yet are written in one update.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.logs import log
from chalicelib.recording.orders import SessionOrders
from chalicelib.recording.untold import UNTOLD
from chalicelib.settings import Settings
from chalicelib.table import Absent, Compare, Condition, ConditionFailed, Path, Table, Update
from recorder_task.session.journal import Journal, Replaced
from recorder_task.telling.untold_reports import UntoldReports

Outcomes = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""{recording_id: {format: {"state", "files", "reason", "file_id"}}}"""

SIGNS_OF_NEWS = ("epoch", "orders_version", "unpublished_at")
"""All that is read each second; nothing else of the orders changes without one of these."""


class SessionUnavailable(Exception):
    """There is nothing here to record: the message says why."""


class NoSuchSession(SessionUnavailable):
    """The session id names no item."""


class AlreadyClaimed(SessionUnavailable):
    """Another recorder holds the lease; a second launch is harmless and ends here."""


@dataclass(frozen=True, kw_only=True)
class _Reading:
    orders: SessionOrders
    version: int


class Control:
    """One recorder's hold on its session. A thread reads orders and renews the lease; the media never waits for it."""

    def __init__(
        self, table: Table, session_id: str, settings: Settings, clock: Callable[[], float], *, launch: int = 0
    ) -> None:
        self._table = table
        self._launch = launch
        self._key = keys.session(session_id)
        self._session_id = session_id
        self._settings = settings
        self._clock = clock
        self._epoch = 0
        self._lease_until = 0.0
        self._reading: _Reading | None = None
        self._journal: Journal | None = None
        self._signs: Item = {}
        self._earlier: Outcomes = {}
        self._outcomes: dict[str, Any] = {}
        self._outcomes_changed = False
        self.untold = UntoldReports()
        """What is to be told and is not in the bucket yet: written with the outcomes."""
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._assuring = threading.Lock()
        self._assured_at = float("-inf")
        self._at_work = threading.Lock()
        """Held until the thread shall end, which waits for it; an event would make a lock for every wait."""
        self._at_work.acquire()
        self._on_news: Callable[[], None] = lambda: None
        self._vitals: Callable[[], Mapping[str, Any]] = dict
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    @property
    def is_lost(self) -> bool:
        """Another recorder has taken the session over: nothing more may be written."""
        return self._lost.is_set()

    def journal(self) -> Journal:
        """The journal of the session that was claimed."""
        if self._journal is None:
            self._journal = Journal(self._table, self._session_id, self._epoch, self._lost, self.assure_lease)
        return self._journal

    @property
    def orders(self) -> SessionOrders:
        """The orders as last read."""
        if self._reading is None:
            raise RuntimeError("the session is not claimed yet")
        return self._reading.orders

    def claim(self) -> SessionOrders:
        """Take the session: raises NoSuchSession, or AlreadyClaimed where another recorder lives."""
        item = self._table.get(self._key)
        if item is None:
            raise NoSuchSession(f"no session {self._session_id}")
        now = self._clock()
        if item.get("lease_until", 0) > now and "recorder_ended_at" not in item:
            raise AlreadyClaimed(f"session {self._session_id} has a recorder")
        self._outcomes = self._earlier = item.get("outcomes", {})
        before: Condition = Compare("epoch", "=", item["epoch"]) if "epoch" in item else Absent("epoch")
        lease_until = now + self._settings.lease_seconds
        claim = Update(
            key=self._key,
            set={"lease_until": lease_until, "recorder_started_at": now, **self._as_launch()},
            add={"epoch": 1},
            remove=["recorder_ended_at", "end_reason"],
            when=[before],
        )
        try:
            item = self._table.update(claim)
        except ConditionFailed:
            item = self._claimed_before(item.get("epoch", 0) + 1, now)
        self._lease_until = lease_until
        self._epoch = item["epoch"]
        self.untold.take_over(item)
        self._read(item)
        return self.orders

    def _as_launch(self) -> dict[Path, Any]:
        """Which launch is at work: not always the latest, and perhaps one that was taken for lost."""
        return {"claimed_launch": self._launch, **({"stopped_launch": self._launch - 1} if self._launch else {})}

    def _claimed_before(self, epoch: int, now: float) -> Item:
        """The item where it was our own claim of `now` that came first: its answer was lost, and it was sent again."""
        item = self._table.get(self._key) or {}
        ours = {"epoch": epoch, "recorder_started_at": now, "claimed_launch": self._launch}
        if any(item.get(name) != value for name, value in ours.items()):
            raise AlreadyClaimed(f"session {self._session_id} was claimed by another recorder")
        return item

    @property
    def earlier(self) -> Outcomes:
        """What the session's item said of the recordings when it was claimed."""
        return self._earlier

    @property
    def holds_lease(self) -> bool:
        """Whether nobody else can have taken the session over; who holds no lease says nothing to the customer."""
        return not self.is_lost and self._clock() < self._lease_until

    def assure_lease(self) -> None:
        """Renew a lease that has run out by our own clock, before anything is written; raises Replaced.

        A process that was stopped wakes like this. A table that cannot be reached stops no recording.
        """
        with self._assuring:
            now = self._clock()
            if not self.holds_lease and not self.is_lost and now >= self._assured_at + self._settings.lease_seconds:
                self._assured_at = now
                try:
                    self._renew()
                except Exception as error:
                    log("control_failed", session_id=self._session_id, reason=str(error))
        if self.is_lost:
            raise Replaced

    def follow(self, on_news: Callable[[], None], vitals: Callable[[], Mapping[str, Any]] = dict) -> None:
        """Begin to read orders and to renew the lease.

        `on_news` is called when something has changed, `vitals` for what the session's item shows with each renewal.
        """
        self._on_news = on_news
        self._vitals = vitals
        self._thread.start()

    def report(self, outcomes: Outcomes) -> None:
        """What the session's item shall say of the recordings; written with the next heartbeat."""
        with self._lock:
            merged = {**self._outcomes, **{name: dict(formats) for name, formats in outcomes.items()}}
            if merged != self._outcomes:
                self._outcomes = merged
                self._outcomes_changed = True

    def let_go(self, recording_id: str) -> None:
        """Say no more of a recording."""
        with self._lock:
            self._outcomes = {name: formats for name, formats in self._outcomes.items() if name != recording_id}
            self._outcomes_changed = True

    def end(self, reason: str, *, whatever_was_ordered: bool) -> bool:
        """Give the session back; False where orders came that were not read yet and must be followed first."""
        when: list[Condition] = [Compare("epoch", "=", self._epoch)]
        reading = self._reading
        if not whatever_was_ordered and reading is not None and reading.orders.unpublished_at is None:
            when.append(Compare("orders_version", "=", reading.version))
        ended: dict[Path, Any] = {"recorder_ended_at": self._clock(), "end_reason": reason}
        try:
            self._write(ended, remove=["lease_until"], when=when)
        except ConditionFailed:
            if whatever_was_ordered:
                self._lost.set()
                return True
            self._renew()
            return self.is_lost
        self.close()
        return True

    def close(self) -> None:
        """Stop reading orders."""
        with suppress(RuntimeError):  # it was closed before
            self._at_work.release()

    def _run(self) -> None:
        failing = False
        while not self._at_work.acquire(timeout=self._settings.orders_seconds):
            try:
                self._beat()
                failing = False
            except Exception as error:  # the recording goes on without orders; the lease says how long
                if not failing:
                    log("control_failed", session_id=self._session_id, reason=str(error))
                failing = True
            if self.is_lost:
                self._on_news()
                return

    def _beat(self) -> None:
        has_news = self._outcomes_changed or self.untold.has_news
        if has_news or self._lease_until - self._clock() < self._settings.lease_seconds * 2 / 3:
            self._renew()
            return
        signs = self._table.get(self._key, only=SIGNS_OF_NEWS)
        if signs is None or signs.get("epoch") != self._epoch:
            self._lost.set()
        elif signs != self._signs:
            item = self._table.get(self._key)
            if item is not None:
                self._read(item)

    def _renew(self) -> None:
        lease_until = self._clock() + self._settings.lease_seconds
        renewed: dict[Path, Any] = {"lease_until": lease_until, "heartbeat": dict(self._vitals())}
        try:
            self._read(self._write(renewed, remove=[], when=[Compare("epoch", "=", self._epoch)]))
        except ConditionFailed:
            self._lost.set()
        else:
            self._lease_until = lease_until

    def _write(self, facts: Mapping[Path, Any], *, remove: Sequence[Path], when: Sequence[Condition]) -> Item:
        """Write facts, outcomes and what is untold in one update; a report is among the untold before its outcome."""
        with self._writing:  # an earlier writing that lands later would take back what a later one said
            with self._lock:
                outcomes, self._outcomes_changed = self._outcomes, False
            untold, mark = self.untold.to_write()
            change = Update(
                key=self._key,
                set={**facts, "outcomes": outcomes, **({} if untold is None else {UNTOLD: untold})},
                remove=[*remove, UNTOLD] if untold is None else remove,
                when=when,
            )
            try:
                item = self._table.update(change)
            except Exception:
                self._outcomes_changed = True
                raise
            self.untold.written(mark)
            return item

    def _read(self, item: Item) -> None:
        self._signs = {name: item[name] for name in SIGNS_OF_NEWS if name in item}
        reading = _Reading(orders=SessionOrders.from_item(item), version=item.get("orders_version", 0))
        if reading != self._reading:
            self._reading = reading
            self._on_news()
