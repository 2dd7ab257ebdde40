"""Google Cloud's services that a build's inputs may lie in: Secret Manager, Cloud Storage.

The only importer of `google.cloud`, which comes with the extra `gcp`. Credentials are the library's
own business (application default credentials); none is read, kept or passed on here. The endpoints
can be moved as gcloud and Google's own libraries let them be moved: by the variables
CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER and STORAGE_EMULATOR_HOST.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ctr_ci.problem import InputError, Problem, WorldError
from ctr_ci.secret import Secret

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

__all__ = ["download", "secret"]

SECRETS_ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"
STORAGE_ENDPOINT = "STORAGE_EMULATOR_HOST"
VERSION = re.compile(r"projects/[^/]+(/locations/[^/]+)?/secrets/[^/]+/versions/[^/]+")
TIMEOUT_S = 60


def secret(version: str, name: str, environment: Mapping[str, str]) -> Secret:
    """The value of a secret's version (`projects/P/secrets/S/versions/V`), as a secret called `name`.

    Raises InputError where `version` is none or the extra is missing, WorldError where Google says no.
    """
    if not VERSION.fullmatch(version):
        raise InputError(
            Problem(f"{version!r} is no version of a secret", "projects/P/secrets/S/versions/V (or latest)")
        )
    try:
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError
        from google.cloud import secretmanager_v1 as secrets
        from google.cloud.secretmanager_v1.services.secret_manager_service.transports.rest import (
            SecretManagerServiceRestTransport as Rest,
        )
    except ModuleNotFoundError as error:
        raise _not_installed(error) from error
    moved = environment.get(SECRETS_ENDPOINT)
    try:
        if moved:
            url = urlsplit(moved)
            rest = Rest(host=url.netloc, url_scheme=url.scheme, credentials=_nobody())
            client = secrets.SecretManagerServiceClient(transport=rest)
        else:
            client = secrets.SecretManagerServiceClient(transport="rest")
        answer = client.access_secret_version(name=version, timeout=TIMEOUT_S)
    except (GoogleAPIError, GoogleAuthError, OSError) as error:
        raise _refused(f"the secret {version}", error) from error
    return Secret(answer.payload.data.decode("utf-8", "surrogateescape"), name)


def download(url: str, target: Path, environment: Mapping[str, str]) -> None:
    """Brings `gs://BUCKET/OBJECT` (`#GENERATION` picks one of its versions) into the file `target`.

    Raises InputError where `url` is no object or the extra is missing, WorldError where Google says no.
    """
    bucket, _, rest = url.removeprefix("gs://").partition("/")
    object_name, _, generation = rest.partition("#")
    if not (bucket and object_name) or not (generation.isdigit() or not generation):
        raise InputError(Problem(f"{url} is no object", "gs://BUCKET/OBJECT, perhaps with #GENERATION"))
    try:
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError
        from google.cloud import storage  # type: ignore[attr-defined]  # it has no types
    except ModuleNotFoundError as error:
        raise _not_installed(error) from error
    try:
        anonymous = {"credentials": _nobody(), "project": "none"}
        client = storage.Client(**(anonymous if environment.get(STORAGE_ENDPOINT) else {}))
        blob = client.bucket(bucket).blob(object_name, generation=int(generation) if generation else None)
        with target.open("wb") as file:
            blob.download_to_file(file, timeout=TIMEOUT_S)
    except (GoogleAPIError, GoogleAuthError, OSError) as error:
        target.unlink(missing_ok=True)
        raise _refused(url, error) from error


def _nobody() -> Credentials:
    """For a moved endpoint: the user's own credentials are not sent to it."""
    from google.auth.credentials import AnonymousCredentials

    return AnonymousCredentials()  # type: ignore[no-untyped-call]


def _not_installed(error: ModuleNotFoundError) -> InputError:
    return InputError(
        Problem(f"{error.name} is not installed", help="pip install 'ctr-ci[gcp]' brings Google's libraries")
    )


def _refused(what: str, error: Exception) -> WorldError:
    code = getattr(error, "code", None)
    status = f" (status {int(code)})" if isinstance(code, int) else ""
    return WorldError(
        Problem(
            f"Google did not give {what}{status}: {type(error).__name__}",
            help="`gcloud auth application-default login`, and the right to read it, are what it takes",
        )
    )
