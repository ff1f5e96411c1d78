"""The project's tasks: `nox -l` lists them, `nox` runs what a change must pass."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "codegen_check", "tests"]

ALL_PYTHONS = ["3.11", "3.12", "3.13"]
# Three on two cores: some tests wait, for an outage, for speech or for another program, and others run meanwhile. A
# worker that is done takes tests from the others, so that none is alone for long at the end. Five end a seventh sooner,
# and crowd out the tests that speak and listen in real time.
IN_PARALLEL = ["-n", "3", "--dist", "worksteal"]
# What the tests need of them; what else an extra brings is in the group `test`.
EXTRAS = "identity,local,cli,mcp,audio,otel,server"
CURRENT = "tests/peers/test_conformance.py::test_the_document_is_current"
PYPROJECT = nox.project.load_toml("pyproject.toml")


def found_pythons() -> list[str]:
    """The interpreters of `ALL_PYTHONS` that are here and start; at least the one that runs nox."""
    found = [version for version in ALL_PYTHONS if _starts(f"python{version}")]
    return found or [f"{sys.version_info.major}.{sys.version_info.minor}"]


def _starts(program: str) -> bool:
    # A version manager's shim is on the path for versions that are not switched on; only running it tells.
    path = shutil.which(program)
    if path is None:
        return False
    return subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0


def install(session: nox.Session, *groups: str, extras: str = "") -> None:
    """Install the project with `extras`, and the dependency groups."""
    wanted = nox.project.dependency_groups(PYPROJECT, *groups) if groups else ()
    session.install("-e", f".[{extras}]" if extras else ".", *wanted)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the test suite on the interpreter that runs nox; `-- ARGUMENTS` go to pytest."""
    run_tests(session)


@nox.session(name="tests-all", python=found_pythons())
def tests_all(session: nox.Session) -> None:
    """Run the test suite on every interpreter that is here; `tests-all-3.12` on one of them."""
    run_tests(session)


def run_tests(session: nox.Session) -> None:
    """Run the test suite, or what `-- ARGUMENTS` name of it."""
    install(session, "test", "codegen", extras=EXTRAS)
    install_compiler(session)
    session.run("pytest", *(session.posargs or IN_PARALLEL))


def install_compiler(session: nox.Session) -> None:
    """Install the schema's compiler before the tests do: several at once would install it over each other."""
    if not session.posargs:
        # Where it cannot be fetched, the tests say so.
        session.run("python", "-m", "codegen.schema_build", "--check", success_codes=[0, 1])


@nox.session
@nox.parametrize("version", ["15.0.1", "16.0", "17.1"])
def websockets(session: nox.Session, version: str) -> None:
    """Run the clients' tests with the older supported lines of websockets; `tests` has the newest."""
    install(session, "test", "codegen", extras=EXTRAS)
    session.install(f"websockets=={version}")
    places = ["tests/clients", "tests/network", "tests/mission", "tests/test_wire_table.py"]
    # How a network fails is no matter of versions, and takes its time.
    left_out = "--ignore=tests/network/test_failing_network.py"
    session.run("pytest", *(session.posargs or [*IN_PARALLEL, left_out, *places]))


@nox.session(python=found_pythons()[0])
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest versions that `pyproject.toml` allows: exactly the lower bounds."""
    bounds = lower_bounds()
    # What the groups pin, such as other people's clients and the generator, wants newer versions; it is not installed.
    left_out = {*nox.project.dependency_groups(PYPROJECT, "peers"), *bounds}
    groups = nox.project.dependency_groups(PYPROJECT, "test")
    tools = [wanted for wanted in groups if wanted not in left_out and _name(wanted) not in bounds]
    # The plugin of the anyio that goes with these is older than pytest 9.
    tools += [*SCHEMA_READERS, "pytest<9"]
    constraints = Path(session.create_tmp(), "lowest.txt")
    constraints.write_text("".join(f"{name}=={version}\n" for name, version in bounds.items()), encoding="utf-8")
    extras = ",".join(PYPROJECT["project"]["optional-dependencies"])
    session.install("--constraint", str(constraints), "-e", f".[{extras}]", *tools)
    session.run("python", "-c", CHECK_VERSIONS, *(f"{name}=={version}" for name, version in bounds.items()))
    places = [
        "tests/core",
        "tests/clients",
        "tests/local",
        "tests/mission",
        "tests/testing",
        "tests/test_wire_table.py",
    ]
    session.run("pytest", "-W", OLD_IMPORT, *(session.posargs or ["-n", "2", *places]))


OLD_IMPORT = "ignore:Please use:PendingDeprecationWarning"
"""What the oldest starlette imports has another name now."""

SCHEMA_READERS = ("jinja2", "pyyaml")
"""What the tests read the schema with, in whatever version: the generator, whose text depends on it, is not run."""

CHECK_VERSIONS = """
import sys
from importlib.metadata import version
from packaging.version import Version

