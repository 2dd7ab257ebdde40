from __future__ import annotations

from ctr_ci.dockerfile import Add, Arg, Copy, Env, Expose, Label, Stopsignal, User, Volume, Workdir
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.dockerfile import Instruction, Word
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

# Set by base images or by BuildKit without a declaration.
_KNOWN = frozenset(
    [
        "PATH",
        "HOME",
        "USER",
        "SHELL",
        "TERM",
        "HOSTNAME",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "PWD",
        "OLDPWD",
        "TZ",
        "DEBIAN_FRONTEND",
        "LD_LIBRARY_PATH",
        "PYTHONPATH",
        "GOPATH",
        "GOROOT",
        "GOTOOLCHAIN",
        "GOLANG_VERSION",
        "CARGO_HOME",
        "RUSTUP_HOME",
        "RUST_VERSION",
        "JAVA_HOME",
        "JAVA_VERSION",
        "MAVEN_HOME",
        "NODE_VERSION",
        "NPM_CONFIG_LOGLEVEL",
        "YARN_VERSION",
        "NODE_PATH",
        "PYTHON_VERSION",
        "PYTHON_PIP_VERSION",
        "GPG_KEY",
        "GEM_HOME",
        "BUNDLE_PATH",
        "BUNDLE_APP_CONFIG",
        "RUBY_VERSION",
        "RUBY_MAJOR",
        "PHP_VERSION",
        "PHP_INI_DIR",
        "PHPIZE_DEPS",
        "PHP_CFLAGS",
        "NGINX_VERSION",
        "NJS_VERSION",
        "PG_MAJOR",
        "PG_VERSION",
        "PGDATA",
        "CATALINA_HOME",
        "TOMCAT_VERSION",
        "CONDA_DIR",
        "NB_USER",
        "NB_UID",
        "NB_GID",
        "SPARK_HOME",
        "HADOOP_HOME",
        "CUDA_VERSION",
        "CUDA_HOME",
        "NVIDIA_VISIBLE_DEVICES",
        "NVARCH",
        "DOTNET_VERSION",
        "ASPNET_VERSION",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "FTP_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "ftp_proxy",
        "no_proxy",
        "all_proxy",
        "APACHE_CONFDIR",
        "APACHE_ENVVARS",
        "HTTPD_PREFIX",
        "JENKINS_HOME",
        "REDIS_VERSION",
        "MYSQL_VERSION",
        "MONGO_VERSION",
        "KAFKA_HOME",
        "ANDROID_HOME",
        "ANDROID_SDK_ROOT",
        "SOURCE_DATE_EPOCH",
        "VIRTUAL_ENV",
        "CPATH",
        "C_INCLUDE_PATH",
        "LIBRARY_PATH",
        "PKG_CONFIG_PATH",
        "MANPATH",
        "INFOPATH",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_CACHE_HOME",
        "UID",
        "GID",
    ]
)


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.each(Env, Expose, Workdir, User, Label, Volume, Copy, Add, Stopsignal, Arg):
        state = None
        for word in _words(one):
            if "$" not in word.text:
                continue
            state = state or facts.before(one)
            for name in state.expand(word).unset:
                if (
                    isinstance(one, Env)
                    and any(pair.key.text == name for pair in one.pairs)
                    and len(one.pairs) > 1
                ):
                    continue  # env-self says it better
                if isinstance(one, Env) and any(p.key.text == name and p.value is word for p in one.pairs):
                    continue  # X=/a:$X appends to what the base may have
                if isinstance(one, Arg) and facts.stage_of(one) is None:
                    continue
                if not _known(facts, one, name):
                    yield _finding(facts, word, name)


def _known(facts: Facts, one: Instruction, name: str) -> bool:
    stage = facts.stage_of(one)
    image = facts.image(stage)
    scratch = image is not None and image.text == "scratch"
    if name in _KNOWN and not (scratch and name not in ("HTTP_PROXY", "HTTPS_PROXY")):
        return name != "HOME" or not isinstance(one, Workdir) or (not scratch and name != "HOME")
    if image is None:
        return True  # an unknown base may set anything
    official = image.official or scratch
    return not official


def _finding(facts: Facts, word: Word, name: str) -> Finding:
    at = word.text.find(f"${name}")
    at = word.text.find(f"${{{name}") if at < 0 else at
    place = word.span
    if at >= 0 and len(word.text) == word.end - word.start:
        end = at + len(name) + (3 if word.text[at + 1] == "{" else 1)
        place = word.source.span(word.start + at, min(word.start + end, word.end))
    near = _near(facts, name)
    return RULE.at(
        place,
        f"${name} is not set here, so it is empty",
        help=f"did you mean ${near}?" if near else f"declare it in this stage: ARG {name}",
    )


def _near(facts: Facts, name: str) -> str:
    from difflib import get_close_matches

    known = {pair.key.text for one in facts.each(Env, Arg) for pair in one.pairs} - {name}
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.8)), "")


def _words(one: Instruction) -> list[Word]:
    match one:
        case Env() | Label() | Arg():
            return [pair.value for pair in one.pairs if pair.value is not None]
        case Expose():
            return list(one.ports)
        case Workdir():
            return [one.path]
        case User():
            return [one.user]
        case Volume():
            return list(one.paths)
        case Copy() | Add():
            return [*one.sources, one.destination, *([one.chown] if one.chown else [])]
        case Stopsignal():
            return [one.signal]
    return []


RULE = Rule(
    id="CT154",
    name="undefined-var",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="A variable that nothing sets is empty",
    why=(
        "An ARG before the first FROM is not seen in a stage until the stage repeats it (`ARG NAME`), and a "
        "slip in a "
        "name is no error: the value is empty. Not reported with a default (`${X:-d}`) or what base images "
        "set."
    ),
    examples=(
        Bad("FROM alpine:3.20\nENV A=$UNKNOWN\n", at="2:7-2:15"),
        Good("FROM alpine:3.20\nARG U=1\nENV A=$U\n"),
        Good("FROM alpine:3.20\nCOPY a ${U:-/x}/\n"),
    ),
    same_as=("buildkit:UndefinedVar",),
    check=check,
)
