"""SSE-KMS: who reads or writes an encrypted object must also be allowed to use its key.

On AWS S3 asks KMS on the caller's behalf; ministack 1.5.33 asks nobody, so a role with s3:GetObject alone could read
what is encrypted with any key. Bodies are streamed past: a read is stopped at the head of the answer, a write before
it starts.

Source: Amazon S3 user guide, "Using server-side encryption with AWS KMS keys" (permissions; the encryption context is
the object's ARN, or the bucket's ARN with a bucket key), and GetObject, PutObject, CopyObject, CreateMultipartUpload.
"""

from urllib.parse import unquote

from twin.aws.corrections.authorisation import KeyUse, account_of
from twin.aws.corrections.emulator import Answer, Application, Emulator, Message, Receive, Send
from twin.aws.corrections.engine import request_head
from twin.aws.corrections.wire import AwsError, Request, encode_error, operation_of

_WRITES = {"PutObject", "CopyObject", "CreateMultipartUpload"}
_ALGORITHM = "x-amz-server-side-encryption"
_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
_BUCKET_KEY = "x-amz-server-side-encryption-bucket-key-enabled"
Encryption = tuple[str, bool]
"""A key and whether the bucket key is on."""


class EncryptedObjects:
    """ASGI application: the emulator, with KMS asked about each encrypted object."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection's event of the ASGI protocol."""
        operation = None
        if scope["type"] == "http" and scope["method"] in ("GET", "PUT", "POST"):
            request = request_head(scope)
            operation = operation_of(request) if request.signing_name == "s3" else None
        if operation is None or operation.name not in {"GetObject", *_WRITES}:
            await self._application(scope, receive, send)
            return
        emulator = Emulator(self._application, account_of(request.access_key), request.region or "us-east-1")
        use = KeyUse(emulator, request.access_key, "s3")
        try:
            if operation.name in _WRITES:
                await self._check_write(use, request)
                await self._application(scope, receive, send)
            else:
                await self._checked_read(use, request, scope, receive, send)
        except AwsError as error:
            headers, body = encode_error(operation, error)
            if operation.name in _WRITES:
                # The rest of a refused upload is not read. The client must know, or its next request on this connection
                # would meet the close.
                headers |= {"connection": "close"}
            await Answer(error.status, headers, body).send(send)

    async def _check_write(self, use: KeyUse, request: Request) -> None:
        if source := request.headers.get("x-amz-copy-source"):
            await self._check_source(use, unquote(source))
        if encryption := await _encryption_of_write(use.emulator, request):
            await use.require("kms:GenerateDataKey", encryption[0], _context(request.path, encryption[1]))

    async def _check_source(self, use: KeyUse, source: str) -> None:
        location, _, version = source.lstrip("/").partition("?versionId=")
        bucket, _, key = location.partition("/")
        chosen = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
        try:
            head = await use.emulator.call("s3", "HeadObject", **chosen)
        except AwsError as error:
            if error.status == 404:  # the copy itself says so
                return
            raise
        if head.get("SSEKMSKeyId"):
            context = _context(f"/{location}", bool(head.get("BucketKeyEnabled")))
            await use.require("kms:Decrypt", head["SSEKMSKeyId"], context)

    async def _checked_read(self, use: KeyUse, request: Request, scope: Message, receive: Receive, send: Send) -> None:
        refusal: AwsError | None = None

        async def checked_send(message: Message) -> None:
            nonlocal refusal
            if message["type"] == "http.response.start" and message["status"] < 400:
                headers = {
                    name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]
                }
                if key := headers.get(_KEY):
                    try:
                        bucket_key = headers.get(_BUCKET_KEY) == "true"
                        await use.require("kms:Decrypt", key, _context(request.path, bucket_key))
                    except AwsError as error:
                        refusal = error
            if refusal is None:
                await send(message)

        await self._application(scope, receive, checked_send)
        if refusal is not None:
            raise refusal


async def _encryption_of_write(emulator: Emulator, request: Request) -> Encryption | None:
    """What the object will be encrypted with: the request's own choice, else the bucket's default."""
    algorithm = request.headers.get(_ALGORITHM)
    if algorithm == "AES256" or "x-amz-server-side-encryption-customer-algorithm" in request.headers:
        return None
    bucket = request.path.lstrip("/").partition("/")[0]
    try:
        found = await emulator.call("s3", "GetBucketEncryption", Bucket=bucket)
    except AwsError as error:
        if error.says("NoSuchBucket"):  # the write itself says so
            return None
        raise
    rule = found["ServerSideEncryptionConfiguration"]["Rules"][0]
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    key = request.headers.get(_KEY) or default.get("KMSMasterKeyID")
    if not (algorithm or default.get("SSEAlgorithm", "")).startswith("aws:kms") or not key:
        return None  # S3's own key, or the AWS managed key, which every caller of the account may use
    asked = request.headers.get(_BUCKET_KEY)
    return key, asked == "true" if asked else bool(rule.get("BucketKeyEnabled"))


def _context(path: str, bucket_key: bool) -> dict[str, str]:
    bucket = path.lstrip("/").partition("/")[0]
    return {"aws:s3:arn": f"arn:aws:s3:::{bucket if bucket_key else path.lstrip('/')}"}
