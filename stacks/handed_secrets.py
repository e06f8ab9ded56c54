"""Secrets whose value people put there, because it comes from elsewhere: made without one, and rotated by nothing."""

from components.security.secret import ManagedSecret, ManagedSecretArgs
from components.tags import DataClass
from stacks.foundation import Foundation
from stacks.settings import StackSettings


def handed_secret(
    settings: StackSettings, foundation: Foundation, path: str, *, description: str, reader_arn: str, people: str
) -> ManagedSecret:
    """Make one of confidential data.

    Args:
        settings: of the environment.
        foundation: whose key it is encrypted with.
        path: its name below the environment's.
        description: what it holds.
        reader_arn: the one role that reads it.
        people: from whom people have it, as in `people/<...>`: what is said to rotate it.
    """
    return ManagedSecret(
        f"secret-{path.replace('/', '-')}",
        ManagedSecretArgs(
            settings=settings.secrets,
            account_id=settings.account_id,
            environment=settings.environment,
            path=path,
            description=description,
            key_arn=foundation.keys[DataClass.CONFIDENTIAL].arn,
            reader_arns=(reader_arn,),
            rotated_by=f"people/{people}",
        ),
        foundation.opts,
    )
