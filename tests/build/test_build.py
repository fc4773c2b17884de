"""What an installed tree is: every file of the release, with the tree's on top."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASE = "kedro==1.7.0"
RECORDED = json.loads((ROOT / "upstream.json").read_text(encoding="utf-8"))["sha256"]
OWNED = next(iter(RECORDED))
UV = (sys.executable, "-m", "uv")
Files = dict[str, bytes]


@pytest.fixture(scope="module", autouse=True)
def no_telemetry() -> Iterator[None]:
    """Keep kedro-telemetry off, also where the tests run without make."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DO_NOT_TRACK", "1")
        yield


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command that has to succeed, and return what it printed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fail(*command: str | Path, cwd: Path) -> str:
    """Run a command that has to fail, and return what it printed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode != 0, done.stdout
    return done.stdout + done.stderr


def python_with(folder: Path, *packages: str) -> Path:
    """Make a virtual environment that holds ``packages``, and return its Python."""
    python = folder / "bin" / "python"
    run(*UV, "venv", "--seed", "--python", sys.executable, folder)
    run(*UV, "pip", "install", "--python", python, *packages)
    return python


def copy_tree(target: Path) -> Path:
    """Copy the tree, so that a build neither sees nor leaves anything in this one."""
    left_out = shutil.ignore_patterns(".git", ".venv", "build", "dist", "__pycache__")
    return Path(shutil.copytree(ROOT, target, ignore=left_out))


def read_folder(folder: Path) -> Files:
    """Read the files of a package, by name."""
    return {
        path.relative_to(folder.parent).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def read_wheel(path: Path) -> Files:
    """Read the files of a wheel, by name."""
    with ZipFile(path) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The package as kedro 1.7.0 ships it."""
    folder = tmp_path_factory.mktemp("release")
    pip = [sys.executable, "-m", "pip"]
    run(*pip, "download", "--quiet", "--no-deps", "--dest", folder, BASE)
    files = read_wheel(next(folder.glob("*.whl")))
    return {name: files[name] for name in files if name.startswith("kedro/")}


@pytest.fixture(scope="module")
def expected(release: Files) -> Files:
    """The package as this tree has to ship it."""
    return release | read_folder(ROOT / "kedro")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel as a publisher makes it: by way of the sdist, in isolation."""
    folder = tmp_path_factory.mktemp("dist")
    tree = copy_tree(folder / "tree")
    run(sys.executable, "-m", "build", "--outdir", folder, tree)
    assert len(list(folder.glob("kedro-1.7.0+reentrant.*.tar.gz"))) == 1
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of a ready build environment, which spares each broken tree its own."""
    return python_with(tmp_path_factory.mktemp("builder"), "hatchling", BASE)


