"""Compare our evaluator with the oracle over as many documents as asked for."""

import argparse
import sys
import time

from tests.policies.differential.compare import compare


def main() -> int:
    """Print what was compared and every difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    start = time.perf_counter()
    tally = compare(asked.seed, asked.documents)
    sys.stdout.write(
        f"{tally.documents} documents in {time.perf_counter() - start:.0f} s\n"
        f"{tally.requests} requests: {tally.decisions}\n"
        f"public: {tally.public}; called public out of caution: {tally.cautious}\n"
        f"differences: {len(tally.differences)}\n"
    )
    for difference in tally.differences[:20]:
        sys.stdout.write(f"{difference}\n")
    return bool(tally.differences)


if __name__ == "__main__":
    sys.exit(main())
