"""Settings of the ENC rules."""

from dataclasses import dataclass

from policies.config.reading import setting, whole_number


@dataclass(frozen=True)
class EncryptionSettings:
    """What the ENC rules take from the config."""

    key_deletion_window_days: int = setting(14, whole_number(7, 30, "days"))  # 7 to 30 is what KMS takes
    """ENC-08: the least waiting period before a key is deleted."""
