"""AWS API messages as plain dicts, in the API's own names: what botocore does for a client, done for a server.

Which operation a request calls, what its parameters are, what an answer holds and how a changed answer is written are
all read from the service models that boto3 ships. So a correction is written against the names of the AWS API
reference, and one codec serves each protocol: query and EC2 query (XML), JSON 1.1, REST-JSON, REST-XML.

Source: botocore's service models; https://smithy.io/2.0/aws/protocols/
"""

from twin.aws.corrections.wire.answers import answer_of, encode_answer, encode_error
from twin.aws.corrections.wire.model import AwsError, Operation, Parameters, Request, service_model
from twin.aws.corrections.wire.requests import parameters_of
from twin.aws.corrections.wire.routes import operation_of

__all__ = [
    "AwsError",
    "Operation",
    "Parameters",
    "Request",
    "answer_of",
    "encode_answer",
    "encode_error",
    "operation_of",
    "parameters_of",
    "service_model",
]
