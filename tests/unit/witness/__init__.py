"""The pieces of ``dsdoctor run``."""
