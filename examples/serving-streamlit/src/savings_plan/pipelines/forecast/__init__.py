"""Simulates savings with the persisted estimate of the market."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
