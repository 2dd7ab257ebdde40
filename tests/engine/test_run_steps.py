"""Steps on a real engine: what they see, how they start, what they leave to each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ctr_ci.problem import Exit
from testbed.builds import Builds, remove_images, sh


def test_76_a_bare_step_has_home_and_outputs_and_no_substitutions(ran: Builds) -> None:
    done = ran({"args": ["env"]})
    assert done.exit is Exit.DONE
    variables = dict(line.split("=", 1) for line in done.out.splitlines())
    assert (variables["HOME"], variables["BUILDER_OUTPUT"]) == ("/builder/home", "/builder/outputs")
    assert "PROJECT_ID" not in variables


def test_98_99_a_step_of_its_own_is_logged_without_prefix(ran: Builds) -> None:
    done = ran(sh("printf a; sleep 0.1; echo b; echo e >&2"))
    assert sorted(done.out.splitlines()) == ["ab", "e"]
    assert "Starting Step" not in done.err
    assert "Finished Step" not in done.err


def test_97_99_several_steps_are_logged_with_their_names(ran: Builds) -> None:
    done = ran(sh("printf a; sleep 0.1; echo b", id="first one"), sh("echo c; echo d"))
    assert done.out == 'Step #0 - "first one": ab\nStep #1: c\nStep #1: d\n'
    assert done.err.splitlines()[1:4] == [
        'Starting Step #0 - "first one"',
        f'Step #0 - "first one": Already have image: {ran.image}',
        'Finished Step #0 - "first one"',
    ]


def test_a_quiet_run_says_only_what_steps_say_and_what_failed(ran: Builds) -> None:
    done = ran(sh("echo hi"), sh("true"), quiet=True)
    assert (done.out, done.err) == ("Step #0: hi\n", "")
    done = ran(sh("echo hi"), sh("exit 3"), quiet=True)
    assert "step exited with non-zero status: 3" in done.err
    assert "Starting" not in done.err


def test_74_75_workspace_and_home_last_and_the_rest_does_not(ran: Builds) -> None:
    done = ran(
        sh("echo w >f; echo h >~/f; echo r >/mnt/f; ls -a /workspace"),
        sh("cat f ~/f; ls /mnt; echo $PWD", dir="sub"),
        sh("cat /workspace/f; pwd", dir="/tmp/elsewhere"),
        sh("pwd", dir="../x"),
    )
    # `dir` is where relative paths start: the first cat finds nothing in /workspace/sub.
    assert done.statuses == ["SUCCESS"] * 4
    assert "Step #1: h\n" in done.out
    assert "Step #1: /workspace/sub\n" in done.out
    assert "Step #1: w\n" not in done.out
    assert "Step #1: f\n" not in done.out
    assert "Step #2: w\nStep #2: /tmp/elsewhere\n" in done.out
    assert "Step #3: /x\n" in done.out


def test_77_env_of_the_step_wins_over_the_builds(ran: Builds) -> None:
    done = ran(
        sh("echo $X $Y $Z.", env=["X=2", "Y=a=b", "Z="]),
        config={"options": {"env": ["X=1", "Z=z"]}},
    )
    assert done.out == "2 a=b .\n"


def test_73_arguments_pass_no_shell(ran: Builds) -> None:
    done = ran({"args": ["printf", "[%s]", "a b", "*", "&&", "~"]})
    assert done.out == "[a b][*][&&][~]"


def test_an_entrypoint_replaces_the_images(ran: Builds) -> None:
    done = ran({"entrypoint": "echo", "args": ["x"]}, {"entrypoint": "pwd"})
    assert done.out == "Step #0: x\nStep #1: /workspace\n"


def test_32_71_a_script_is_run_by_sh_or_by_its_first_line_unchanged(ran: Builds) -> None:
    done = ran(
        {"script": "echo $0 $_A ${X} $$; false; true", "env": ["X=x"]},
        {"script": "#!/bin/awk -f\nBEGIN { print 6 * 7 }\n"},
        {"script": "#!/bin/cat\nthe text of $_A\n"},
        config={"substitutions": {"_A": "1"}},
    )
    assert done.exit is Exit.DONE
    assert "Step #0: /cloudbuild/script x 1\n" in done.out
    assert "Step #2: the text of $_A\n" in done.out


def test_69_a_script_without_a_first_line_is_no_bash_script(ran: Builds, debian: str) -> None:
    done = ran({"name": debian, "script": "[[ a ]]\n"})
    assert (done.exit, done.statuses) == (Exit.NO, ["FAILURE"])
    assert "[[: not found" in done.out
    done = ran({"name": debian, "script": "#!/usr/bin/env bash\n[[ a ]] && echo bash\n"})
    assert (done.exit, done.out) == (Exit.DONE, "bash\n")


def test_70_a_script_is_run_by_the_interpreter_that_its_first_line_names(
    ran: Builds, toolchain: Callable[[str], str]
) -> None:
    script = "#!/usr/bin/env python3\nimport sys\nprint('python', sys.version_info.major, __file__)\n"
    done = ran({"name": toolchain("python"), "script": script})
    assert (done.exit, done.out) == (Exit.DONE, "python 3 /cloudbuild/script\n")


def test_33_34_mapped_substitutions_are_variables_of_that_step_only(ran: Builds) -> None:
    done = ran(
        {"script": "echo $_A $PROJECT_ID", "automapSubstitutions": True},
        {"script": "echo .$_A"},
        config={"substitutions": {"_A": "1"}},
    )
    assert done.out == "Step #0: 1 local-project\nStep #1: .\n"


def test_79_a_volume_is_shared_at_several_paths_and_starts_empty(ran: Builds) -> None:
    for _ in range(2):
        done = ran(
            sh("ls /a; echo x >/a/f", volumes=[{"name": "vol", "path": "/a"}]),
            sh("cat /b/c/f", volumes=[{"name": "vol", "path": "/b/c"}]),
        )
        assert done.out == "Step #1: x\n"


def test_83_volumes_are_removed_after_a_failure_too(ran: Builds) -> None:
    volume = {"volumes": [{"name": "vol", "path": "/a"}]}
    assert ran(sh("exit 3", **volume), sh("true", **volume)).exit is Exit.NO


def test_96_builder_output_is_kept_up_to_fifty_kilobytes(ran: Builds) -> None:
    done = ran(
        sh("head -c 60000 /dev/zero | tr '\\0' x >$BUILDER_OUTPUT/output"),
        sh("printf failed >$BUILDER_OUTPUT/output; false", allowFailure=True),
        sh("ls $BUILDER_OUTPUT; ln -s /etc/passwd $BUILDER_OUTPUT/output"),
    )
    first, second, third = (step.output for step in done.record.steps)
    assert first == b"x" * 50 * 1024
    assert second == b"failed"
    assert third is None
    assert "Step #2" not in done.out


def test_a_failed_write_of_a_user_who_is_not_root_is_explained(
    ran: Builds, docker_builder: str, tmp_path: Path
) -> None:
    source = tmp_path / "src"
    source.mkdir()
    (source / "Dockerfile").write_text(f"FROM {ran.image}\nUSER 1000\n")
    built = "ctr-ci.test/user"
    done = ran(
        {"name": docker_builder, "args": ["build", "-q", "-t", built, "."]},
        {"name": built, "args": ["cat", "Dockerfile"]},
        {"name": built, "args": ["touch", "new"]},
        source=source,
    )
    remove_images(ran.socket, built)
    assert done.statuses == ["SUCCESS", "SUCCESS", "FAILURE"]
    assert "/workspace belongs to root, as on Cloud Build" in done.err


def test_steps_may_not_gain_privileges(ran: Builds) -> None:
    done = ran(sh("grep NoNewPrivs /proc/self/status; mount -t tmpfs x /mnt 2>&1 || echo refused"))
    assert "NoNewPrivs:\t1" in done.out
    assert done.out.endswith("refused\n")