wrong = [bound for bound in sys.argv[1:] if Version(version(bound.split("==")[0])) != Version(bound.split("==")[1])]
sys.exit(f"not the lower bounds: {wrong}" if wrong else 0)
"""


def lower_bounds() -> dict[str, str]:
    """The name and the lowest allowed version of every dependency of the package and of its extras."""
    project = PYPROJECT["project"]
    wanted = [
        *project["dependencies"],
        *(entry for extra in project["optional-dependencies"].values() for entry in extra),
    ]
    bounds = {_name(entry): re.search(r">=([\d.]+)", entry) for entry in wanted}
    if without := [name for name, bound in bounds.items() if bound is None]:
        raise ValueError(f"pyproject.toml gives no lower bound for {', '.join(without)}")
    return {name: bound[1] for name, bound in bounds.items() if bound is not None}


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower()


@nox.session
def stress(session: nox.Session) -> None:
    """Run the long stress tests of both clients: hundreds of rounds, thousands of connections, long outages."""
    install(session, "test", "codegen", extras=EXTRAS)
    long = [
        "clients/test_stress.py",
        "clients/test_reconnect_conversation.py",
        "clients/test_conversation_turns.py",
        "clients/test_interrupts.py",
        "clients/test_greenlets.py",
        "codegen/test_apply.py",
        "core/conversation/test_interleavings.py",
        "network/test_failing_network.py",
        "devices/test_echo.py",
        "evaluation/whole_standard_set.py",
    ]
    session.run("pytest", *(session.posargs or [f"tests/{name}" for name in long]), env={"VOICELIVE_STRESS": "1"})


@nox.session
def load(session: nox.Session) -> None:
    """Measure the local service with up to 400 real-time sessions (three minutes), best with nothing else running."""
    install(session, "bench")
    session.run("python", "-m", "benchmarks.load", *session.posargs)


@nox.session
def conformance(session: nox.Session) -> None:
    """Drive the local service with other people's clients, and write `docs/conformance.md` from what comes of it."""
    install(session, "test", "codegen", extras="identity,local,cli")
    session.run(
        "pytest", "tests/peers", "--deselect", CURRENT, *session.posargs, env={"VOICELIVE_CONFORMANCE": "write"}
    )


@nox.session
def deploy(session: nox.Session) -> None:
    """Hold the manifests to the schemas of Kubernetes, 108 MB of them, and carry out the steps of the image."""
    session.install("kubernetes-validate==1.37.*", *nox.project.dependency_groups(PYPROJECT, "package"))
    session.run("kubernetes-validate", "--strict", "examples/deploy/kubernetes.yaml")
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "-m", "build", "--wheel", "--outdir", folder)
        (wheel,) = Path(folder).glob("*.whl")
        session.run("python", "tests/telephony/image_steps.py", str(wheel))


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the test suite and fail unless it covers every branch of `_core`, and 95 % of the rest."""
    install(session, "coverage", "codegen", extras=EXTRAS)
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *(session.posargs or IN_PARALLEL))
    session.run("coverage", "combine", "-q")
    session.run("coverage", "report", "--include=*/voicelive/_core/*", "--fail-under=100")
    session.run("coverage", "report", "--omit=*/voicelive/_core/*,*/voicelive/_generated/*", "--fail-under=95")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style with ruff."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy (strict) and pyright (strict)."""
    install(session, "types", "test", "codegen", extras=EXTRAS)
    session.run("mypy")
    session.run("pyright")


