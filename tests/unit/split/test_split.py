"""A file of one stage is rewritten into two: what builds, and what ships; or refused with a way out."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from ctr_ci.dockerfile import Copy, parse
from ctr_ci.lint import Facts, check
from ctr_ci.settings import LintSettings
from ctr_ci.source import Source
from ctr_ci.split import Fine, Folder, Refusal, Split, Wish, split

FLAGSHIP = {"build-in-ship-image", "missing-multi-stage", "sdk-base-ships"}


def decided(
    text: str, files: tuple[str, ...] = (), wish: Wish | None = None, **texts: str
) -> Split | Fine | Refusal:
    dockerfile = parse(Source("Dockerfile", text))
    assert not dockerfile.problems
    named = tuple((name.replace("_", "."), content) for name, content in texts.items())
    return split(Facts(dockerfile, LintSettings()), Folder(files, named), wish or Wish())


def written(text: str, files: tuple[str, ...] = (), wish: Wish | None = None, **texts: str) -> Split:
    made = decided(text, files, wish, **texts)
    assert isinstance(made, Split), made
    return made


def ships(made: Split) -> list[str]:
    """The lines of the stage that ships."""
    return made.text.replace("\r\n", "\n").partition("\n\nFROM ")[2].splitlines()


@dataclass(frozen=True)
class Case:
    text: str
    files: tuple[str, ...]
    runtime: str
    kept: tuple[str, ...]


CASES = {
    "go, static": Case(
        'FROM golang:1.21\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /app .\nCMD ["/app"]\n',
        ("main.go", "go.mod", "README.md"),
        "gcr.io/distroless/static-debian12",
        ("/app",),
    ),
    "go, static, with what its image has": Case(
        "FROM golang:1.21\nRUN apt-get update && apt-get install -y git ca-certificates tzdata\n"
        'WORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /app .\nUSER 1000\nCMD ["/app"]\n',
        ("main.go", "go.mod"),
        "gcr.io/distroless/static-debian12",
        ("/app",),
    ),
    "go, static, with an account": Case(
        "FROM golang:1.21-bookworm\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /app .\n"
        'RUN groupadd -r web && useradd -r -g web web\nCMD ["/app"]\n',
        ("main.go", "go.mod"),
        "debian:bookworm-slim",
        ("/app",),
    ),
    "go, cgo, with templates": Case(
        'FROM golang:1.21-bookworm\nWORKDIR /src\nCOPY . .\nRUN go build -o app .\nCMD ["./app"]\n',
        ("main.go", "go.mod", "templates/index.html", "Makefile"),
        "debian:bookworm-slim",
        ("/src/app", "/src/templates"),
    ),
    "go, alpine": Case(
        'FROM golang:1.22-alpine3.19\nWORKDIR /s\nCOPY . .\nRUN go build -o /bin/app\nCMD ["app"]\n',
        ("main.go",),
        "alpine:3.19",
        ("/bin/app",),
    ),
    "rust": Case(
        'FROM rust:1.75\nWORKDIR /a\nCOPY . .\nRUN cargo build --release\nCMD ["./target/release/a"]\n',
        ("Cargo.toml", "Cargo.lock", "src/main.rs"),
        "debian:bookworm-slim",
        ("/a/target/release/a",),
    ),
    "c with make on debian": Case(
        "FROM debian:bookworm\nRUN apt-get update && apt-get install -y gcc make libssl-dev\n"
        'WORKDIR /s\nCOPY . .\nRUN make && make install\nCMD ["hello"]\n',
        ("hello.c", "hello.h", "Makefile"),
        "debian:bookworm",
        ("/usr/local/bin/hello",),
    ),
    "node that is bundled": Case(
        "FROM node:20\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nRUN npm run build\n"
        'CMD ["node", "dist/index.js"]\n',
        ("package.json", "package-lock.json", "src/index.ts", "public/style.css", "tsconfig.json"),
        "node:20-slim",
        ("/app/package.json", "/app/node_modules", "/app/dist", "/app/public"),
    ),
    "python, slim with a compiler": Case(
        "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y gcc libpq-dev\nWORKDIR /app\n"
        'COPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n',
        ("requirements.txt", "app.py"),
        "python:3.12-slim",
        ("/usr/local/lib/python3.12/site-packages", "/usr/local/bin", "/app"),
    ),
    "python in a virtual environment": Case(
        "FROM python:3.12\nWORKDIR /app\nRUN python -m venv /opt/venv\nCOPY . .\n"
        'RUN /opt/venv/bin/pip install gunicorn\nCMD ["/opt/venv/bin/gunicorn", "app:app"]\n',
        ("app.py",),
        "python:3.12-slim",
        ("/opt/venv", "/app"),
    ),
    "python of debian": Case(
        "FROM debian:bookworm\nRUN apt-get update && apt-get install -y gcc python3 python3-pip python3-dev\n"
        "WORKDIR /app\nCOPY . .\nRUN pip install --break-system-packages .\n"
        'CMD ["python3", "-m", "hello"]\n',
        ("setup.py", "hello/__main__.py"),
        "debian:bookworm",
        ("/usr/local/lib/python3.11/dist-packages", "/usr/local/bin", "/app"),
    ),
    "ruby": Case(
        "FROM ruby:3.3\nWORKDIR /app\nCOPY Gemfile Gemfile.lock ./\nRUN bundle install\nCOPY . .\n"
        'CMD ["bundle", "exec", "puma"]\n',
        ("Gemfile", "Gemfile.lock", "config.ru"),
        "ruby:3.3-slim",
        ("/usr/local/bundle", "/app"),
    ),
    "dotnet": Case(
        "FROM mcr.microsoft.com/dotnet/sdk:8.0\nWORKDIR /src\nCOPY . .\n"
        'RUN dotnet publish -c Release -o /app\nWORKDIR /app\nENTRYPOINT ["dotnet", "hello.dll"]\n',
        ("hello.csproj", "Program.cs"),
        "mcr.microsoft.com/dotnet/aspnet:8.0",
        ("/app",),
    ),
    "java, a jar": Case(
        "FROM maven:3.9-eclipse-temurin-17\nWORKDIR /app\nCOPY . .\nRUN mvn -q package\n"
        'ENTRYPOINT ["java", "-jar", "target/app.jar"]\n',
        ("pom.xml", "src/main/java/App.java"),
        "eclipse-temurin:17-jre",
        ("/app/target/app.jar",),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_an_ecosystem_ships_and_on_what(name: str) -> None:
    case = CASES[name]
    made = written(case.text, case.files)
    assert made.runtime == case.runtime
    assert tuple(one.path for one in made.artefacts) == case.kept


@pytest.mark.parametrize("name", CASES)
def test_the_new_file_parses_ships_no_toolchain_and_copies_what_it_says(name: str) -> None:
    case = CASES[name]
    made = written(case.text, case.files)
    dockerfile = parse(Source("Dockerfile", made.text))
    assert not dockerfile.problems
    assert len(dockerfile.stages) == 2
    assert not {one.rule.name for one in check(dockerfile, LintSettings())} & FLAGSHIP
    copies = [one for one in dockerfile.stages[1].instructions if isinstance(one, Copy)]
    assert [one.sources[0].text for one in copies] == [one.path for one in made.artefacts]
    assert all(one.from_ is not None and one.from_.text == "build" for one in copies)
    assert isinstance(decided(made.text, case.files), Fine)


@pytest.mark.parametrize("name", CASES)
def test_nothing_of_the_old_file_is_lost(name: str) -> None:
    case = CASES[name]
    made = written(case.text, case.files)
    old = [line for line in case.text.splitlines() if not line.startswith("FROM")]
    assert all(line in made.text.splitlines() for line in old)


def test_comments_heredocs_directives_and_line_ends_stay() -> None:
    text = (
        "# syntax=docker/dockerfile:1\r\n# A service.\r\nFROM golang:1.21\r\nWORKDIR /src\r\nCOPY . .\r\n"
        "# builds it\r\nRUN <<EOF\r\nset -e\r\ngo build -o /app .\r\nEOF\r\n\r\n# listens here\r\n"
        'EXPOSE 8080\r\nCMD ["/app"]\r\n'
    )
    made = written(text, ("main.go",), Wish(runtime="debian:bookworm-slim"))
    assert made.text == (
        "# syntax=docker/dockerfile:1\r\n# A service.\r\nFROM golang:1.21 AS build\r\nWORKDIR /src\r\n"
        "COPY . .\r\n# builds it\r\nRUN <<EOF\r\nset -e\r\ngo build -o /app .\r\nEOF\r\n\r\n"
        "FROM debian:bookworm-slim\r\nWORKDIR /src\r\nCOPY --from=build /app /app\r\n# listens here\r\n"
        'EXPOSE 8080\r\nCMD ["/app"]\r\n'
    )


def test_what_the_image_is_like_moves_and_what_the_build_needs_is_repeated() -> None:
    made = written(
        "ARG VERSION=1.21-bookworm\nFROM golang:${VERSION}\nARG NAME=x\nENV MODE=$NAME\nRUN useradd -r app\n"
        "WORKDIR /src\nCOPY . .\nRUN mkdir -p /data && chown app /data && go build -o /app .\n"
        'LABEL a="b c"\nVOLUME /data\nSTOPSIGNAL SIGINT\nENV LATE=1\nUSER app\n'
        'HEALTHCHECK CMD curl -f http://localhost/\nENTRYPOINT ["/app"]\nCMD ["serve"]\n',
        ("main.go",),
    )
    first, _, _ = made.text.partition("\n\nFROM ")
    assert "LABEL" not in first
    assert "ENTRYPOINT" not in first
    assert "LATE" not in first
    assert "MODE" in first
    lines = ships(made)
    assert lines[0] == "debian:bookworm-slim"
    assert [line for line in lines if line.startswith(("ARG", "ENV"))] == [
        "ARG NAME=x",
        "ENV MODE=$NAME",
        "ENV LATE=1",
    ]
    assert "RUN useradd -r app && mkdir -p /data && chown app /data" in lines
    assert made.packages == ("ca-certificates", "tzdata", "curl")
    assert lines[-8:] == [
        "COPY --from=build /app /app",
        'LABEL a="b c"',
        "VOLUME /data",
        "STOPSIGNAL SIGINT",
        "USER app",
        "HEALTHCHECK CMD curl -f http://localhost/",
        'ENTRYPOINT ["/app"]',
        'CMD ["serve"]',
    ]


def test_every_comment_stays_once() -> None:
    made = written(
        "FROM golang:1.21\nWORKDIR /src\nCOPY . .\n# one\nRUN go build -o /app .\n# two\nARG UNUSED\n"
        '# three\nWORKDIR /srv\n# four\nSHELL ["/bin/bash", "-c"]\n# five\nENV A=1\n# six\nUSER 7\n'
        "# seven\nCMD /app\n# eight\n",
        ("main.go",),
    )
    told = [line for line in made.text.splitlines() if line.startswith("#")]
    assert sorted(told) == ["# eight", "# five", "# four", "# one", "# seven", "# six", "# three", "# two"]
    assert ships(made)[-5:] == ['SHELL ["/bin/bash", "-c"]', "# six", "USER 7", "# seven", "CMD /app"]


def test_owners_go_along_with_what_is_copied() -> None:
    made = written(
        "FROM node:20\nWORKDIR /app\nCOPY --chown=node:node . .\nUSER node\nRUN npm ci && npm run build\n"
        'CMD ["node", "dist/index.js"]\n',
        ("package.json", "src/index.ts"),
    )
    assert {one.owner for one in made.artefacts} == {"node:node"}


def test_development_dependencies_are_dropped_once() -> None:
    text = 'FROM node:20\nWORKDIR /app\n{}COPY . .\nRUN npm ci && npm run build\nCMD ["node", "dist/a.js"]\n'
    assert "RUN npm prune --omit=dev\n" in written(text.format(""), ("package.json", "src/a.ts")).text
    assert "prune" not in written(text.format("ENV NODE_ENV=production\n"), ("package.json", "a.ts")).text


def test_npm_start_is_followed_to_its_file() -> None:
    made = written(
        'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\nCMD ["npm", "start"]\n',
        ("package.json", "src/a.ts"),
        package_json=json.dumps({"scripts": {"start": "NODE_ENV=production node build/a.js"}}),
    )
    assert "/app/build" in [one.path for one in made.artefacts]


def test_the_user_adds_paths_packages_and_the_image() -> None:
    wish = Wish(keep=("/opt/data",), runtime="debian:bookworm-slim", packages=("libpng16-16",))
    made = written(
        'FROM example.org/toolchain:7\nRUN make -C /s\nCOPY . /s\nCMD ["/s/run"]\n', ("a.c",), wish
    )
    assert made.runtime == "debian:bookworm-slim"
    assert "COPY --from=build /opt/data /opt/data" in ships(made)
    assert made.packages == ("libpng16-16",)


def test_files_that_commands_leave_elsewhere_ship() -> None:
    made = written(
        "FROM golang:1.21\nRUN curl -Lo /usr/share/geo.db https://example.org/g && echo x > /etc/app.conf\n"
        "RUN curl -o /tmp/x https://example.org/x\nADD https://example.org/words /usr/share/words\n"
        'WORKDIR /s\nCOPY . .\nRUN go build -o /app .\nCMD ["/app"]\n',
        ("main.go",),
    )
    assert [one.path for one in made.artefacts] == [
        "/app",
        "/usr/share/geo.db",
        "/etc/app.conf",
        "/usr/share/words",
    ]


def test_patterns_of_copy_are_followed_to_their_files() -> None:
    made = written(
        "FROM golang:1.21\nENV DIR=/etc/app\nWORKDIR /s\nCOPY conf/*.toml $DIR/\nCOPY . .\n"
        'RUN go build -o /app .\nCMD ["/app"]\n',
        ("main.go", "conf/a.toml", "conf/b.toml", "conf/deep/c.toml"),
    )
    assert [one.path for one in made.artefacts] == ["/app", "/etc/app/a.toml", "/etc/app/b.toml", "/s/conf"]


def test_what_is_put_beside_the_systems_files_ships_without_these() -> None:
    go = "FROM golang:1.21\nWORKDIR /s\nCOPY . .\nCOPY etc /etc\nCOPY rootfs /\nRUN go build -o /app .\n"
    files = ("main.go", "etc/x.conf", "rootfs/opt/q/z.conf")
    paths = [one.path for one in written(f'{go}CMD ["/app"]\n', files).artefacts]
    assert paths == ["/app", "/s/etc", "/s/rootfs", "/etc/x.conf", "/opt/q/z.conf"]
    python = "FROM python:3.12\nWORKDIR /s\nCOPY etc /etc\nCOPY app.py .\nRUN pip install x\n"
    made = written(f'{python}CMD ["python", "app.py"]\n', ("app.py", "etc/x.conf"))
    assert [one.path for one in made.artefacts][2:] == ["/etc/x.conf", "/s/app.py"]
    node = "FROM node:20\nWORKDIR /a\nCOPY . .\nCOPY a.pem /etc/ssl/certs/\nRUN npm ci\n"
    made = written(f'{node}CMD ["node", "main.js"]\n', ("package.json", "main.js", "a.pem"))
    assert [one.path for one in made.artefacts] == ["/a", "/etc/ssl/certs/a.pem"]


def test_files_that_stand_in_the_dockerfile_ship() -> None:
    made = written(
        "FROM golang:1.21\nWORKDIR /s\nCOPY . .\nCOPY <<EOF /etc/i.conf\nhey\nEOF\n"
        "COPY <<a.conf <<b.conf /etc/k/\n1\na.conf\n2\nb.conf\n"
        'RUN go build -o /app .\nCMD ["/app"]\n',
        ("main.go",),
    )
    assert [one.path for one in made.artefacts][1:] == ["/etc/i.conf", "/etc/k/a.conf", "/etc/k/b.conf"]


def test_what_add_unpacks_ships_as_the_folder_that_it_fills() -> None:
    go = 'FROM golang:1.21\nWORKDIR /s\nCOPY main.go .\nADD d.tgz {}\nRUN go build -o /app .\nCMD ["/app"]\n'
    made = written(go.format("/opt/data/"), ("main.go", "d.tgz"))
    assert [one.path for one in made.artefacts] == ["/app", "/opt/data"]
    refused = decided(go.format("/usr/local"), ("main.go", "d.tgz"))
    assert isinstance(refused, Refusal)
    assert "unpacks an archive into /usr/local" in refused.reason


def test_the_images_own_working_folder_counts() -> None:
    made = written(
        "FROM golang:1.21\nCOPY . .\nRUN go build -o app\nCMD ['./app']\n".replace("'", '"'),
        ("main.go", "bin/x"),
    )
    assert [one.path for one in made.artefacts] == ["/go/app", "/go/bin"]
    made = written(
        'FROM golang:1.21\nWORKDIR a\nWORKDIR b\nCOPY . .\nRUN go build -o app\nCMD ["./app"]\n', ("m.go",)
    )
    assert "WORKDIR /go/a/b" in ships(made)
    assert [one.path for one in made.artefacts] == ["/go/a/b/app"]


def test_arguments_that_the_second_stage_reads_are_repeated_in_order() -> None:
    made = written(
        "FROM golang:1.21\nARG BASE=5\nARG UID=$BASE\nARG M=a\nENV A=$M\nARG M=b\nENV B=$M\nARG C=9\n"
        'WORKDIR /s\nCOPY . .\nRUN useradd -u $UID z; go build -o /app .\nUSER z\nEXPOSE $C\nCMD ["/app"]\n',
        ("main.go",),
    )
    told = [line for line in ships(made) if line.startswith(("ARG", "ENV"))]
    assert told == ["ARG BASE=5", "ARG UID=$BASE", "ARG M=a", "ENV A=$M", "ARG M=b", "ENV B=$M", "ARG C=9"]


def test_a_copy_from_another_image_lands_where_it_did() -> None:
    made = written(
        "FROM golang:1.21\nWORKDIR /s\nCOPY . .\nCOPY --from=busybox /bin/busybox ./bb\nWORKDIR /t\n"
        'COPY --from=busybox /bin/sh ./sh\nRUN go build -o /app /s\nCMD ["/app"]\n',
        ("main.go",),
    )
    told = [line for line in ships(made) if line.startswith(("WORKDIR", "COPY --from=busybox"))]
    assert told == [
        "WORKDIR /s",
        "COPY --from=busybox /bin/busybox ./bb",
        "WORKDIR /t",
        "COPY --from=busybox /bin/sh ./sh",
    ]


def test_a_file_at_the_top_has_one_slash() -> None:
    made = written(f'{GO}COPY a /b\nCMD ["/app"]\n', ("main.go", "a"))
    assert "COPY --from=build /b /b" in ships(made)


def test_a_fetcher_that_the_entry_points_script_calls_stays() -> None:
    made = written(
        "FROM python:3.12-alpine\nRUN apk add --no-cache bash curl git gcc\nWORKDIR /app\nCOPY . .\n"
        'RUN pip install x\nENTRYPOINT ["./entry.sh"]\nCMD ["python", "m.py"]\n',
        ("m.py", "entry.sh"),
        entry_sh="#!/bin/bash\ncurl x\nexec $@\n",
    )
    assert made.packages == ("bash", "curl")


def test_the_way_out_that_a_refusal_names_is_one() -> None:
    text = f'{GO}COPY entry.sh /entry.sh\nENTRYPOINT ["/entry.sh"]\n'.replace("1.21", "1.21-bookworm")
    files = ("main.go", "entry.sh", "tpl/a.html")
    script = "#!/bin/bash\ncurl https://example.org\nexec /app\n"
    refused = decided(text, files, entry_sh=script)
    assert isinstance(refused, Refusal)
    assert refused.help == "name what must ship with --keep PATH"
    made = written(text, files, Wish(keep=("/app",)), entry_sh=script)
    assert made.runtime == "debian:bookworm-slim"
    assert [one.path for one in made.artefacts] == ["/app", "/s/entry.sh", "/s/tpl", "/entry.sh"]
    assert made.packages == ("ca-certificates", "tzdata", "curl")
    gcc = 'FROM gcc:13\nWORKDIR /s\nCOPY . .\nRUN make\nCMD ["/elsewhere"]\n'
    again = decided(gcc, ("a.c",), Wish(keep=("/elsewhere",)))
    assert isinstance(again, Refusal)
    assert again.help.endswith("--runtime IMAGE")


@pytest.mark.parametrize("name", ["$x", 'q"x', "n\nRUN l", "[a]", "a\x1b[2J"])
def test_a_name_that_copy_reads_otherwise_is_refused(name: str) -> None:
    found = decided(f'{GO}CMD ["/app"]\n', ("main.go", name))
    assert isinstance(found, Refusal)
    assert ".dockerignore" in found.help
    assert found.reason.isprintable()


def test_a_stage_is_not_called_as_an_image_that_is_copied_from() -> None:
    made = written(f'{GO}COPY --from=build /x /y\nCMD ["/app"]\n', ("main.go",))
    assert made.text.startswith("FROM golang:1.21 AS build2\n")
    assert "COPY --from=build2 /app /app" in ships(made)


def test_what_only_root_writes_stays_root_s() -> None:
    made = written(
        "FROM python:3.12\nRUN useradd app\nWORKDIR /home/app\nUSER app\nCOPY . .\n"
        'RUN pip install -r r.txt\nCMD ["python", "a.py"]\n',
        ("a.py", "r.txt"),
    )
    assert [one.owner for one in made.artefacts] == ["", "", "app"]


GO = "FROM golang:1.21\nWORKDIR /s\nCOPY . .\nRUN go build -o /app .\n"
APP = "# ctr-ci: image-kind=app\n"
REFUSED = {
    "base image": (f"{APP}{GO}", "no CMD", "2:1-2:17"),
    "onbuild": (f'{APP}{GO}ONBUILD COPY a /a\nCMD ["/app"]\n', "ONBUILD", "6:1-6:18"),
    "services": (f'{GO}CMD ["supervisord", "-n"]\n', "supervisord", "5:1-5:26"),
    "two programs": (f"{GO}CMD /app & /other\n", "more than one program", "5:1-5:18"),
    "nothing makes it": (f'{GO}CMD ["/elsewhere"]\n', "nothing here is seen to make", "5:1-5:19"),
    "unknown image": (
        'FROM example.org/sdk:1\nRUN make\nCOPY . .\nRUN gcc -o /a a.c\nCMD ["/a"]\n',
        "not known which smaller image",
        "1:6-1:23",
    ),
    "libstdc++ of the gcc image": (
        'FROM gcc:13\nWORKDIR /s\nCOPY . .\nRUN make\nCMD ["./a"]\n',
        "its libc decides",
        "1:6-1:12",
    ),
    "python without a minor version": (
        'FROM python:3\nCOPY . /a\nRUN pip install -r /a/r.txt\nCMD ["python", "/a/b.py"]\n',
        "no minor version",
        "1:6-1:14",
    ),
    "java by its classes": (
        'FROM maven:3-eclipse-temurin-17\nCOPY . .\nRUN mvn package\nCMD ["java", "-cp", "target", "A"]\n',
        "java -jar",
        "4:1-4:35",
    ),
    "a script that no COPY brings": (
        "FROM python:3.12\nRUN curl https://example.org/a.zip | bsdtar -xf - && pip install flask\n"
        'CMD ["python", "/srv/app.py"]\n',
        "/srv/app.py, which the image starts, is in nothing that is known to ship",
        "3:1-3:30",
    ),
    "sources that are fetched": (
        "FROM debian:bookworm\nRUN apt-get update && apt-get install -y gcc make git\n"
        'RUN git clone https://example.org/a /a && cd /a && make install\nCMD ["a"]\n',
        "`git` fetches what is built",
        "3:1-3:64",
    ),
    "node in the root folder": (
        'FROM node:20\nCOPY . .\nRUN npm ci && npm run build\nCMD ["node", "dist/a.js"]\n',
        "beside the system's own files",
        "4:1-4:26",
    ),
    "a foreign repository": (
        "FROM python:3.12\nRUN echo deb https://example.org x main > /etc/apt/sources.list.d/x.list\n"
        "RUN apt-get update && apt-get install -y special\nWORKDIR /a\nCOPY . .\n"
        'RUN pip install -r r.txt\nCMD ["python", "a.py"]\n',
        "a repository that is added here",
        "2:1-2:73",
    ),
    "stages with the compiler in the last": (
        'FROM golang:1.21 AS a\nRUN go build -o /app .\nFROM golang:1.21\nCOPY --from=a /app /app\nCOPY . .\n'
        'CMD ["/app"]\n',
        "2 stages already",
        "3:6-3:17",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_says_why_where_and_the_way_out(name: str) -> None:
    text, reason, place = REFUSED[name]
    refused = decided(text, ("main.go", "a.c"))
    assert isinstance(refused, Refusal), refused
    assert reason in refused.reason
    assert str(refused.span) == place
    assert refused.help or name == "onbuild"


def test_a_bare_image_is_refused_where_a_shell_or_an_account_is_needed() -> None:
    text = f'{GO}RUN useradd x\nUSER x\nCMD ["/app"]\n'
    refused = decided(text, ("main.go",), Wish(runtime="scratch"))
    assert isinstance(refused, Refusal)
    assert "no accounts" in refused.reason


FINE = {
    "base image": GO,
    "base image for others": f'{GO}ONBUILD COPY a /a\nCMD ["/app"]\n',
    "stages": 'FROM golang:1 AS a\nRUN go build -o /app\nFROM scratch\nCOPY --from=a /app /\nCMD ["/app"]\n',
    "no toolchain": 'FROM debian:bookworm\nCOPY app /app\nCMD ["/app"]\n',
    "slim with wheels": "FROM python:3.12-slim\nCOPY . /a\nRUN pip install --no-cache-dir flask\n"
    'CMD ["python", "/a/b.py"]\n',
}


@pytest.mark.parametrize("name", FINE)
def test_what_ships_no_toolchain_is_fine_as_it_is(name: str) -> None:
    assert isinstance(decided(FINE[name], ("app",)), Fine)
