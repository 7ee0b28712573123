"""The commit of a file: `ready/{file_id}.json`, written last and once, with every fact of the file."""

from chalicelib.recording.file_facts import finished
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.naming import ready_key
from chalicelib.recording.open_file import OpenFile
from recorder_task.aws.s3 import Bucket
from recorder_task.outputs.output import Written
from recorder_task.tally import Tally


def finished_file(file: OpenFile, written: Written, tally: Tally, *, utc_offset_hours: float) -> FinishedFile:
    """The facts of a file that was just ended."""
    return finished(
        file,
        tally.facts(file, written.size_bytes),
        seconds=tally.seconds,
        encoded_audio=written.encoded_audio,
        utc_offset_hours=utc_offset_hours,
    )


def commit(bucket: Bucket, file: FinishedFile) -> None:
    """Write the ready object; one that is there already was written by an earlier try, or by recovery."""
    bucket.put(ready_key(file.file_id), file.to_json(), content_type="application/json", only_if_absent=True)
