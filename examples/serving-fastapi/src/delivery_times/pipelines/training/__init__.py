"""Fits the model on deliveries of the past."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
