"""Git, without what its user has configured."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

# So that the same tree makes the same bytes everywhere.
_PLAIN = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
    "TZ": "UTC",
}


class Repository:
    """A Git repository whose commits all have one author and one date.

    Args:
        folder: Where it is.
        author: Name of the author.
        email: Address of the author.
        date: Date of each commit, with its time zone.
    """

    def __init__(self, folder: Path, author: str, email: str, date: str) -> None:
        self.folder = folder
        own = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        self._variables = {**own, **_PLAIN}
        for role in ("AUTHOR", "COMMITTER"):
            who = {"NAME": author, "EMAIL": email, "DATE": date}
            self._variables |= {f"GIT_{role}_{k}": v for k, v in who.items()}

    def call(self, *arguments: str) -> str:
        """Run a Git command in the repository, and give what it prints.

        Raises:
            subprocess.CalledProcessError: If the command fails.
        """
        return subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=self._variables,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    def begin(self, message: str) -> None:
        """Commit what is in the folder as the first commit."""
        self.call("init", "--quiet", "--initial-branch=main")
        self.call("config", "core.autocrlf", "false")
        self.commit(message)

    def commit(self, message: str) -> None:
        """Commit all that is in the folder, ignored files too."""
        self.call("add", "--all", "--force")
        self.call("commit", "--quiet", f"--message={message}")

    def write_patches(self, folder: Path) -> list[Path]:
        """Write each commit but the first as a patch.

        Args:
            folder: Where the patches go.
        """
        first = self.call("rev-list", "--max-parents=0", "HEAD").strip()
        self.call(
            "format-patch",
            "--quiet",
            f"--output-directory={folder}",
            "--numbered",
            # What depends on Git's version and configuration is left away.
            "--no-signature",
            "--zero-commit",
            "--full-index",
            "--no-renames",
            "--diff-algorithm=histogram",
            f"{first}..HEAD",
        )
        return sorted(folder.iterdir())

    def apply(self, patch: Path) -> None:
        """Apply a patch as a commit.

        Args:
            patch: A file that ``write_patches`` wrote.

        Raises:
            subprocess.CalledProcessError: If it does not apply.
        """
        self.call("am", "--quiet", str(patch.resolve()))


def tracked_files(root: Path) -> list[str]:
    """The files of a working tree, without those that Git ignores.

    Args:
        root: The root of the working tree.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.split("\0")
    return sorted({name for name in listed if name and (root / name).is_file()})
