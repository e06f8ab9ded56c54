"""The daily and weekly time windows of RDS, in UTC.

Source: RDS API, CreateDBInstance: PreferredBackupWindow `hh24:mi-hh24:mi`, PreferredMaintenanceWindow
`ddd:hh24:mi-ddd:hh24:mi`; each at least 30 minutes, and the two must not meet.
"""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
SHORTEST_MINUTES = 30

TIME_PATTERN = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
BACKUP_PATTERN = rf"^{TIME_PATTERN}-{TIME_PATTERN}$"
MAINTENANCE_PATTERN = rf"^(?:{'|'.join(DAYS)}):{TIME_PATTERN}-(?:{'|'.join(DAYS)}):{TIME_PATTERN}$"


def length_minutes(window: str) -> int:
    """Return how long a window of either kind is; one that ends before it starts goes over midnight or Sunday."""
    start, end = window.split("-")
    period = DAY_MINUTES if len(start) == len("00:00") else WEEK_MINUTES
    return (_minute(end) - _minute(start)) % period


def overlap(backup: str, maintenance: str) -> bool:
    """Tell whether a daily backup window meets a weekly maintenance window."""
    first = _minute(maintenance.split("-")[0])
    maintained = {(first + minute) % DAY_MINUTES for minute in range(length_minutes(maintenance))}
    start = _minute(backup.split("-")[0])
    return any((start + minute) % DAY_MINUTES in maintained for minute in range(length_minutes(backup)))


def _minute(point: str) -> int:
    """Return a point as minutes from midnight, or from the start of Monday where it names a day."""
    *day, hours, minutes = point.split(":")
    return (DAYS.index(day[0]) if day else 0) * DAY_MINUTES + int(hours) * 60 + int(minutes)
