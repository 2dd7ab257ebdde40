"""Command lines of package managers."""

from __future__ import annotations

import pytest

from ctr_ci import shell
from ctr_ci.lint.packages import Operation, assumes_yes, operation


def read(text: str) -> Operation:
    found = [one for one in map(operation, shell.parse(text).commands) if one is not None]
    assert len(found) == 1, text
    return found[0]


@pytest.mark.parametrize(
    ("text", "manager", "verb", "packages"),
    [
        ("apt-get -qq -o X=y install -t sid a b=1 --no-install-recommends", "apt", "install", "a b=1"),
        ("apt-get full-upgrade", "apt", "dist-upgrade", ""),
        ("apk --no-cache add --virtual .b gcc=~9 -X http://x make", "apk", "install", "gcc=~9 make"),
        ("/sbin/apk add a", "apk", "install", "a"),
        ("yum -y --enablerepo x install a", "dnf", "install", "a"),
        ('dnf group install -y "Development Tools"', "dnf", "groupinstall", "Development Tools"),
        ("microdnf clean all", "dnf", "clean", "all"),
        ("zypper -n in -t pattern devel_basis", "zypper", "install", "devel_basis"),
        ("pacman -Sy --noconfirm gcc", "pacman", "install", "gcc"),
        ("pacman -Scc --noconfirm", "pacman", "clean", ""),
        ("pacman -Syu", "pacman", "upgrade", ""),
        ("python3 -m pip install -r requirements.txt a", "pip", "install", "a"),
        ("uv pip install a", "pip", "install", "a"),
        ("pip3.11 install a", "pip", "install", "a"),
        ("npm i -g a@1", "npm", "install", "a@1"),
        ("yarn", "yarn", "install", ""),
        ("yarn global add a", "yarn", "install", "a"),
        ("gem install a -v 1", "gem", "install", "a"),
        ("sudo apt-get install a", "apt", "install", "a"),
        ("sh -c 'apt-get install a'", "apt", "install", "a"),
    ],
)
def test_manager_verb_and_packages(text: str, manager: str, verb: str, packages: str) -> None:
    one = read(text)
    assert (one.manager, one.verb, " ".join(w.value or w.text for w in one.packages)) == (
        manager,
        verb,
        packages,
    )


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("apt-get install a", False),
        ("apt-get install -y a", True),
        ("apt-get -yq install a", True),
        ("apt-get install -qq a", True),
        ("apt-get -q=2 install a", True),
        ("apt-get install -q a", False),
        ("apt-get install --assume-yes a", True),
        ("apt-get -o APT::Get::Assume-Yes=true install a", True),
        ("yum install -y a", True),
        ("dnf install a", False),
        ("zypper -n install a", True),
        ("zypper install a", False),
        ("pacman -S a", False),
        ("pacman -S --noconfirm a", True),
        ("apk add a", True),
    ],
)
def test_who_asks(text: str, yes: bool) -> None:
    assert assumes_yes(read(text)) is yes


@pytest.mark.parametrize(
    "text", ["echo apt-get install a", "pip --version", "aptly install", "python3 setup.py install"]
)
def test_what_is_no_package_manager(text: str) -> None:
    assert not [one for one in map(operation, shell.parse(text).commands) if one and one.verb == "install"]
