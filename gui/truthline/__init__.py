"""Truthline: a desktop app that labels images for Amazon Rekognition Custom Labels."""

__version__ = "0.1.0"
