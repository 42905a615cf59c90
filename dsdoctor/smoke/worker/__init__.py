"""The training job: run by path with the job's own Python, never imported by dsdoctor.

``train.py --plan plan.json`` is started once a rank by the launcher. It writes what it sees to
``rank-<n>.jsonl`` in the run folder and leaves every failure to its traceback.
"""
