"""What a split cannot follow is said in a note; what it can follow ships without one."""

from __future__ import annotations

import pytest

from ctr_ci.dockerfile import parse
from ctr_ci.lint import Facts
from ctr_ci.settings import LintSettings
from ctr_ci.source import Source
from ctr_ci.split import Folder, Refusal, Split, Wish, split

GO = "FROM golang:1.21-bookworm\nWORKDIR /s\nCOPY . .\nRUN go build -o /app .\n"
START = 'CMD ["/app"]\n'


def made(text: str, files: tuple[str, ...] = ("main.go",)) -> Split:
    found = split(Facts(parse(Source("Dockerfile", text)), LintSettings()), Folder(files), Wish())
    assert isinstance(found, Split), found
    return found


NOTED = {
    "sed": ("RUN sed -i s/a/b/ /etc/passwd\n", "line 5: what `sed` leaves"),
    "setcap": ("RUN setcap cap_net_raw+ep /app\n", "line 5: what `setcap` leaves"),
    "crontab": ("RUN crontab /s/cron\n", "line 5: what `crontab` leaves"),
    "tar": ("RUN tar -C /opt -xf x.tar\n", "line 5: what `tar` leaves"),
    "a script": ("RUN ./setup.sh\n", "line 5: what `setup.sh` leaves"),
    "git": ("RUN git clone https://example.org/x /opt/x\n", "line 5: what `git` leaves"),
    "a place that is not known": ("RUN cp x $(pwd)/y\n", "line 5: where `cp` writes is not known"),
    "accounts of a loop": ("RUN for u in a b; do useradd $u; done\n", "line 5: `useradd` is repeated"),
    "another program": ("RUN go build -o /bin/migrate ./m\n", "/bin/migrate does not ship"),
    "a folder of programs": ("RUN go build -o /out/ ./...\n", "of /out only what is started ships"),
    "a variable of the old image": ("ENV X=$GOPATH/x\n", "line 5: GOPATH comes from golang:1.21-bookworm"),
    "a tool that fetches": ("RUN apt-get install -y git\n", "only the build is taken to call git"),
}


@pytest.mark.parametrize("name", NOTED)
def test_what_is_not_followed_is_said(name: str) -> None:
    lines, note = NOTED[name]
    assert any(note in one for one in made(f"{GO}{lines}{START}").notes)


@pytest.mark.parametrize(
    "lines",
    [
        "RUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*\n",
        "RUN set -eu; echo hi; cat main.go | grep -c x; test -f main.go || exit 1\n",
        "RUN sed s/a/b/ main.go > /etc/b\n",
        "RUN useradd -m x && mkdir -p /data && chown -R x /data\n",
        "ENV A=1 B=$PATH\nENV C=$A\n",
        "RUN tar -C /tmp/x -xf /tmp/x.tar\n",
    ],
)
def test_what_is_followed_needs_no_note(lines: str) -> None:
    assert made(f"{GO}{lines}{START}").notes == ()


def test_a_file_that_the_command_names_and_nothing_ships_is_said() -> None:
    found = made(
        f'{GO}COPY c.yml /etc/c.yml\nCMD ["/app", "--db=/opt/geo.db", "-c", "/etc/c.yml"]\n',
        ("main.go", "c.yml"),
    )
    assert [one for one in found.notes if "names" in one] == [
        "/opt/geo.db, which the command names, does not ship: if the build leaves it, --keep /opt/geo.db"
    ]


def test_a_smaller_image_of_an_interpreter_is_said_to_lack_something() -> None:
    text = 'FROM python:3.12\nWORKDIR /a\nCOPY . .\nRUN pip install psycopg2\nCMD ["python", "a.py"]\n'
    assert any("python:3.12-slim lacks" in one for one in made(text, ("a.py",)).notes)


