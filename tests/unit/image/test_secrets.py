"""Secrets are found by name and content in every layer, and none of their bytes is kept."""

from __future__ import annotations

import json

import pytest

from ctr_ci.image import Limits, breaches
from ctr_ci.report.weight_html import weight_html
from ctr_ci.report.weight_json import weight_json
from ctr_ci.report.weight_text import weight_text
from unit.image.pack import weigh

PEM = "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEpAIBAAKC\n"


@pytest.mark.parametrize(
    ("path", "content", "what"),
    [
        ("root/.ssh/id_rsa", PEM, "private key"),
        ("app/tls.pem", PEM, "private key"),
        ("app/tls.pem", "-----BEGIN CERTIFICATE-----\nMII\n", ""),
        ("root/.npmrc", "//registry.npmjs.org/:_authToken=npm_abcdef\n", "npm token"),
        ("root/.npmrc", "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n", ""),
        ("root/.npmrc", "fund=false\n", ""),
        ("root/.pypirc", "[pypi]\nusername = x\npassword = y\n", "PyPI password"),
        ("root/.netrc", "machine x login y password z\n", "password of a machine"),
        ("root/.git-credentials", "https://me:token@example.org\n", "git password"),
        ("root/.docker/config.json", '{"auths": {"x": {"auth": "dTpw"}}}', "registry login"),
        ("root/.docker/config.json", '{"credsStore": "pass"}', ""),
        ("root/.aws/credentials", "aws_secret_access_key = abc\n", "AWS key"),
        ("app/service-account.json", '{"private_key": "-----BEGIN PRIVATE "}', "service account key"),
        ("app/.env", "DEBUG=1\nDB_PASSWORD=hunter22\n", "secrets of an environment"),
        ("app/.env", "DB_PASSWORD=$DB_PASSWORD\nNAME=x\n", ""),
        ("app/.env.example", "DB_PASSWORD=hunter22\n", ""),
        ("app/main.py", PEM, ""),
    ],
)
def test_a_file_is_told_by_name_and_content(path: str, content: str, what: str) -> None:
    found = weigh({path: content}).secrets
    assert [(leak.path, leak.what) for leak in found] == ([(path, what)] if what else [])


def test_a_deleted_secret_is_shipped_all_the_same() -> None:
    weight = weigh({"app/.npmrc": "_authToken=npm_abcdef"}, {"app/.wh..npmrc": ""})
    (leak,) = weight.secrets
    assert (leak.layer, leak.hidden_by) == (0, 1)
    (breach,) = breaches(weight, Limits(no_secrets=True), str)
    assert breach.text == "no-secrets: /app/.npmrc (npm token)"
    reports = weight_json(weight, files=True) + weight_html(weight) + "\n".join(weight_text(weight))
    assert "deleted or replaced by layer 2 and shipped all the same" in reports
    assert "npm_abcdef" not in reports
    assert json.loads(weight_json(weight))["secrets"] == [
        {"path": "/app/.npmrc", "layer": 1, "what": "npm token", "hidden_by": 2}
    ]


def test_what_a_package_brought_is_nobodys_secret() -> None:
    weight = weigh(
        {
            "usr/lib/x/test.pem": PEM,
            "var/lib/dpkg/status": "Package: x\nStatus: install ok installed\nVersion: 1\n",
            "var/lib/dpkg/info/x.list": "/usr/lib/x/test.pem\n",
        }
    )
    assert not weight.secrets
