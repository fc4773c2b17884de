"""Tells malignant from benign tumours by the measurements of their cells."""
