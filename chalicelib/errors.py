"""The error tree: every error a client may be told, with the API code of each class (wire.md, section 8).

ApiError                                    code, message; becomes {"Response": {"Error": …}}
├── AuthFailure…                            who is asking: signature, key, time
│   ├── SignatureFailure · SignatureExpire · SecretIdNotFound · InvalidSecretId · UnauthorizedOperation
├── BadRequest…                             the envelope: action, version, size, content
│   ├── InvalidAction · NoSuchVersion · RequestSizeLimitExceeded · UnsupportedProtocol · MalformedBody
├── InvalidParameter…                       the fields of one action
│   ├── MissingParameter · UnknownParameter · InvalidParameterValue
│       InvalidVodFileName · DomainFormatError · UrlNotSafe
├── FailedOperation…                        a state that forbids it
│   ├── NotFound · ConfInUsed · RuleAlreadyExist · CosBucketNotExist
├── LimitExceeded…                          ConfOutLimit · RuleOutLimit · MaximumRunningTask · RequestLimitExceeded
├── ResourceNotFound…
└── InternalError                           ours; the message says nothing of the inside
"""


class ApiError(Exception):
    """An error with a code of the wire; `message` is shown to the client."""

    code = "InternalError"
    default_message = "An internal error occurred; try again."

    def __init__(self, message: str = "") -> None:
        self.message = message or self.default_message
        super().__init__(self.message)


class InternalError(ApiError):
    """Ours. The cause is in the log under the same RequestId."""