@pytest.fixture(scope="module")
def project_python(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """Python of a project's environment, where plugins came with the wheel."""
    folder = tmp_path_factory.mktemp("project")
    return python_with(folder, str(wheel), "kedro-datasets", "kedro-telemetry")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tree that a test may break."""
    return copy_tree(tmp_path / "tree")


class TestWheel:
    def test_package_is_release_with_tree_on_top(
        self, wheel: Path, expected: Files
    ) -> None:
        files = read_wheel(wheel)
        package = {name: files[name] for name in files if name.startswith("kedro/")}
        assert package.keys() == expected.keys()
        assert package == expected

    def test_holds_nothing_beside_package_and_metadata(self, wheel: Path) -> None:
        tops = {name.split("/")[0].split("-")[0] for name in read_wheel(wheel)}
        assert tops == {"kedro"}

    def test_metadata(self, wheel: Path) -> None:
        files = read_wheel(wheel)
        [text] = [files[name] for name in files if name.endswith("/METADATA")]
        metadata = message_from_bytes(text)
        assert metadata["Name"] == "kedro"
        assert metadata["Version"].startswith("1.7.0+reentrant.")
        assert metadata["License-Expression"] == "Apache-2.0"
        assert metadata.get_all("License-File") == ["LICENSE", "NOTICE"]

    def test_carries_licence_and_notice(self, wheel: Path) -> None:
        files = read_wheel(wheel)
        for name in ("LICENSE", "NOTICE"):
            [text] = [files[f] for f in files if f.endswith(f"/licenses/{name}")]
            assert text == (ROOT / name).read_bytes()


def test_every_owned_module_is_recorded(release: Files) -> None:
    owned = release.keys() & read_folder(ROOT / "kedro").keys()
    hashes = {name: hashlib.sha256(release[name]).hexdigest() for name in owned}
    assert hashes == RECORDED


class TestInstall:
    def test_project_with_plugins_works(self, project_python: Path) -> None:
        run(project_python, "-m", "pip", "check")
        run(project_python, "-c", "import kedro.framework.session")
        assert "kedro_telemetry" in run(project_python.parent / "kedro", "info")

    @pytest.mark.parametrize(
        "command",
        [
            ["{python}", "-m", "pip", "install", "{tree}"],
            ["{python}", "-m", "pip", "install", "--editable", "{tree}"],
            [*UV, "pip", "install", "--python", "{python}", "{tree}"],
            [*UV, "pip", "install", "--python", "{python}", "--editable", "{tree}"],
        ],
        ids=["pip", "pip-editable", "uv", "uv-editable"],
    )
    def test_source_tree_installs_complete(
        self, command: list[str], project_python: Path, tree: Path, expected: Files
    ) -> None:
        run(*(part.format(python=project_python, tree=tree) for part in command))
        # Python starts in a checkout here, which must not shadow what is installed.
        find = "import kedro; print(kedro.__file__)"
        package = Path(run(project_python, "-c", find, cwd=tree).strip()).parent
        assert read_folder(package) == expected
        run(project_python, "-m", "pip", "check")
        run(project_python.parent / "kedro", "info")


class TestEditableFolder:
    @pytest.fixture
    def merge(self, builder: Path, tree: Path) -> Callable[[], Path]:
        def build() -> Path:
            run(builder, "-m", "hatchling", "build", "-t", "wheel:editable", cwd=tree)
            return tree / "build" / "editable"

        return build

    def test_edits_show_at_once(self, merge: Callable[[], Path], tree: Path) -> None:
        folder = merge()
        (tree / OWNED).write_text("edited = True\n", encoding="utf-8")
        assert (folder / OWNED).read_text(encoding="utf-8") == "edited = True\n"

    def test_new_build_follows_the_list_of_files(
        self, merge: Callable[[], Path], tree: Path, release: Files
    ) -> None:
        (tree / "kedro" / "io" / "passing.py").touch()
        folder = merge()
        assert (folder / "kedro" / "io" / "passing.py").is_symlink()

        (tree / "kedro" / "io" / "passing.py").unlink()
        merge()
        assert not (folder / "kedro" / "io" / "passing.py").is_symlink()
        assert release.keys() <= read_folder(folder / "kedro").keys()


class TestBuildErrors:
    """A tree that does not fit the release builds no wheel, and says what to do."""

    @staticmethod
    def build(python: Path, tree: Path) -> str:
        message = fail(python, "-m", "hatchling", "build", "-t", "wheel", cwd=tree)
        assert not list(tree.glob("dist/*.whl"))
        return message

    @staticmethod
    def record(tree: Path, name: str, digest: str | None) -> None:
        path = tree / "upstream.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        if digest is None:
            del content["sha256"][name]
        else:
            content["sha256"][name] = digest
        path.write_text(json.dumps(content), encoding="utf-8")

    def test_module_deleted_upstream(self, builder: Path, tree: Path) -> None:
        (tree / "kedro" / "io" / "gone.py").touch()
        self.record(tree, "kedro/io/gone.py", "0" * 64)
        message = self.build(builder, tree)
        assert "kedro/io/gone.py is recorded" in message
        assert "deleted or renamed upstream" in message

    def test_module_without_hash(self, builder: Path, tree: Path) -> None:
        self.record(tree, OWNED, None)
        message = self.build(builder, tree)
        assert f"{OWNED} stands in for a file of the release" in message
        assert "run `make record`" in message

    def test_module_changed_upstream(self, builder: Path, tree: Path) -> None:
        self.record(tree, OWNED, "0" * 64)
        message = self.build(builder, tree)
        assert f"{OWNED} was written against another version" in message

    def test_module_deleted_here(self, builder: Path, tree: Path) -> None:
        (tree / OWNED).unlink()
        message = self.build(builder, tree)
        assert f"{OWNED} is recorded in upstream.json" in message
        assert "restore it" in message

    def test_root_init(self, builder: Path, tree: Path) -> None:
        (tree / "kedro" / "__init__.py").touch()
        assert "checkout shadow the installed package" in self.build(builder, tree)

    def test_every_problem_is_named_at_once(self, builder: Path, tree: Path) -> None:
        self.record(tree, "kedro/io/gone.py", "0" * 64)
        self.record(tree, OWNED, "0" * 64)
        message = self.build(builder, tree)
        assert "kedro/io/gone.py" in message
        assert OWNED in message

    def test_no_release(self, tmp_path: Path, tree: Path) -> None:
        bare = python_with(tmp_path / "bare", "hatchling")
        message = self.build(bare, tree)
        assert "kedro is not installed in the build environment" in message
        assert BASE in message

    def test_fork_in_place_of_release(
        self, tmp_path: Path, tree: Path, wheel: Path
    ) -> None:
        forked = python_with(tmp_path / "forked", "hatchling")
        run(*UV, "pip", "install", "--no-deps", "--python", forked, wheel)
        message = self.build(forked, tree)
        assert "The build environment has kedro 1.7.0+reentrant." in message
        assert BASE in message

    def test_pip_shows_the_message(self, builder: Path, tree: Path) -> None:
        self.record(tree, OWNED, "0" * 64)
        pip = (builder, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation")
        message = fail(*pip, tree, cwd=tree)
        assert f"{OWNED} was written against another version" in message
