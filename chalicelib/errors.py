"""The error tree: every error a client may be told, with the API code of each class (wire.md, section 8).

The leaves of recording tasks are in live/task_errors.py.

ApiError                            code, message; becomes {"Response": {"Error": …}}
├── AuthFailure                     who is asking
│   ├── InvalidAuthorization · SecretIdNotFound · SignatureExpire · SignatureFailure
├── UnauthorizedOperation           a key that may not do this
├── RequestLimitExceeded            a key that asks too often
├── BadRequest                      the envelope
│   ├── InvalidAction · NoSuchVersion · RequestSizeLimitExceeded · ResponseSizeLimitExceeded · UnsupportedProtocol
├── InvalidParameter                the fields of one action, and a body that is not JSON
│   ├── ConfNotFound · DomainFormatError · InvalidVodFileName · UrlNotSafe
├── MissingParameter · UnknownParameter · InvalidParameterValue (.{field} where the wire has it)
├── FailedOperation                 a state that forbids it
│   ├── ConfInUsed · CosBucketNotExist · DomainAdded · NotFound · OriginDidNot · RuleAlreadyExist · TooManyDomains
├── ResourceNotFound                what the request names is not there
│   ├── DomainNotExist
├── LimitExceeded                   more than can be answered
└── InternalError                   ours; the message says nothing of the inside
    └── TooManyTemplates · TooManyRules · TemplateInUse · NoSuchTemplate    the wire files these under InternalError
"""


class ApiError(Exception):
    """An error with a code of the wire; `message` is shown to the client."""

    code = "InternalError"
    default_message = "An internal error occurred; try again."

    def __init__(self, message: str = "") -> None:
        self.message = message or self.default_message
        super().__init__(self.message)


class AuthFailure(ApiError):
    """Who is asking is not known."""

    code = "AuthFailure"
    default_message = "The request is not authenticated."


class InvalidAuthorization(AuthFailure):
    """The Authorization header is missing or not of the form the wire gives it."""

    code = "AuthFailure.InvalidAuthorization"


class SecretIdNotFound(AuthFailure):
    """No key has this SecretId."""

    code = "AuthFailure.SecretIdNotFound"
    default_message = "The SecretId is not known."


class SignatureExpire(AuthFailure):
    """The timestamp lies too far from our clock."""

    code = "AuthFailure.SignatureExpire"


class SignatureFailure(AuthFailure):
    """The signature is not that of the request as it was received."""

    code = "AuthFailure.SignatureFailure"
    default_message = "The signature does not match the request: check the secret key and what was signed."


class UnauthorizedOperation(ApiError):
    """The key may only read, or is for other push domains."""

    code = "UnauthorizedOperation"


class RequestLimitExceeded(ApiError):
    """Too many requests in one second; the one code after which the SDKs try again."""

    code = "RequestLimitExceeded"


class BadRequest(ApiError):
    """The envelope is wrong, whatever the action."""

    code = "InvalidRequest"


class InvalidAction(BadRequest):
    """The service has no such action."""

    code = "InvalidAction"


class NoSuchVersion(BadRequest):
    """No service has this version."""

    code = "NoSuchVersion"


class RequestSizeLimitExceeded(BadRequest):
    """The body is larger than accepted."""

    code = "RequestSizeLimitExceeded"


class ResponseSizeLimitExceeded(BadRequest):
    """The answer would be larger than a function may return."""

    code = "ResponseSizeLimitExceeded"
    default_message = "The answer would be too large: ask for fewer entries at a time."


class UnsupportedProtocol(BadRequest):
    """An HTTP method or content type that the wire does not have."""

    code = "UnsupportedProtocol"


class InvalidParameter(ApiError):
    """A parameter is wrong, or wrong together with another."""

    code = "InvalidParameter"


class ConfNotFound(InvalidParameter):
    """A rule names a template that does not exist."""

    code = "InvalidParameter.ConfNotFound"
    default_message = "TemplateId: there is no template with this ID."


class DomainFormatError(InvalidParameter):
    """Not a domain name."""

    code = "InvalidParameter.DomainFormatError"


class InvalidVodFileName(InvalidParameter):
    """A file name with placeholders that nothing fills."""

    code = "InvalidParameter.InvalidVodFileName"


class UrlNotSafe(InvalidParameter):
    """A callback URL that we must not call."""

    code = "InvalidParameter.UrlNotSafe"


class MissingParameter(ApiError):
    """A required field is not there."""

    code = "MissingParameter"


class UnknownParameter(ApiError):
    """A field that the action does not have."""

    code = "UnknownParameter"


class InvalidParameterValue(ApiError):
    """A field of the wrong type or range; `suffix` is for fields to which the wire gives a code of their own."""

    code = "InvalidParameterValue"

    def __init__(self, message: str = "", *, suffix: str = "") -> None:
        super().__init__(message)
        if suffix:
            self.code = f"{type(self).code}.{suffix}"


class FailedOperation(ApiError):
    """The state of things forbids it."""

    code = "FailedOperation"


class ConfInUsed(FailedOperation):
    """A template that rules still use."""

    code = "FailedOperation.ConfInUsed"
    default_message = "TemplateId: rules still use this template; delete them first."


class CosBucketNotExist(FailedOperation):
    """Storing to a bucket of the customer's own is not configured."""

    code = "FailedOperation.CosBucketNotExist"
    default_message = "CosStore: no target bucket is configured; leave it 0."


class NotFound(FailedOperation):
    """What the request names does not exist."""

    code = "FailedOperation.NotFound"
    default_message = "TemplateId: there is no template with this ID."


class RuleAlreadyExist(FailedOperation):
    """There is a rule for the same address."""

    code = "FailedOperation.RuleAlreadyExist"
    default_message = "DomainName: a rule for this address exists; delete it first."


class DomainAdded(FailedOperation):
    """The domain was added before."""

    code = "FailedOperation.DomainAdded"
    default_message = "DomainName: this domain was added before."


class TooManyDomains(FailedOperation):
    """The limit of domains is reached."""

    code = "FailedOperation.HostOutLimit"
    default_message = "The limit of 100 domains is reached."


class OriginDidNot(FailedOperation):
    """The origin could not be made to do what was asked."""

    code = "FailedOperation.CallOtherSvrFailed"


class ResourceNotFound(ApiError):
    """What the request names does not exist, where the wire files it under resources."""

    code = "ResourceNotFound"


class DomainNotExist(ResourceNotFound):
    """The domain was never added."""

    code = "ResourceNotFound.DomainNotExist"
    default_message = "DomainName: this domain was not added."


class LimitExceeded(ApiError):
    """More than is allowed, or than can be answered."""

    code = "LimitExceeded"


class InternalError(ApiError):
    """Ours. The cause is in the log under the same RequestId."""


class TooManyTemplates(InternalError):
    """The limit of templates is reached."""

    code = "InternalError.ConfOutLimit"
    default_message = "The limit of 50 templates is reached."


class TooManyRules(InternalError):
    """The limit of rules is reached."""

    code = "InternalError.RuleOutLimit"
    default_message = "The limit of 50 rules is reached."


class TemplateInUse(InternalError):
    """As ConfInUsed, where the wire's action lists only this one."""

    code = "InternalError.ConfInUsed"
    default_message = ConfInUsed.default_message


class NoSuchTemplate(InternalError):
    """As NotFound, where the wire's action lists only this one."""

    code = "InternalError.ConfNotFound"
    default_message = NotFound.default_message
