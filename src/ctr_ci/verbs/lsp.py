"""The language server: what `ctr-ci lint` says of a Dockerfile, while it is written.

Language Server Protocol 3.17 over standard input and output, through pygls (an optional extra).
Dockerfiles get the linter's findings with their fixes; Cloud Build configs what `ctr-ci run` would
refuse. Settings are looked up for each document's folder and read anew at each save.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from ctr_ci import __version__
from ctr_ci import cloudbuild as configs
from ctr_ci.dockerfile import parse
from ctr_ci.lint import Context, Finding, check
from ctr_ci.problem import InputError, Problem
from ctr_ci.settings import LintSettings, find
from ctr_ci.source import Source
from ctr_ci.verbs.lint_surroundings import Surroundings
from ctr_ci.verbs.lsp_actions import actions, fix_all, page
from ctr_ci.verbs.lsp_place import Places, diagnostic, diagnostic_of_problem

CONFIG_NAMES = ("cloudbuild",)


@dataclass(frozen=True, slots=True)
class Read:
    """One document as last linted: its text with places, its findings, and how it was judged."""

    places: Places
    findings: tuple[Finding, ...]
    settings: LintSettings | None
    context: Context
    problems: tuple[Problem, ...] = ()


class Server(LanguageServer):
    """Keeps, for each open document, what was last said of it."""

    def __init__(self, environment: Mapping[str, str], config_file: str, use_config: bool) -> None:
        super().__init__("ctr-ci", __version__)
        self._environment = environment
        self._config_file = config_file
        self._use_config = use_config
        self.read: dict[str, Read] = {}

    def judge(self, uri: str) -> None:
        """Lints a document and publishes what there is to say."""
        document = self.workspace.get_text_document(uri)
        path = to_fs_path(uri) or urlparse(uri).path
        places = Places(Source(path, document.source), self.workspace.position_codec)
        if _is_config(path, document.language_id or ""):
            read = Read(places, (), None, Context(), _config_problems(places.source))
        else:
            read = self._linted(places)
        self.read[uri] = read
        items = [diagnostic(finding, places, uri) for finding in read.findings]
        items += [diagnostic_of_problem(problem, places) for problem in read.problems]
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri=uri, version=document.version, diagnostics=items)
        )

    def forget(self, uri: str) -> None:
        self.read.pop(uri, None)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri=uri, diagnostics=[]))

    def _linted(self, places: Places) -> Read:
        folder = os.path.dirname(places.source.path)
        try:
            settings = find(folder, self._environment, self._config_file, self._use_config).lint
        except InputError as error:
            return Read(places, (), None, Context(), error.problems)
        context = Surroundings().of(places.source.path)
        return Read(places, check(parse(places.source), settings, context), settings, context)


def serve(environment: Mapping[str, str], config_file: str, use_config: bool) -> None:
    """Serves one editor until it says exit."""
    server(environment, config_file, use_config).start_io()


def server(environment: Mapping[str, str], config_file: str = "", use_config: bool = True) -> Server:
    """The server with its features, not started."""
    made = Server(environment, config_file, use_config)

    @made.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(ls: Server, given: lsp.DidOpenTextDocumentParams) -> None:
        ls.judge(given.text_document.uri)

    @made.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(ls: Server, given: lsp.DidChangeTextDocumentParams) -> None:
        ls.judge(given.text_document.uri)

    @made.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(ls: Server, _: lsp.DidSaveTextDocumentParams) -> None:
        for uri in list(ls.read):  # a saved .dockerignore or ctr-ci.yaml may change what others say
            ls.judge(uri)

    @made.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: Server, given: lsp.DidCloseTextDocumentParams) -> None:
        ls.forget(given.text_document.uri)

    @made.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions(
            code_action_kinds=[lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.SourceFixAll]
        ),
    )
    def acted(ls: Server, given: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        read = ls.read.get(given.text_document.uri)
        if read is None or read.settings is None:
            return []
        uri, only = given.text_document.uri, given.context.only
        offered = actions(read.findings, read.places, uri, given.range)
        offered += fix_all(read.places, read.settings, read.context, uri)
        return [one for one in offered if only is None or _wanted(one, only)]

    @made.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hovered(ls: Server, given: lsp.HoverParams) -> lsp.Hover | None:
        read = ls.read.get(given.text_document.uri)
        return page(read.findings, read.places, given.position) if read else None

    return made


def _wanted(action: lsp.CodeAction, only: Sequence[lsp.CodeActionKind | str]) -> bool:
    """Kinds are a tree: `source` asks for `source.fixAll` too."""
    kind = _name(action.kind or "")
    return any(kind == _name(asked) or kind.startswith(f"{_name(asked)}.") for asked in only)


def _name(kind: lsp.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, lsp.CodeActionKind) else kind


def _is_config(path: str, language: str) -> bool:
    name = Path(path).name.lower()
    return language in ("yaml", "json") or (
        name.startswith(CONFIG_NAMES) and name.endswith((".yaml", ".yml", ".json"))
    )


def _config_problems(source: Source) -> tuple[Problem, ...]:
    if not Path(source.path).name.lower().startswith(CONFIG_NAMES):
        return ()
    try:
        return configs.load(source).warnings
    except InputError as error:
        return error.problems
