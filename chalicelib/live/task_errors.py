"""What a client is told of a recording task that cannot be made, or is not there; leaves of the tree in errors.py."""

from chalicelib.errors import ApiError, FailedOperation, InvalidParameter, LimitExceeded


class InvalidTaskTime(InvalidParameter):
    """The window of a task lies where the wire does not allow it."""

    code = "InvalidParameter.InvalidTaskTime"


class TaskNotExist(InvalidParameter):
    """There is no such task."""

    code = "InvalidParameter.TaskNotExist"
    default_message = "TaskId: there is no task with this ID."


class MaximumRunningTask(LimitExceeded):
    """So many tasks run at one moment of the new one's window that it would be one too many."""

    code = "LimitExceeded.MaximumRunningTask"


class MaximumTask(LimitExceeded):
    """The day's number of tasks of the older family is reached."""

    code = "LimitExceeded.MaximumTask"


class ChannelNotExist(ApiError):
    """The task is another stream's (older family)."""

    code = "ResourceNotFound.ChannelNotExist"
    default_message = "StreamName: this task records another stream."


class OlderTaskNotExist(ApiError):
    """There is no such task of the older family."""

    code = "ResourceNotFound.TaskId"
    default_message = TaskNotExist.default_message


class StreamNotExist(ApiError):
    """Nobody publishes what is to be recorded from now on."""

    code = "ResourceUnavailable.StreamNotExist"
    default_message = "StreamName: nobody publishes this stream."


class AlterTaskState(FailedOperation):
    """A task that runs must be stopped before it is deleted (older family)."""

    code = "FailedOperation.AlterTaskState"
    default_message = "TaskId: this task runs; stop it first."
