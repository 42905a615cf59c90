"""dsdoctor: find out why a DeepSpeed job died, and keep the next one from dying."""

__version__ = "0.1.0"
