"""For how many days CloudWatch Logs can be told to keep events, from the least that each kind of log here may have.

Source: CloudWatch Logs API, PutRetentionPolicy, `retentionInDays`.
"""

from typing import Literal, TypeAlias

FromOneYear: TypeAlias = Literal[365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
FromThreeMonths: TypeAlias = Literal[90, 120, 150, 180, FromOneYear]
FromOneMonth: TypeAlias = Literal[30, 60, FromThreeMonths]