def test_files_of_tee_and_touch_ship_and_links_to_devices_are_made_again() -> None:
    text = made(
        f"{GO}RUN echo x | tee /etc/t.conf && touch /etc/flag && ln -sf /dev/stdout /var/log/app.log\n"
        f"COPY ca.crt /usr/local/share/ca-certificates/\nRUN update-ca-certificates\n{START}",
        ("main.go", "ca.crt"),
    ).text
    assert "COPY --from=build /etc/t.conf /etc/t.conf" in text
    assert "COPY --from=build /etc/flag /etc/flag" in text
    assert "mkdir -p /var/log && ln -sf /dev/stdout /var/log/app.log" in text
    assert text.rstrip().splitlines()[-2:] == ["RUN update-ca-certificates", 'CMD ["/app"]']


def test_the_owner_of_a_folder_above_counts() -> None:
    text = made(f"{GO}RUN mkdir -p /data/a && chown -R 10:10 /data\n{START}").text
    assert "RUN mkdir -p /data/a && chown -R 10:10 /data" in text


PY = 'FROM python:3.12\nWORKDIR /a\nCOPY . .\n{}CMD ["python", "a.py"]\n'


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ("RUN pip install -t /deps -r r.txt\n", "/deps"),
        ("RUN pip install --prefix=/install -r r.txt\n", "/install"),
        ("RUN pip install --user -r r.txt\n", "/root/.local"),
        ("RUN useradd -m x\nUSER x\nRUN pip install --user -r r.txt\n", "/home/x/.local"),
        ("COPY . /tmp/src\nRUN pip install -e /tmp/src\n", "/tmp/src"),
    ],
)
def test_packages_ship_from_where_pip_put_them(lines: str, place: str) -> None:
    assert place in [one.path for one in made(PY.format(lines), ("a.py",)).artefacts]


@pytest.mark.parametrize("tool", ["poetry", "pipenv"])
def test_an_environment_of_an_unknown_name_is_refused_with_a_way_out(tool: str) -> None:
    lines = f"RUN pip install {tool}\nRUN {tool} install\n"
    text = PY.format(lines)
    found = split(Facts(parse(Source("Dockerfile", text)), LintSettings()), Folder(("a.py",)), Wish())
    assert isinstance(found, Refusal)
    assert f"`{tool}` puts its environment" in found.reason
    assert made(PY.format(f"{found.help.partition(': ')[2]}\n{lines}"), ("a.py",))


def test_yarns_own_archives_are_refused() -> None:
    text = 'FROM node:20\nWORKDIR /a\nCOPY . .\nRUN yarn install && yarn build\nCMD ["node", "dist/i.js"]\n'
    files = Folder((".pnp.cjs", "package.json", "i.ts"))
    found = split(Facts(parse(Source("Dockerfile", text)), LintSettings()), files, Wish())
    assert isinstance(found, Refusal)
    assert "nodeLinker: node-modules" in found.help


def test_what_lies_beside_a_jar_ships_but_not_what_is_in_it() -> None:
    text = (
        "FROM maven:3.9-eclipse-temurin-17\nWORKDIR /a\nCOPY . .\nRUN mvn package\n"
        'CMD ["java", "-javaagent:/a/lib/agent.so", "-jar", "target/app.jar"]\n'
    )
    files = (
        "pom.xml",
        "src/main/resources/a.yml",
        "m/src/main/resources/b.yml",
        "m/pom.xml",
        "config/c.yml",
        "lib/x.txt",
    )
    assert [one.path for one in made(text, files).artefacts] == ["/a/target/app.jar", "/a/config", "/a/lib"]


def test_go_builds_into_a_folder_that_is_there() -> None:
    text = (
        "FROM golang:1.21\nWORKDIR /s\nCOPY . .\nRUN mkdir /out && go build -o /out ./...\nCMD ['/out/srv']\n"
    )
    found = made(text.replace("'", '"'))
    assert [one.path for one in found.artefacts] == ["/out/srv"]
    assert any("of /out only what is started ships" in one for one in found.notes)
