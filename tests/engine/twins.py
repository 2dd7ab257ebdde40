"""Twins: the same program shipped with what built it (single stage) and without (multi-stage).

One pair an ecosystem, built from Debian's packages. `expected` are paths of the single one with the
class that its bytes must get; `not_build` are globs of what the clean twin lacks for other reasons than
being build content (sources, caches, records that every installation changes).
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import dataclass

from testbed import api
from testbed.images import LABEL

APT = "apt-get update && apt-get install -y --no-install-recommends"
CLEAN = "rm -rf /var/lib/apt/lists/*"
# What any installation changes, whatever it installs.
RECORDS = ("var/lib/dpkg/status*", "var/lib/apt/*", "var/cache/*", "var/log/*", "etc/ld.so.cache")


@dataclass(frozen=True, slots=True)
class Twin:
    """`toolchain`: a name of testbed.images.TOOLCHAINS, seen as TOOLCHAIN in the Dockerfiles."""

    name: str
    toolchain: str
    files: dict[str, str]
    build: str  # what the single-stage image does after COPY . /src
    ships: str  # what the multi-stage image does on the Debian base
    command: str
    prints: str
    expected: tuple[tuple[str, str], ...]
    tail: str = ""
    not_build: tuple[str, ...] = ("src/*",)
    languages: tuple[str, ...] = ()

    @property
    def single(self) -> str:
        return f"FROM TOOLCHAIN\nWORKDIR /src\nCOPY . .\n{self.build}\n{self.tail}CMD {self.command}\n"

    @property
    def multi(self) -> str:
        first = f"FROM TOOLCHAIN AS build\nWORKDIR /src\nCOPY . .\n{self.build}\n"
        return f"{first}FROM debian:bookworm\n{self.ships}\n{self.tail}CMD {self.command}\n"


TWINS = (
    Twin(
        "c",
        "gcc",
        {
            "hello.c": '#include <stdio.h>\nint main(void) { puts("hello from c"); return 0; }\n',
            "Makefile": "hello: hello.o\n\tcc -o hello hello.o\nhello.o: hello.c\n\tcc -O2 -c hello.c\n"
            "install: hello\n\tcp hello /usr/local/bin/hello\n",
        },
        "RUN make && make install",
        "COPY --from=build /usr/local/bin/hello /usr/local/bin/hello",
        '["/usr/local/bin/hello"]',
        "hello from c\n",
        (
            ("usr/lib/gcc/x86_64-linux-gnu/12/cc1", "build"),
            ("usr/include/stdio.h", "build"),
            ("usr/lib/x86_64-linux-gnu/libc.a", "build"),
            ("usr/bin/make", "build"),
            ("usr/lib/x86_64-linux-gnu/libisl.so.23.2.0", "build"),
            ("usr/lib/x86_64-linux-gnu/libtsan.so.2.0.0", "build"),
            ("usr/local/bin/hello", "runtime"),
            ("usr/bin/dash", "runtime"),
            ("usr/lib/x86_64-linux-gnu/libc.so.6", "runtime"),
            ("src/hello.c", "source"),
            ("src/Makefile", "source"),
            ("src/hello.o", "build"),
        ),
        languages=("C",),
    ),
    Twin(
        "go",
        "go",
        {
            "go.mod": "module example.org/hello\n\ngo 1.19\n",
            "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello from go") }\n',
        },
        "RUN CGO_ENABLED=0 go build -o /usr/local/bin/hello .",
        "COPY --from=build /usr/local/bin/hello /usr/local/bin/hello",
        '["hello"]',
        "hello from go\n",
        (
            ("usr/lib/go-1.19/pkg/tool/linux_amd64/compile", "build"),
            ("usr/share/go-1.19/src/fmt/print.go", "build"),
            ("usr/lib/go-1.19/bin/go", "build"),
            ("usr/local/bin/hello", "runtime"),
            ("src/main.go", "source"),
            ("src/go.mod", "source"),
            ("root/.cache/go-build/README", "cache"),
        ),
        not_build=("src/*", "root/.cache/*"),
        languages=("Go",),
    ),
    Twin(
        "rust",
        "rust",
        {
            "Cargo.toml": '[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n',
            "src/main.rs": 'fn main() { println!("hello from rust"); }\n',
        },
        "RUN cargo build --release --offline && cp target/release/hello /usr/local/bin/hello",
        "COPY --from=build /usr/local/bin/hello /usr/local/bin/hello",
        '["hello"]',
        "hello from rust\n",
        (
            ("usr/bin/rustc", "build"),
            ("usr/bin/cargo", "build"),
            ("usr/local/bin/hello", "runtime"),
            ("src/src/main.rs", "source"),
            ("src/Cargo.toml", "source"),
            ("src/target/release/deps/hello-*", "build"),
        ),
        not_build=(
            "src/src/*",
            "src/Cargo.*",
            "src/target/release/hello*",
            "src/target/*",
            "root/.cargo/*",
        ),
        languages=("Rust",),
    ),
    Twin(
        "node",
        "node",
        {
            "package.json": '{"name": "app", "version": "1.0.0", "dependencies": {"greeting": "file:libs/greeting"},'  # noqa: E501  a file's line
            ' "devDependencies": {"checker": "file:libs/checker"}}\n',
            "libs/greeting/package.json": '{"name": "greeting", "version": "1.0.0", "main": "index.js"}\n',
            "libs/greeting/index.js": 'module.exports = () => "hello from node";\n',
            "libs/checker/package.json": '{"name": "checker", "version": "2.0.0", "main": "index.js"}\n',
            "libs/checker/index.js": "// " + "a check " * 4000 + "\n",
            "server.js": 'console.log(require("greeting")());\n',
        },
        "RUN npm install --install-links --no-audit --no-fund --offline && rm -rf libs",
        f"RUN {APT} nodejs && {CLEAN}\nWORKDIR /src\nCOPY --from=build /src/server.js /src/package.json ./\n"
        "COPY --from=build /src/node_modules/greeting node_modules/greeting",
        '["node", "/src/server.js"]',
        "hello from node\n",
        (
            ("usr/share/nodejs/npm/package.json", "build"),
            ("usr/share/nodejs/semver/package.json", "build"),
            ("src/node_modules/checker/index.js", "build"),
            ("src/node_modules/greeting/index.js", "runtime"),
            ("src/server.js", "runtime"),
            ("src/package.json", "runtime"),
            ("src/package-lock.json", "source"),
            ("usr/bin/node", "runtime"),
        ),
        not_build=("src/package-lock.json", "src/node_modules/.package-lock.json", "root/.npm/*"),
    ),
    Twin(
        "python",
        "python",
        {
            "setup.py": 'from setuptools import setup\nsetup(name="hello", version="1.0", packages=["hello"])\n',  # noqa: E501  a file's line
            "hello/__init__.py": "",
            "hello/__main__.py": 'print("hello from python")\n',
        },
        "RUN pip install --break-system-packages --no-index --no-build-isolation --no-cache-dir .",
        f"RUN {APT} python3 && {CLEAN}\n"
        "COPY --from=build /usr/local/lib/python3.11/dist-packages/ /usr/local/lib/python3.11/dist-packages/",
        '["python3", "-m", "hello"]',
        "hello from python\n",
        (
            ("usr/lib/python3/dist-packages/pip/__main__.py", "build"),
            ("usr/lib/python3/dist-packages/setuptools/__init__.py", "build"),
            ("usr/share/python-wheels/*.whl", "build"),
            ("usr/bin/python3.11", "runtime"),
            ("usr/lib/python3.11/os.py", "runtime"),
            ("usr/local/lib/python3.11/dist-packages/hello/__main__.py", "runtime"),
            ("src/setup.py", "source"),
        ),
    ),
    Twin(
        "java",
        "java",
        {
            "Hello.java": "public class Hello {\n  public static void main(String[] args) {\n"
            '    System.out.println("hello from java");\n  }\n}\n',
        },
        "RUN javac -d /tmp/classes Hello.java && jar -cfe /app.jar Hello -C /tmp/classes . && rm -rf /tmp/*",
        f"RUN {APT} openjdk-17-jre-headless && {CLEAN}\nCOPY --from=build /app.jar /app.jar",
        '["java", "-jar", "/app.jar"]',
        "hello from java\n",
        (
            ("usr/lib/jvm/java-17-openjdk-amd64/bin/javac", "build"),
            ("usr/lib/jvm/java-17-openjdk-amd64/jmods/java.base.jmod", "build"),
            ("usr/lib/jvm/java-17-openjdk-amd64/lib/modules", "runtime"),
            ("usr/lib/jvm/java-17-openjdk-amd64/bin/java", "runtime"),
            ("app.jar", "runtime"),
            ("src/Hello.java", "source"),
        ),
        languages=("Java",),
    ),
    Twin(
        "ruby",
        "gcc",
        {
            "hello.gemspec": 'Gem::Specification.new do |s|\n  s.name = "hello"\n  s.version = "1.0.0"\n'
            '  s.summary = "hello"\n  s.authors = ["nobody"]\n  s.files = Dir["lib/*", "ext/**/*"]\n'
            '  s.extensions = ["ext/hello/extconf.rb"]\nend\n',
            "ext/hello/extconf.rb": 'require "mkmf"\ncreate_makefile("hello/hello")\n',
            "ext/hello/hello.c": "#include <ruby.h>\nstatic VALUE text(VALUE self) {"
            ' return rb_str_new_cstr("hello from ruby"); }\n'
            'void Init_hello(void) { rb_define_global_function("hello_text", text, 0); }\n',
            "lib/hello.rb": 'require "hello/hello"\nputs hello_text\n',
        },
        f"RUN {APT} ruby ruby-dev && {CLEAN} && gem build hello.gemspec && gem install --no-document --local "
        "./hello-1.0.0.gem",
        f"RUN {APT} ruby && {CLEAN}\nCOPY --from=build /var/lib/gems /var/lib/gems\n"
        "RUN rm -rf /var/lib/gems/*/cache /var/lib/gems/*/gems/*/ext",
        '["ruby", "-e", "require \\"hello\\""]',
        "hello from ruby\n",
        (
            ("usr/include/ruby-3.1.0/ruby.h", "build"),
            ("usr/lib/gcc/x86_64-linux-gnu/12/cc1", "build"),
            ("var/lib/gems/3.1.0/gems/hello-1.0.0/lib/hello.rb", "runtime"),
            ("var/lib/gems/3.1.0/extensions/x86_64-linux/3.1.0/hello-1.0.0/hello/hello.so", "runtime"),
            ("var/lib/gems/3.1.0/cache/hello-1.0.0.gem", "cache"),
            ("src/hello-1.0.0.gem", "cache"),
            ("src/ext/hello/hello.c", "source"),
            ("usr/bin/ruby3.1", "runtime"),
        ),
        languages=("C",),
        not_build=("src/*", "var/lib/gems/*"),
    ),
    Twin(
        "perl",
        "gcc",
        {
            "Makefile.PL": 'use ExtUtils::MakeMaker;\nWriteMakefile(NAME => "Hello", VERSION => "1.0");\n',
            "Hello.xs": '#include "EXTERN.h"\n#include "perl.h"\n#include "XSUB.h"\n\n'
            "MODULE = Hello  PACKAGE = Hello\n\nconst char *\ntext()\n  CODE:\n"
            '    RETVAL = "hello from perl";\n  OUTPUT:\n    RETVAL\n',
            "Hello.pm": "package Hello;\nour $VERSION = '1.0';\nrequire XSLoader;\nXSLoader::load('Hello');\n1;\n",  # noqa: E501  a file's line
        },
        f"RUN {APT} perl libperl-dev && {CLEAN} && perl Makefile.PL && make && make install",
        f"RUN {APT} perl && {CLEAN}\nCOPY --from=build /usr/local/lib /usr/local/lib",
        '["perl", "-MHello", "-e", "print Hello::text(), \\"\\\\n\\""]',
        "hello from perl\n",
        (
            ("usr/lib/x86_64-linux-gnu/libperl.a", "build"),
            ("usr/lib/gcc/x86_64-linux-gnu/12/cc1", "build"),
            ("usr/bin/make", "build"),
            ("usr/bin/perl", "runtime"),
            ("usr/local/lib/x86_64-linux-gnu/perl/5.36.0/Hello.pm", "runtime"),
            ("usr/local/lib/x86_64-linux-gnu/perl/5.36.0/auto/Hello/Hello.so", "runtime"),
            ("src/Hello.o", "build"),
        ),
        languages=("C",),
        not_build=("src/*", "usr/local/share/man/*", "usr/local/man/*"),
    ),
    Twin(
        "php",
        "gcc",
        {
            "ext/config.m4": "PHP_NEW_EXTENSION(hello, hello.c, yes)\n",
            "ext/hello.c": '#include "php.h"\n'
            "ZEND_BEGIN_ARG_INFO(hello_text_args, 0)\nZEND_END_ARG_INFO()\n"
            'PHP_FUNCTION(hello_text) { RETURN_STRING("hello from"); }\n'
            "static const zend_function_entry functions[] ="
            " {PHP_FE(hello_text, hello_text_args) PHP_FE_END};\n"
            'zend_module_entry hello_module_entry = {STANDARD_MODULE_HEADER, "hello", functions,'
            ' NULL, NULL, NULL, NULL, NULL, "1.0", STANDARD_MODULE_PROPERTIES};\n'
            "ZEND_GET_MODULE(hello)\n",
            "composer.json": '{"name": "acme/app", "require": {"acme/greeting": "*"},'
            ' "require-dev": {"acme/checker": "*"}, "repositories": [{"packagist.org": false},'
            ' {"type": "path", "url": "libs/*", "options": {"symlink": false}}]}\n',
            "libs/greeting/composer.json": '{"name": "acme/greeting", "version": "1.0.0",'
            ' "autoload": {"files": ["greeting.php"]}}\n',
            "libs/greeting/greeting.php": '<?php function greeting() { return hello_text() . " php\\n"; }\n',
            "libs/checker/composer.json": '{"name": "acme/checker", "version": "2.0.0"}\n',
            "libs/checker/checker.php": "<?php // " + "a check " * 4000 + "\n",
            "hello.php": '<?php require "/src/vendor/autoload.php"; echo greeting();\n',
        },
        f"RUN {APT} php-cli php-dev composer && {CLEAN}"
        " && cd ext && phpize && ./configure && make && make install"
        " && echo extension=hello >/etc/php/8.2/cli/conf.d/90-hello.ini && cd .."
        " && COMPOSER_ALLOW_SUPERUSER=1 composer install --no-interaction && rm -rf libs",
        f"RUN {APT} php-cli && {CLEAN}\nWORKDIR /src\nCOPY --from=build /src/hello.php ./\n"
        "COPY --from=build /usr/lib/php/20220829/hello.so /usr/lib/php/20220829/\n"
        "COPY --from=build /etc/php/8.2/cli/conf.d/90-hello.ini /etc/php/8.2/cli/conf.d/\n"
        "COPY --from=build /src/vendor/acme/greeting vendor/acme/greeting\n"
        "COPY --from=build /src/vendor/composer vendor/composer\n"
        "COPY --from=build /src/vendor/autoload.php vendor/",
        '["php", "/src/hello.php"]',
        "hello from php\n",
        (
            ("usr/bin/phpize8.2", "build"),
            ("usr/include/php/20220829/main/php.h", "build"),
            ("usr/share/php/Composer/Composer.php", "build"),
            ("usr/share/php/Symfony/Component/Console/Application.php", "build"),
            ("usr/lib/gcc/x86_64-linux-gnu/12/cc1", "build"),
            ("src/vendor/acme/checker/checker.php", "build"),
            ("src/vendor/acme/greeting/greeting.php", "runtime"),
            ("src/hello.php", "runtime"),
            ("src/ext/hello.c", "source"),
            ("src/composer.lock", "source"),
            ("usr/lib/php/20220829/hello.so", "runtime"),
            ("usr/bin/php8.2", "runtime"),
        ),
        languages=("C",),
        not_build=("src/ext/*", "src/composer.*", "root/.composer/*"),
    ),
    Twin(
        "ocaml",
        "gcc",
        {"hello.ml": 'let () = print_endline "hello from ocaml"\n'},
        f"RUN {APT} ocaml && {CLEAN} && ocamlopt -o /usr/local/bin/hello hello.ml",
        "COPY --from=build /usr/local/bin/hello /usr/local/bin/hello",
        '["hello"]',
        "hello from ocaml\n",
        (
            ("usr/bin/ocamlopt.opt", "build"),
            ("usr/lib/ocaml/stdlib.a", "build"),
            ("usr/lib/gcc/x86_64-linux-gnu/12/cc1", "build"),
            ("usr/local/bin/hello", "runtime"),
            ("src/hello.ml", "source"),
            ("src/hello.cmx", "build"),
        ),
        languages=("C", "OCaml"),
    ),
)


def build(engine: str, twin: Twin, dockerfile: str, kind: str, toolchain: Callable[[str], str]) -> str:
    """Builds one of a twin's images by the classic builder; the image's name."""
    text = dockerfile.replace("TOOLCHAIN", toolchain(twin.toolchain))
    name = f"ctr-ci.test/twin-{twin.name}:{kind}"
    api.build_image(engine, name, context(twin.files | {"Dockerfile": text}), {LABEL: f"twin-{twin.name}"})
    return name


def context(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, text in files.items():
            info = tarfile.TarInfo(path)
            raw = text.encode()
            info.size, info.mode = len(raw), 0o644
            tar.addfile(info, io.BytesIO(raw))
    return packed.getvalue()
