"""Fits, evaluates and persists the model."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
