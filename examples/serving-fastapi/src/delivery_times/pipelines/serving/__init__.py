"""Answers requests with the persisted model."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