@nox.session
def public_types(session: nox.Session) -> None:
    """Fail unless every type of the public interface is known to those who install the wheel."""
    # Not editable, and with nothing of the tests: what users have. Two classes are users for Locust, with its types.
    session.install(".[load]", *nox.project.dependency_groups(PYPROJECT, "types"))
    # From elsewhere, as the checkout would be found first.
    with tempfile.TemporaryDirectory() as folder:
        session.chdir(folder)
        session.run("pyright", "--verifytypes", "voicelive", "--ignoreexternal")


@nox.session
def package(session: nox.Session) -> None:
    """Build sdist and wheel into `dist/`, check what they say and hold, and run the sdist's own tests from it."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "package", "codegen"))
    # Descriptions that are still placeholders are not fit to be published.
    session.run("python", "-m", "codegen", "--release")
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build")
    # Metadata, and that the package index can show the README.
    session.run("twine", "check", "--strict", *(str(path) for path in Path("dist").iterdir()))
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(next(Path("dist").glob("*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
        (unpacked,) = Path(folder).iterdir()
        check_contents(session, unpacked)
        # From here on nothing of the checkout is read.
        session.chdir(unpacked)
        session.install(f".[{EXTRAS}]", *nox.project.dependency_groups(PYPROJECT, "test", "codegen"))
        install_compiler(session)
        # Those that read files of other folders, or of an installed package.
        places = ["tests/core", "tests/schema", "tests/codegen", "tests/testing", "tests/test_wire_table.py"]
        session.run("pytest", *(session.posargs or [*IN_PARALLEL, *places]))


def check_contents(session: nox.Session, unpacked: Path) -> None:
    """Fail unless the unpacked sdist holds what is under version control, and nothing else."""
    if shutil.which("git") is None or not Path(".git").exists():
        session.warn("not a checkout of git: what the sdist holds is not compared")
        return
    tracked = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True).stdout
    wanted = {*tracked.rstrip("\0").split("\0"), "PKG-INFO"}
    held = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    if held != wanted:
        session.error(f"the sdist lacks {sorted(wanted - held)} and should not have {sorted(held - wanted)}")


@nox.session
def schema(session: nox.Session) -> None:
    """Compile the TypeSpec schema into `schema/openapi/`; `-- --check` only compares."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "schema"))
    session.run("python", "-m", "codegen.schema_build", *session.posargs)


@nox.session
def codegen(session: nox.Session) -> None:
    """Generate `src/voicelive/_generated` from the schema; `-- --compile` compiles the schema first."""
    install(session, "codegen", "schema")
    session.run("python", "-m", "codegen", *session.posargs)


@nox.session
def codegen_check(session: nox.Session) -> None:
    """Fail where schema and generated code have drifted apart."""
    install(session, "codegen")
    session.run("python", "-m", "codegen", "--check")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into `site/`; any warning fails. `-- serve` shows it while it is written."""
    install(session, "docs", "codegen")
    # Material's notice about the next major version of mkdocs, which the pins leave out.
    environment = {"NO_MKDOCS_2_WARNING": "1"}
    session.run("python", "-m", "mkdocs", *(session.posargs or ["build", "--strict"]), env=environment)


@nox.session
def talk(session: nox.Session) -> None:
    """Hold spoken conversations with the local service: the main job, as a user would run it."""
    install(session, extras="audio,local,cli")
    with tempfile.TemporaryDirectory() as folder:
        reply = Path(folder, "reply.wav")
        arguments = session.posargs or ["--wav", "examples/audio/largest_lake.wav", "--save", str(reply)]
        session.run("voicelive", "talk", *arguments)
    if not session.posargs:
        # By microphone and loudspeaker, on the virtual devices of the tests.
        session.install("pytest")
        session.run("python", "-m", "tests.devices.live_talk")


@nox.session
def screenshot(session: nox.Session) -> None:
    """Take the documentation's pictures of pages and reports anew, in Chromium, of real conversations."""
    install(session, "test", extras="local")
    session.run("python", "-m", "tests.page.screenshot")
    session.run("python", "-m", "tests.report.screenshot")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what the typed layer costs beside its peers (under 15 minutes); `-- --quick` in under two, roughly."""
    install(session, "bench")
    session.run("python", "-m", "benchmarks", *session.posargs)
