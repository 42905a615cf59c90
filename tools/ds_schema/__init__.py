"""Writes what one DeepSpeed version knows: ``python -m tools.ds_schema`` with it installed.

It needs DeepSpeed and the standard library only, so that any environment can run it. The pydantic
models are walked; the rest is found by handing ``DeepSpeedConfig`` dictionaries that note which
keys it asks for, and values that it may refuse. ``facts.py`` holds what neither can tell.
"""
