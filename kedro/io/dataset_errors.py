"""What goes wrong with datasets and with the names that catalogs give them."""

from __future__ import annotations


class DatasetError(Exception):
    """A dataset cannot be made, loaded, saved, released or looked for."""


class DatasetNotFoundError(DatasetError):
    """A catalog has no dataset of the name that it was asked for."""


class DatasetAlreadyExistsError(DatasetError):
    """A catalog already has a dataset of the name under which one is added."""


class VersionNotFoundError(DatasetError):
    """A versioned dataset is loaded of which nothing was ever saved."""


class VersionAlreadyExistsError(DatasetError):
    """A dataset is added to a catalog that saves under another version."""
