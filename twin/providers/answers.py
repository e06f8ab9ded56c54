"""How a provider tells the engine what went wrong: every error becomes a gRPC status with a message for the user.

Source: pulumi/pulumi, proto/pulumi/provider.proto.
"""

import functools
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import grpc
from pulumi.runtime.proto import provider_pb2, status_pb2

_Method = TypeVar("_Method", bound=Callable[..., Any])
Partly = Callable[[Any, Any, Exception], "provider_pb2.ErrorResourceInitFailed | None"]
"""Takes the servicer, the request and an error; says what exists all the same, or None: nothing does."""


def explained(provider: str, refusals: tuple[type[Exception], ...], partly: Partly) -> Callable[[_Method], _Method]:
    """Turn what goes wrong in a method of a servicer into a status of the protocol.

    Args:
        provider: whose, such as `AWS`, for the message about a mistake of ours.
        refusals: errors whose text is for the user. Any other is a mistake of ours, and said to be one.
        partly: what to send along when a resource was made, but did not become what was wanted: the engine records it.
    """

    def decorate(method: _Method) -> _Method:
        @functools.wraps(method)
        def answer(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
            try:
                return method(self, request, context)
            except refusals as error:
                if (detail := partly(self, request, error)) is not None:
                    _abort_partly(context, str(error), detail)
                context.abort(grpc.StatusCode.UNKNOWN, str(error))
            except Exception as bug:
                where = traceback.extract_tb(bug.__traceback__)[-1]
                context.abort(
                    grpc.StatusCode.INTERNAL,
                    f"a mistake in the twin's {provider} provider, in {method.__name__} at "
                    f"{where.filename}:{where.lineno}: {type(bug).__name__}: {bug}",
                )
            raise AssertionError("unreachable: abort raises")

        return answer  # type: ignore[return-value]  # wraps keeps the signature

    return decorate


def _abort_partly(
    context: grpc.ServicerContext, message: str, detail: provider_pb2.ErrorResourceInitFailed
) -> NoReturn:
    """Say that the resource exists, what it is like, and what failed."""
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("unreachable: abort raises")
