"""The judge: a process that imports DeepSpeed once and says what it makes of each configuration.

It runs under any Python that has DeepSpeed, also an old one, so nothing here imports dsdoctor:

    DS_ACCELERATOR=cpu python -m tests.differential.judge

Questions come as JSON lines on standard input, answers leave as JSON lines on standard output.
"""
