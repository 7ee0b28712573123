"""Recovery that dies at any of its requests, before or after it was carried out: the next one ends what it began."""

import threading
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib import keys
from chalicelib.keys import Key
from chalicelib.recording.orders import SessionOrders
from chalicelib.settings import Settings
from chalicelib.table import Update
from recorder_task.aws.connect import connected
from recorder_task.jobs.recovery import Recovery
from recorder_task.session.journal import Journal
from tests.fakes.s3 import FakeS3, Refusal, RequestSeen
from tests.fakes.table import FakeTable
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.moments import Answer, Moment, moments_of
from tests.media.packets import Packet, packets_of
from tests.media.studio import ENVIRONMENT, SESSION_ID, SESSION_KEY, Studio

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=10, width=128, height=96)


class Life:
    """Counts requests to bucket and table; behind the `ends_at`-th nothing is carried out any more."""

    def __init__(self, ends_at: int = 0, when: str = "before") -> None:
        self.requests = 0
        self._ends_at = ends_at or 10**9
        self._when = when
        self._lock = threading.Lock()

    def carry_out(self, request: Callable[[], Any], refusal: Callable[[], Any]) -> Any:
        """What the request comes to; a dead process hears of nothing."""
        with self._lock:
            self.requests += 1
            is_dead = self.requests > self._ends_at or (self.requests == self._ends_at and self._when == "before")
            answer = None if is_dead else request()
            return refusal() if self.requests >= self._ends_at else answer


class MortalS3(FakeS3):
    """A bucket as a mortal process sees it."""

    life = Life()

    def answer(self, request: RequestSeen, headers: Mapping[str, str], body: bytes) -> Answer:
        """Carry the request out, if there is still somebody to make it."""
        answer = super().answer
        found: Answer = self.life.carry_out(
            lambda: answer(request, headers, body), lambda: Refusal(400, "TheProcessIsDead")
        )
        return found


class MortalTable(FakeTable):
    """The table as a mortal process sees it."""

    life = Life()

    def transact(self, *writes: Any) -> None:
        write = super().transact
        self.life.carry_out(lambda: write(*writes), self._refuse)

    def delete(self, write: Any) -> None:
        delete = super().delete
        self.life.carry_out(lambda: delete(write), self._refuse)

    def query(self, partition: str, **bounds: Any) -> Any:
        query = super().query
        return self.life.carry_out(lambda: query(partition, **bounds), self._refuse)

    def _refuse(self) -> None:
        raise ConnectionError("the process is dead")


class World:
    """What a dead recorder left, and recoveries that come one after another."""

    def __init__(self, s3: MortalS3, moment: Moment) -> None:
        self.s3 = s3
        s3.objects = dict(moment.objects)
        s3.uploads = {name: replace(upload, parts=dict(upload.parts)) for name, upload in moment.uploads.items()}
        self.table = MortalTable()
        self.table.items = deepcopy(dict(moment.items))

    def recover(self, life: Life) -> Life:
        """One launch's recovery, under the next epoch, for as long as it lives."""
        item = self.table.update(Update(key=SESSION_KEY, add={"epoch": 1}))
        self.s3.life = self.table.life = life
        settings = Settings(bucket_name=self.s3.bucket, part_bytes=64 * 1024)
        with connected(settings, {**ENVIRONMENT, "AWS_ENDPOINT_URL_S3": self.s3.url}) as (bucket, _):
            journal = Journal(self.table, SESSION_ID, item["epoch"], threading.Event())
            Recovery(settings, SessionOrders.from_item(item), bucket, journal, lambda: False).run()
        self.s3.life = self.table.life = Life()
        return life

    @property
    def entries(self) -> list[Key]:
        """The journal's."""
        return [key for key in self.table.items if key.sk.startswith(keys.FILE_PREFIX)]

    def packets(self) -> list[Packet]:
        """Of the one file there is; nothing is left open beside it."""
        studio = Studio(self.s3)
        (file,) = studio.files
        assert (self.s3.uploads, self.entries, file.recovered) == ({}, [], True)
        assert file.size_bytes == len(studio.content(file))
        return list(packets_of(studio.content(file)))


def fullest(moments: list[Moment]) -> Moment:
    """The moment at which most lay in an open upload."""
    return max(moments, key=lambda each: sum(len(upload.parts) for upload in each.uploads.values()))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", ["flv", "mp4", "aac", "mp3"])
def test_the_next_recovery_ends_what_a_dead_one_began(name: str, when: str, source: Source) -> None:
    moment = fullest(moments_of(name, source(clip(MADE)), part_bytes=32 * 1024))
    with MortalS3(min_part_bytes=0) as s3:
        undisturbed = World(s3, moment)
        requests = undisturbed.recover(Life()).requests
        expected = undisturbed.packets()
        assert expected
        assert undisturbed.recover(Life()).requests == 1  # once more: it looks, and finds nothing to do
        assert undisturbed.packets() == expected
    assert requests > 8
    for ends_at in range(1, requests + 1):
        with MortalS3(min_part_bytes=0) as s3:
            world = World(s3, moment)
            world.recover(Life(ends_at, when))
            world.recover(Life())
            assert world.packets() == expected


def test_one_that_dies_again_and_again_comes_to_its_end(source: Source) -> None:
    moment = fullest(moments_of("mp4", source(clip(MADE)), part_bytes=32 * 1024))
    with MortalS3(min_part_bytes=0) as s3:
        world = World(s3, moment)
        for ends_at in (3, 5, 6, 8, 9, 11):
            world.recover(Life(ends_at, "after"))
        world.recover(Life())
        assert world.packets()
