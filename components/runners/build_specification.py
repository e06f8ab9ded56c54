"""What a runner does before and after a job, as CodeBuild's build specification.

CodeBuild runs a job in the phase `build` itself; the phases around it are run for jobs that ask for them by the label
`buildspec-override:true`. They say in the log whose rights the job has, and keep the toolchain between jobs. That is
not left to CodeBuild: its own cache on S3 asks for an encryption in each upload, which the platform's stores refuse,
and a local one does not exist in a VPC.

Source: AWS CodeBuild user guide, "Build specification reference", "Label overrides supported with the CodeBuild-hosted
GitHub Actions runner", "Local caching", "Data encryption".
"""

import json
from typing import Any

ARCHIVE = "toolchain.tar.gz"
CACHE = ".cache/groundwork"
"""What is kept, under the home of the job: where the installer puts what it builds or downloads."""

_WHO = "aws sts get-caller-identity --query Arn --output text"
# A listing tells whether there is anything new: each entry is called after a hash of what it was made of.
_LISTING = f"find {CACHE} -mindepth 2 -maxdepth 2 | sort"
_FETCH = (
    f'(cd "$HOME" && mkdir -p {CACHE} && if aws s3 cp --only-show-errors "$RUNNER_CACHE" toolchain; '
    f"then tar -xzf toolchain || rm -rf {CACHE}/*; rm toolchain; "
    f"else echo 'the cache is empty: the toolchain is made anew'; fi; {_LISTING} > .runner-cache)"
)
_KEEP = (
    '(set -o pipefail; cd "$HOME" && '
    f'if [ "$CODEBUILD_BUILD_SUCCEEDING" = 1 ] && ! {_LISTING} | cmp -s - .runner-cache; '
    f'then tar -cz {CACHE} | aws s3 cp --only-show-errors - "$RUNNER_CACHE"; fi)'
)


def build_specification(cache_url: str | None) -> str:
    """Return the specification as JSON, which is YAML too; `cache_url` is where the archive lies, none for no cache."""
    phases: dict[str, Any] = {"pre_build": {"commands": [_WHO]}}
    specification: dict[str, Any] = {"version": 0.2, "env": {"shell": "bash"}, "phases": phases}
    if cache_url is not None:
        specification["env"]["variables"] = {"RUNNER_CACHE": cache_url}
        phases["pre_build"]["commands"].append(_FETCH)
        phases["post_build"] = {"commands": [_KEEP]}
    return json.dumps(specification, indent=2)
