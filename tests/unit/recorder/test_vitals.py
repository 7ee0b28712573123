"""What a heartbeat says of a format."""

from recorder_task.telling.vitals import Meter
from tests.unit.recorder.samples import VIDEO, sample


def take(meter: Meter, *, seconds: range, size: int = 12_500) -> None:
    """25 samples a second."""
    for at in range(seconds.start * 25, seconds.stop * 25):
        one = sample(VIDEO, at * 40, size=size)
        one.arrived_at = 1000.0 + at / 25
        meter.take([one], size)


def test_a_meter_tells_the_rate_since_it_was_read_last() -> None:
    meter = Meter()
    take(meter, seconds=range(10))
    assert meter.read(1010.0, queue_depth=1, drift_ms=-20) == {
        "bits_per_second": 2_500_000,
        "drift_ms": -20,
        "queue_depth": 1,
        "last_packet_age_seconds": 0.04,
    }
    take(meter, seconds=range(10, 15), size=25_000)
    assert meter.read(1020.0, queue_depth=0, drift_ms=-20) == {
        "bits_per_second": 2_500_000,
        "drift_ms": -20,
        "queue_depth": 0,
        "last_packet_age_seconds": 5.04,
    }


def test_what_gets_nothing_any_more_has_no_rate_and_grows_old() -> None:
    meter = Meter()
    take(meter, seconds=range(1))
    meter.read(1010.0, queue_depth=0, drift_ms=0)
    assert meter.read(1030.0, queue_depth=7, drift_ms=0) == {
        "bits_per_second": 0,
        "drift_ms": 0,
        "queue_depth": 7,
        "last_packet_age_seconds": 29.04,
    }


def test_a_format_of_one_track_has_no_drift_and_one_that_waits_says_nothing_of_packets() -> None:
    meter = Meter()
    assert meter.read(1000.0, queue_depth=0, drift_ms=None) == {"queue_depth": 0}
    take(meter, seconds=range(1))
    assert "drift_ms" not in meter.read(1010.0, queue_depth=0, drift_ms=None)
